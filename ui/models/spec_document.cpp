// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/spec_document.h"

#include <QMetaObject>
#include <QRegularExpression>

#include <QUndoCommand>
#include <mutex>
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/data/dataset.h"
#include "engine/data/dataset_cache.h"
#include "engine/run/document_scan.h"
#include "ui/models/work_pool.h"

namespace dsw {

/// One replaced piece of text. Undo and redo are the same splice in two directions.
class SpecEditCommand : public QUndoCommand {
 public:
  SpecEditCommand(SpecDocument& document, int at, QString removed, QString inserted, const QString& label, QString merge, quint64 session,
                  bool done)
      : document_(document),
        at_(at),
        removed_(std::move(removed)),
        inserted_(std::move(inserted)),
        merge_(std::move(merge)),
        session_(session),
        done_(done) {
    setText(label);
  }
  void undo() override { document_.splice(at_, static_cast<int>(inserted_.size()), removed_, false); }
  void redo() override {
    document_.splice(at_, static_cast<int>(removed_.size()), inserted_, done_);
    done_ = false;
  }
  int id() const override { return 1; }
  bool mergeWith(const QUndoCommand* other) override {
    const auto* next = static_cast<const SpecEditCommand*>(other);
    if (merge_.isEmpty() || merge_ != next->merge_ || session_ != next->session_) return false;
    const int begin = at_, end = at_ + static_cast<int>(inserted_.size());
    const int next_end = next->at_ + static_cast<int>(next->removed_.size());
    if (next->at_ < begin || next_end > end) {  // a backspace before the piece, or typing on at its end
      if (next->at_ == end) {
        removed_ += next->removed_;
        inserted_ += next->inserted_;
      } else if (next_end == begin && next->inserted_.isEmpty()) {
        at_ = next->at_;
        removed_ = next->removed_ + removed_;
      } else {
        return false;
      }
    } else {
      inserted_.replace(next->at_ - at_, next->removed_.size(), next->inserted_);
    }
    setText(next->text());
    setObsolete(inserted_ == removed_);
    return true;
  }

 private:
  SpecDocument& document_;
  int at_;
  QString removed_, inserted_, merge_;
  quint64 session_;
  bool done_;
};

/// Where a pool thread leaves its answer. The document empties it at its end, so a late answer finds nobody.
struct SpecDocument::Mailbox {
  std::mutex mutex;  // guards document
  SpecDocument* document = nullptr;
};

namespace {
constexpr int kCheckDelayMs = 150;

/// Byte offsets of UTF-8 text → positions of a QString.
class Positions {
 public:
  explicit Positions(const std::string& utf8) {
    bool ascii = true;
    for (const char c : utf8) ascii = ascii && static_cast<unsigned char>(c) < 0x80;
    if (ascii) return;
    at_.reserve(utf8.size() + 1);
    int position = 0;
    for (const char c : utf8) {
      const auto byte = static_cast<unsigned char>(c);
      at_.push_back(position);
      if ((byte & 0xC0) != 0x80) position += byte >= 0xF0 ? 2 : 1;
    }
    at_.push_back(position);
  }
  int of(std::size_t byte) const { return at_.empty() ? static_cast<int>(byte) : at_[std::min(byte, at_.size() - 1)]; }

