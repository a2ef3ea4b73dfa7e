// SPDX-License-Identifier: GPL-3.0-or-later
// Questions to the open project, answered on one thread that has its own read-only connection.
#pragma once
#include <QObject>
#include <QPointer>
#include <QString>
#include <any>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "engine/core/result.h"

namespace dsw {

class ProjectReader;

/// Used from the UI thread. A question runs on the query thread with a ProjectReader; its answer is called on the UI thread, unless
/// the asker is gone, the question was cancelled or overtaken, or another project was opened meanwhile. Exceptions become errors.
///
///   queries.ask<RunRow>(this, [id](ProjectReader& r) { return r.run(id); }, [this](Result<RunRow> row) { … });
///   queries.askLatest<Curve>(this, "curve", question, answer);   // only the newest of this asker and channel is answered
class QueryRunner : public QObject {
  Q_OBJECT
 public:
  /// `open` makes the reader on the query thread; the default opens the file. Tests give a fake.
  using Open = std::function<Result<std::unique_ptr<ProjectReader>>(const std::filesystem::path&)>;
  explicit QueryRunner(QObject* parent = nullptr, Open open = {});
  ~QueryRunner() override;  ///< waits for the running question only

  /// Opens a project for the questions that follow; empty: closes. Older questions are dropped. A failed open is the answer of each
  /// question.
  void setProject(const std::filesystem::path& path);
  const std::filesystem::path& project() const { return path_; }

  template <class T>
  quint64 ask(QObject* asker, std::function<Result<T>(ProjectReader&)> question, std::function<void(Result<T>)> answer) {
    return enqueue(asker, {}, erase<T>(std::move(question)), erase<T>(std::move(answer)));
  }
  template <class T>
  quint64 askLatest(QObject* asker, const QString& channel, std::function<Result<T>(ProjectReader&)> question,
                    std::function<void(Result<T>)> answer) {
    return enqueue(asker, channel, erase<T>(std::move(question)), erase<T>(std::move(answer)));
  }
  /// Its answer will not come.
  void cancel(quint64 id);
  /// Questions that are waiting, running or not yet answered.
  int pending() const;

 private:
  using Question = std::function<std::any(ProjectReader*, const Error*)>;  ///< null reader: give this error
  using Answer = std::function<void(std::any&)>;
  template <class T>
  static Question erase(std::function<Result<T>(ProjectReader&)> question) {
    return [question = std::move(question)](ProjectReader* reader, const Error* error) -> std::any {
      if (!reader) return std::make_shared<Result<T>>(fail(*error));
      try {
        return std::make_shared<Result<T>>(question(*reader));
      } catch (const Error& thrown) {
        return std::make_shared<Result<T>>(fail(thrown));
      } catch (const std::exception& thrown) {
        return std::make_shared<Result<T>>(fail(ErrorCode::Internal, thrown.what()));
      }
    };
  }
  template <class T>
  static Answer erase(std::function<void(Result<T>)> answer) {
    return [answer = std::move(answer)](std::any& value) { answer(std::move(*std::any_cast<std::shared_ptr<Result<T>>&>(value))); };
  }

  struct Request {
    quint64 id = 0;
    quint64 generation = 0;       ///< of the project
    QObject* askerKey = nullptr;  ///< compared only, never followed
    QPointer<QObject> asker;      ///< UI thread only
    QString channel;
    Question question;
    Answer answer;
  };
  quint64 enqueue(QObject* asker, const QString& channel, Question question, Answer answer);
  void loop();
  void deliver(const std::shared_ptr<Request>& request, std::any value);

  Open open_;
  std::filesystem::path path_;                              // UI thread
  std::map<std::pair<QObject*, QString>, quint64> newest_;  // UI thread: newest question of a channel
  std::set<quint64> alive_;                                 // UI thread: asked and not yet answered
  quint64 lastId_ = 0, generation_ = 0;                     // UI thread

  mutable std::mutex mutex_;  // guards queue_, wanted_, wantedGeneration_, quit_
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Request>> queue_;
  std::filesystem::path wanted_;
  quint64 wantedGeneration_ = 0;
  bool quit_ = false;
  std::thread thread_;
};

}  // namespace dsw
