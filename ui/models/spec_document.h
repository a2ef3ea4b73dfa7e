// SPDX-License-Identifier: GPL-3.0-or-later
// An experiment document while a person edits it: one text, seen as JSON text and as a form, with one undo stack over both.
// UI thread only; what needs files or more than a moment is computed on a pool thread and arrives by signal.
#pragma once
#include <QObject>
#include <QString>
#include <QTimer>
#include <QUndoStack>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <unordered_map>
#include <vector>

#include "engine/run/experiment.h"
#include "engine/run/task.h"
#include "ui/models/json_splice.h"

namespace dsw {

class DatasetCache;

class SpecDocument : public QObject {
  Q_OBJECT
 public:
  /// Both outlive the document. `data` answers what a data source holds.
  SpecDocument(const Catalog& catalog, DatasetCache& data, QObject* parent = nullptr);
  ~SpecDocument() override;

  /// Takes a text as it is, with an empty undo stack. `base`: what relative paths are relative to.
  void load(const QString& text, const std::filesystem::path& base);
  /// Files that an imported document names and that nobody has agreed to yet: while there are any, data are not looked at. Before load().
  void setOutsideFiles(std::vector<std::string> files);
  const std::vector<std::string>& outsideFiles() const { return outside_files_; }
  const QString& text() const { return text_; }
  const std::filesystem::path& base() const { return base_; }
  /// The last text that could be parsed; `parses` says whether that is the present one.
  const Json& json() const { return *json_; }
  bool parses() const { return parse_error_.isEmpty(); }
  QString parseError() const { return parse_error_; }
  int parseErrorAt() const { return parse_error_at_; }  ///< position in the text, -1 without an error
  QUndoStack& undoStack() { return undo_; }
  /// Schema of the present task; one without parameters before the first text that parses.
  const ParamSchema& schema() const { return schema_; }
  Json resolved() const;  ///< with every default filled in

  // Edits. Each is one step of the undo stack; steps with the same `merge` key join until endMerge().
  /// From the text view: `removed` characters at `at` become `inserted`; the view has done it already.
  void textTyped(int at, int removed, const QString& inserted);
  void replaceText(const QString& text, const QString& label);
  /// Sets, adds, removes or renames a key, changing no other character of the text. `value` is JSON text. No effect while the text does not
  /// parse.
  void setValue(const QString& pointer, const QString& value, const QString& label);
  void removeKey(const QString& pointer, const QString& label);
  /// The whole document as a value: one step that changes no more of the text than it must. Steps with the same `merge` join.
  void setJson(Json value, const QString& label, const QString& merge = {});
  void applyFix(const Fix& fix);
  void endMerge() { ++merge_session_; }

  // Places: where a pointer's value stands in the text, and which pointer a position belongs to.
  using Place = JsonPlace;
  std::optional<Place> place(const QString& pointer) const;
  QString pointerAt(int position) const;

  /// Everything that is wrong, schema and task; the text's own error alone while it does not parse.
  const std::vector<Problem>& problems() const { return problems_; }
  int errorCount() const;
  /// True while the pool still looks at the present text: data files, costs.
  bool checking() const { return checked_version_ != version_; }
  /// Looks at the data again where they have a problem: a file may be there now.
  void filesMayHaveChanged();
  /// Costs of the last text that could be estimated; null before.
  const Estimate* estimate() const { return estimate_.get(); }
  bool estimateIsCurrent() const { return estimate_ && estimate_version_ == version_; }
  /// Facts of the data source: {"characters": …}; null before they are known.
  const Json& dataFacts() const { return *data_facts_; }

 signals:
  /// A piece of the text changed: the text view repeats it unless it made it (`fromTextView`).
  void textChanged(int at, int removed, const QString& inserted, bool fromTextView);
  void changed();  ///< text, json or schema
  void problemsChanged();
  void estimateChanged();

 private:
  friend class SpecEditCommand;
  struct Mailbox;
  void splice(int at, int removed, const QString& inserted, bool fromTextView);
  void push(int at, int removed, const QString& inserted, const QString& label, const QString& merge, bool done);
  void reparse();
  void checkSoon();
  void startCheck();
  void receive(quint64 version, std::vector<Problem> problems, std::shared_ptr<Estimate> estimate, std::shared_ptr<Json> facts);
  int indentOf(int position) const;

  const Catalog& catalog_;
  DatasetCache& data_;
  QUndoStack undo_;
  QString text_;
  std::filesystem::path base_;
  std::vector<std::string> outside_files_;
  std::unique_ptr<Json> json_, data_facts_;
  std::unique_ptr<Json> coming_;  ///< what the next text says, where that is known: it is not parsed again
  QString parse_error_;
  int parse_error_at_ = -1;
  std::string schema_task_;
  ParamSchema schema_;
  std::vector<std::pair<std::string, Place>> places_;
  std::unordered_map<std::string, std::size_t> place_index_;
  std::vector<Problem> problems_;
  std::shared_ptr<Estimate> estimate_;
  quint64 version_ = 0, checked_version_ = 0, estimate_version_ = 0, merge_session_ = 0;
  bool checking_now_ = false;
  std::stop_source check_stop_;        ///< of the check that goes on
  std::unique_ptr<Json> check_reads_;  ///< the data that it reads: [section, seed, base]; null: none
  QTimer check_timer_;
  std::shared_ptr<Mailbox> mailbox_;
};

}  // namespace dsw
