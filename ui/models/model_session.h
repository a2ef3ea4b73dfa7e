// SPDX-License-Identifier: GPL-3.0-or-later
// One model of the project as a person works with it: what it is, what it scored, and what it says. UI thread only; files and
// arithmetic are read and done in jobs.
#pragma once
#include <QObject>
#include <QString>
#include <QStringList>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/model_library.h"
#include "engine/train/classify.h"

namespace dsw {

class ProjectActions;
class ProjectData;
class QueryRunner;
class Workspace;

/// Where data for an evaluation comes from.
struct ModelData {
  enum class Kind { Own, Experiment, File } kind = Kind::Own;
  QString id;     ///< of the experiment, or the path
  QString label;  ///< "its own: tinyshakespeare"
};

struct GenerateAsk {
  QString prompt;
  qint64 tokens = 200, texts = 1, topK = 0;
  double temperature = 0.8, topP = 1, repetitionPenalty = 1;
  quint64 seed = 1;
};

class ModelSession : public QObject {
  Q_OBJECT
 public:
  /// `id` of a model or of a run. load() begins to read.
  ModelSession(Workspace& workspace, QueryRunner& queries, ProjectActions& actions, const QString& id, QObject* parent = nullptr);
  ~ModelSession() override;  ///< stops its job

  /// `checkpoint`: "last", "best" or a step; of imported models it says nothing.
  void load(const QString& checkpoint);
  bool isLoaded() const { return facts_ != nullptr; }
  const ProjectModel& model() const { return model_; }
  const ModelFacts& facts() const { return *facts_; }  ///< where isLoaded()
  const std::vector<EvaluationRow>& evaluations() const { return evaluations_; }
  const std::vector<CheckpointRow>& checkpoints() const { return checkpoints_; }  ///< of a run, oldest first, those whose file is there
  bool writesText() const { return isLoaded() && facts_->input.kind == InputSpec::Kind::Tokens; }
  /// Why it cannot write text or classify; empty: it can.
  QString reasonNotToTry() const;
  /// Its own data first where it is known, then those of the project's experiments of the same kind.
  std::vector<ModelData> dataChoices(const ProjectData& project) const;

  // One job at a time: the next one waits until busy() is false.
  bool busy() const { return job_ != 0; }
  const QString& busyWith() const { return busyWith_; }
  void generate(const GenerateAsk& ask);
  void classifyText(const QString& text);
  void classifyExamples(const ModelData& data, const QString& part, qint64 page);
  void evaluate(const ModelData& data, const QString& part);
  void stop();

 signals:
  void changed();  ///< model, facts or checkpoints
  void evaluationsChanged();
  void busyChanged();
  void failed(const Error& error);           ///< reading the model
  void workFailed(const Error& error);       ///< a job; a stopped one gives none
  void textCame(const QString& text);        ///< a piece of what is generated
  void textsCame(const QStringList& texts);  ///< where several were asked for: all of them, at the end
  void generated(qint64 tokens, double seconds, bool stopped);
  void textClassified(const std::vector<ClassScore>& scores);
  void examplesClassified(const ClassifiedPage& page);
  void evaluated(const EvaluationRow& row);

 private:
  struct Weights;
  template <class T>
  void start(const QString& title, std::function<Result<T>(Weights&, std::stop_token)> work, std::function<void(Result<T>)> done);
  void readFacts();
  void readEvaluations();

  Workspace& workspace_;
  QueryRunner& queries_;
  ProjectActions& actions_;
  QString id_;
  ProjectModel model_;
  std::shared_ptr<ModelFacts> facts_;
  std::vector<EvaluationRow> evaluations_;
  std::vector<CheckpointRow> checkpoints_;
  std::shared_ptr<Weights> weights_;
  qint64 job_ = 0;
  QString busyWith_;
  quint64 reading_ = 0;
};

}  // namespace dsw