 private:
  std::vector<int> at_;
};

QString parentOf(const QString& pointer) { return pointer.left(std::max<qsizetype>(0, pointer.lastIndexOf('/'))); }
QString keyOf(const QString& pointer) { return pointer.mid(pointer.lastIndexOf('/') + 1).replace("~1", "/").replace("~0", "~"); }
QString quoted(const QString& key) { return QString::fromStdString(Json(key.toStdString()).dump()); }
}  // namespace

SpecDocument::SpecDocument(const Catalog& catalog, DatasetCache& data, QObject* parent)
    : QObject(parent),
      catalog_(catalog),
      data_(data),
      json_(std::make_unique<Json>(Json::object())),
      data_facts_(std::make_unique<Json>()),
      mailbox_(std::make_shared<Mailbox>()) {
  mailbox_->document = this;
  check_timer_.setSingleShot(true);
  check_timer_.setInterval(kCheckDelayMs);
  connect(&check_timer_, &QTimer::timeout, this, &SpecDocument::startCheck);
}

SpecDocument::~SpecDocument() {
  undo_.disconnect();  // it says at its end that it is empty, to views that would then read a document half gone
  check_stop_.request_stop();
  const std::lock_guard lock(mailbox_->mutex);
  mailbox_->document = nullptr;
}

void SpecDocument::load(const QString& text, const std::filesystem::path& base) {
  base_ = base;
  estimate_.reset();
  splice(0, static_cast<int>(text_.size()), text, false);
  undo_.clear();
}

void SpecDocument::setOutsideFiles(std::vector<std::string> files) {
  if (outside_files_ == files) return;
  outside_files_ = std::move(files);
  ++version_;  // what is being looked at now was asked under another permission
  if (!text_.isEmpty()) checkSoon();
}

Json SpecDocument::resolved() const { return with_defaults(schema_, *json_); }

void SpecDocument::splice(int at, int removed, const QString& inserted, bool fromTextView) {
  text_.replace(at, removed, inserted);
  reparse();
  emit textChanged(at, removed, inserted, fromTextView);
  emit changed();
  emit problemsChanged();
  checkSoon();
}

void SpecDocument::push(int at, int removed, const QString& inserted, const QString& label, const QString& merge, bool done) {
  const QString before = text_.mid(at, removed);
  if (before == inserted) return;
  undo_.push(new SpecEditCommand(*this, at, before, inserted, label, merge, merge_session_, done));
}

void SpecDocument::reparse() {
  ++version_;
  const std::string utf8 = text_.toStdString();
  const Positions positions(utf8);
  places_.clear();
  place_index_.clear();
  problems_.clear();
  auto parsed = coming_ && utf8.size() <= kMaxDocumentBytes ? Result<Json>(std::move(*coming_)) : parse_document(utf8);
  coming_.reset();
  auto places = parsed ? document_places(utf8) : Result<std::vector<TextPlace>>(fail(parsed.error()));
  if (!parsed || !places) {
    const Error& error = parsed ? places.error() : parsed.error();
    parse_error_ = QString::fromStdString(error.message);
    // The place reads "line 12, column 14".
    static const QRegularExpression kLineColumn(QStringLiteral("line (\\d+), column (\\d+)"));
    const auto match = kLineColumn.match(QString::fromStdString(error.where + " " + error.message));
    parse_error_at_ = 0;
    if (match.hasMatch()) {
      int at = 0;
      for (int line = match.captured(1).toInt(); line > 1; --line) at = static_cast<int>(text_.indexOf('\n', at)) + 1;
      parse_error_at_ = std::min(static_cast<int>(text_.size()), at + match.captured(2).toInt() - 1);
    }
    problems_.push_back({"", error.message, {}, false});
    return;
  }
  parse_error_.clear();
  parse_error_at_ = -1;
  *json_ = std::move(*parsed);
  for (const TextPlace& p : *places)
    places_.emplace_back(p.pointer,
                         Place{positions.of(p.key_begin), positions.of(p.key_end), positions.of(p.value_begin), positions.of(p.value_end)});
  for (std::size_t i = 0; i < places_.size(); ++i) place_index_.emplace(places_[i].first, i);
  std::string task = "train";
  if (json_->is_object() && json_->contains("task") && (*json_)["task"].is_string()) task = (*json_)["task"].get<std::string>();
  if (task != schema_task_ || schema_.params.empty()) {
    if (auto schema = document_schema(catalog_, task)) {
      schema_ = std::move(*schema);
      schema_task_ = task;
    }
  }
  problems_ = check_params(schema_, *json_);
}

void SpecDocument::textTyped(int at, int removed, const QString& inserted) {
  const bool piece = inserted.size() > 1 || removed > 1;  // a paste or cut is a step of its own
  if (piece) endMerge();
  push(at, removed, inserted, tr("Edit text"), QStringLiteral("text"), true);
  if (piece || inserted == QLatin1String("\n")) endMerge();
}

void SpecDocument::replaceText(const QString& text, const QString& label) {
  push(0, static_cast<int>(text_.size()), text, label, {}, false);
}

int SpecDocument::indentOf(int position) const {
  const int line = static_cast<int>(text_.lastIndexOf('\n', std::max(0, position - 1))) + 1;
  int indent = 0;
  while (line + indent < text_.size() && text_[line + indent] == ' ') ++indent;
  return indent;
}

void SpecDocument::setValue(const QString& pointer, const QString& value, const QString& label) {
  if (!parses()) return;
  if (const auto at = place(pointer)) {
    push(at->valueBegin, at->valueEnd - at->valueBegin, value, label, pointer, false);
    return;
  }
  // Not there yet: into its object, which is made first where it is missing too.
  const QString parent = parentOf(pointer);
  const auto object = place(parent);
  const QString member = quoted(keyOf(pointer)) + ": " + value;
  if (!object) {
    if (!pointer.isEmpty()) setValue(parent, "{" + member + "}", label);
    return;
  }
  const Json::json_pointer at(parent.toStdString());
  const Json& container = json_->at(at);
  if (!container.is_object()) {  // a short form: "char" becomes {"type": "char", …}
    push(object->valueBegin, object->valueEnd - object->valueBegin,
         "{\"type\": " + text_.mid(object->valueBegin, object->valueEnd - object->valueBegin) + ", " + member + "}", label, pointer, false);
    return;
  }
  const int close = object->valueEnd - 1;
  if (container.empty()) {
    push(object->valueBegin, object->valueEnd - object->valueBegin, "{" + member + "}", label, pointer, false);
    return;
  }
  int end = close;  // behind the last member's value
  while (end > object->valueBegin && text_[end - 1].isSpace()) --end;
  const bool lines = text_.mid(object->valueBegin, close - object->valueBegin).contains('\n') && text_.mid(end, close - end).contains('\n');
  push(end, 0, lines ? ",\n" + QString(indentOf(end), ' ') + member : ", " + member, label, pointer, false);
}

void SpecDocument::removeKey(const QString& pointer, const QString& label) {
  const auto at = place(pointer);
  if (!parses() || !at) return;
  int begin = at->keyBegin, end = at->valueEnd;
  int next = end;
  while (next < text_.size() && text_[next].isSpace()) ++next;
  if (next < text_.size() && text_[next] == ',') {  // up to the next member
    end = next + 1;
    while (end < text_.size() && text_[end].isSpace()) ++end;
  } else {  // the last member: from the comma before it
    int before = begin;
    while (before > 0 && text_[before - 1].isSpace()) --before;
    if (before > 0 && text_[before - 1] == ',') begin = before - 1;
  }
  push(begin, end - begin, {}, label, {}, false);
}

void SpecDocument::setJson(Json value, const QString& label, const QString& merge) {
  if (!parses()) return;
  const auto splices =
      jsonSplices(text_, *json_, value, {}, [this](const std::string& pointer) { return place(QString::fromStdString(pointer)); });
  if (splices.empty()) return;
  const int begin = splices.front().at;
  int end = begin;
  for (const JsonSplice& s : splices) end = std::max(end, s.at + s.length);
  QString piece = text_.mid(begin, end - begin);
  for (auto s = splices.rbegin(); s != splices.rend(); ++s) piece.replace(s->at - begin, s->length, s->text);
  coming_ = std::make_unique<Json>(std::move(value));
  push(begin, end - begin, piece, label, merge, false);
  coming_.reset();
}

void SpecDocument::applyFix(const Fix& fix) {
  const QString pointer = QString::fromStdString(fix.pointer), label = QString::fromStdString(fix.label);
  endMerge();
  if (fix.remove) {
    removeKey(pointer, label);
  } else if (!fix.rename.empty()) {
    if (const auto at = place(pointer))
      push(at->keyBegin, at->keyEnd - at->keyBegin, quoted(QString::fromStdString(fix.rename)), label, {}, false);
  } else {
    setValue(pointer, QString::fromStdString(fix.value), label);
  }
  endMerge();
}

std::optional<SpecDocument::Place> SpecDocument::place(const QString& pointer) const {
  const auto at = place_index_.find(pointer.toStdString());
  return at == place_index_.end() ? std::nullopt : std::optional(places_[at->second].second);
}

QString SpecDocument::pointerAt(int position) const {
  const std::pair<std::string, Place>* best = nullptr;
  for (const auto& entry : places_) {
    const Place& at = entry.second;
    const int begin = at.keyBegin < at.keyEnd ? at.keyBegin : at.valueBegin;
    if (position >= begin && position <= at.valueEnd && (!best || entry.first.size() > best->first.size())) best = &entry;
  }
  return best ? QString::fromStdString(best->first) : QString();
}

int SpecDocument::errorCount() const {
  int count = 0;
  for (const Problem& p : problems_) count += !p.warning;
  return count;
}

void SpecDocument::checkSoon() {
  if (parses()) check_timer_.start();
}

void SpecDocument::filesMayHaveChanged() {
  if (std::none_of(problems_.begin(), problems_.end(), [](const Problem& p) { return p.pointer.starts_with("/data/"); })) return;
  ++version_;
  checkSoon();
}

void SpecDocument::startCheck() {
  DatasetCache* const data = outside_files_.empty() ? &data_ : nullptr;
  auto read = std::make_unique<Json>();  // what it looks at outside the document
  if (data && json_->contains("data")) *read = Json::array({(*json_)["data"], json_->value("seed", Json()), base_.string()});
  if (checking_now_) {  // its answer starts the next one
    if (*read != *check_reads_) check_stop_.request_stop();
    return;
  }
  checking_now_ = true;
  check_stop_ = std::stop_source();
  check_reads_ = std::move(read);
  auto json = std::make_shared<Json>(*json_);
  workPool().start([mailbox = mailbox_, json, version = version_, base = base_, &catalog = catalog_, data, stop = check_stop_.get_token()] {
    std::vector<Problem> problems;
    std::shared_ptr<Estimate> estimate;
    auto facts = std::make_shared<Json>();
    try {
      problems = validate_document(catalog, *json, base, data, stop);
      if (!data)
        problems.push_back({"/data/source", "is not looked at before you allow the files that this imported document names", {}, true});
      int errors = 0;
      for (const Problem& p : problems) errors += !p.warning;
      const auto filled = document_schema(catalog, json->value("task", "train"));
      if (filled) {
        const Json resolved = with_defaults(*filled, *json);
        if (data && resolved.contains("data"))
          if (auto set = data->get(resolved["data"], base, resolved.value("seed", std::uint64_t{0}), stop)) *facts = (*set)->facts();
        // What reading the data should tell the person: "train.csv was read as Latin-1".
        if (facts->is_object() && facts->contains("notes"))
          for (const Json& note : facts->at("notes"))
            if (note.is_string()) problems.push_back({"/data/source", "was read with a note: " + note.get<std::string>(), {}, true});
        if (data && errors == 0)
          if (const auto* task = catalog.tasks.find(resolved.value("task", "train")))
            if (auto made = task->make(Json::object()))
              if (auto costs = (*made)->estimate(catalog, resolved, base, data, stop))
                estimate = std::make_shared<Estimate>(std::move(*costs));
      }
    } catch (const Error& error) {
      problems.push_back({"", error.message, {}, false});
    } catch (const nlohmann::json::exception&) {
      // A value of another type than the schema's: the schema's own problems name it.
    }
    const std::lock_guard lock(mailbox->mutex);
    SpecDocument* document = mailbox->document;
    if (!document) return;
    QMetaObject::invokeMethod(
        document, [=] { document->receive(version, problems, estimate, facts); }, Qt::QueuedConnection);
  });
}

void SpecDocument::receive(quint64 version, std::vector<Problem> problems, std::shared_ptr<Estimate> estimate,
                           std::shared_ptr<Json> facts) {
  checking_now_ = false;
  if (!facts->is_null()) *data_facts_ = std::move(*facts);
  if (version != version_) {  // the person went on typing
    checkSoon();
    return;
  }
  checked_version_ = version;
  if (parses()) problems_ = std::move(problems);
  if (estimate) {
    estimate_ = std::move(estimate);
    estimate_version_ = version;
  }
  emit problemsChanged();
  emit estimateChanged();
}

}  // namespace dsw
