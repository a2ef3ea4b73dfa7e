// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_filter.h"

#include <cmath>
#include <limits>
#include <vector>

#include "engine/run/event.h"

namespace dsw {

struct RunFilter::Node {
  enum class Kind { And, Or, Not, Word, State, Contains, Compare } kind = Kind::Word;
  std::vector<std::unique_ptr<Node>> parts;
  QString key, text;
  RunStatus status = RunStatus::Queued;
  enum class Op { Less, LessEqual, Greater, GreaterEqual, Equal, NotEqual } op = Op::Equal;
  double number = 0;

  bool matches(const FilterRow& row) const;
};

namespace {

using Node = RunFilter::Node;

QString text(const std::string& s) { return QString::fromStdString(s); }

/// Texts that `key:` looks at besides settings; true when the key is one of them.
bool ownTexts(const RunRow& run, const QString& key, QStringList& out) {
  if (key == "state" || key == "status")
    out = {run_status_name(run.status)};
  else if (key == "run" || key == "id")
    out = {text(run.short_name), text(run.name), text(run.id)};
  else if (key == "experiment" || key == "exp")
    out = {text(run.experiment_name)};
  else if (key == "task")
    out = {text(run.task)};
  else if (key == "note")
    out = {text(run.note)};
  else if (key == "device")
    out = {text(run.device)};
  else if (key == "tag" || key == "tags") {
    for (const std::string& tag : run.tags) out.push_back(text(tag));
  } else
    return false;
  return true;
}

bool isOwnKey(const QString& key) {
  static const QStringList kKeys = {"state",  "status", "run",  "id",   "experiment", "exp",  "task",   "note",
                                    "device", "tag",    "tags", "seed", "step",       "time", "seconds"};
  return kKeys.contains(key);
}

/// `data:` and `model:` look at every setting below that section.
bool contains(const FilterRow& row, const QString& key, const QString& wanted) {
  QStringList own;
  if (ownTexts(*row.run, key, own)) return own.join('\n').contains(wanted, Qt::CaseInsensitive);
  if (!row.params) return false;
  if (key == "data" || key == "model") {
    const QString head = '/' + key + '/';
    for (const auto& [pointer, value] : row.params->values)
      if (pointer.startsWith(head) && value.typeId() == QMetaType::QString && value.toString().contains(wanted, Qt::CaseInsensitive))
        return true;
    return false;
  }
  const QVariant value = row.params->find(key);
  return value.isValid() &&
         (paramText(value).contains(wanted, Qt::CaseInsensitive) || value.toString().contains(wanted, Qt::CaseInsensitive));
}

bool compare(double value, Node::Op op, double number) {
  switch (op) {
    case Node::Op::Less:
      return value < number;
    case Node::Op::LessEqual:
      return value <= number;
    case Node::Op::Greater:
      return value > number;
    case Node::Op::GreaterEqual:
      return value >= number;
    case Node::Op::Equal:
      return value == number;
    case Node::Op::NotEqual:
      return value != number;
  }
  return false;
}

double numberOf(const FilterRow& row, const QString& key) {
  const RunRow& run = *row.run;
  if (key == "seed") return static_cast<double>(run.seed);
  if (key == "step") return static_cast<double>(run.step);
  if (key == "time" || key == "seconds") return run.seconds;
  const double metric = metricOf(run, key);
  if (!std::isnan(metric)) return metric;
  const QVariant setting = row.params ? row.params->find(key) : QVariant();
  bool number = false;
  const double value = setting.toDouble(&number);
  return setting.isValid() && number ? value : std::numeric_limits<double>::quiet_NaN();
}

struct Token {
  QString text;
  bool quoted = false;
};

std::vector<Token> tokens(const QString& all, QString& error) {
  std::vector<Token> list;
  QString word;
  bool quoted = false, wasQuoted = false;
  const auto push = [&] {
    if (!word.isEmpty() || wasQuoted) list.push_back({word, wasQuoted && !word.contains(':')});
    word.clear();
    wasQuoted = false;
  };
  for (const QChar c : all) {
    if (c == '"') {
      quoted = !quoted;
      wasQuoted = true;
    } else if (quoted) {
      word += c;
    } else if (c.isSpace()) {
      push();
    } else if (c == '(' || c == ')') {
      push();
      list.push_back({QString(c), false});
    } else {
      word += c;
    }
  }
  if (quoted) error = "A quotation mark is not closed.";
  push();
  return list;
}

class Parser {
 public:
  Parser(std::vector<Token> list, QString& error, bool& readsSettings)
      : list_(std::move(list)), error_(error), readsSettings_(readsSettings) {}

  std::unique_ptr<Node> run() {
    auto node = parseOr(0);
    if (at_ < list_.size() && error_.isEmpty()) error_ = "There is a ) too many.";
    return node;
  }

 private:
  static constexpr int kMostDepth = 32;
  bool is(const char* word) const {
    return at_ < list_.size() && !list_[at_].quoted && list_[at_].text.compare(QLatin1String(word), Qt::CaseInsensitive) == 0;
  }

  std::unique_ptr<Node> parseOr(int depth) {
    auto first = parseAnd(depth);
    if (!is("or")) return first;
    auto node = std::make_unique<Node>();
    node->kind = Node::Kind::Or;
    if (first) node->parts.push_back(std::move(first));
    while (is("or")) {
      ++at_;
      auto next = parseAnd(depth);
      if (next)
        node->parts.push_back(std::move(next));
      else if (error_.isEmpty())
        error_ = "Something is missing after “or”.";
    }
    return node;
  }

  std::unique_ptr<Node> parseAnd(int depth) {
    auto node = std::make_unique<Node>();
    node->kind = Node::Kind::And;
    while (at_ < list_.size() && !is("or") && !is(")")) {
      if (is("and")) {
        ++at_;
        continue;
      }
      if (auto part = parseTerm(depth)) node->parts.push_back(std::move(part));
    }
    if (node->parts.empty()) return nullptr;
    return node->parts.size() == 1 ? std::move(node->parts.front()) : std::move(node);
  }

  std::unique_ptr<Node> parseTerm(int depth) {
    if (depth > kMostDepth) {
      error_ = "The filter is nested too deeply.";
      at_ = list_.size();
      return nullptr;
    }
    if (is("not")) {
      ++at_;
      return negated(at_ < list_.size() ? parseTerm(depth + 1) : nullptr);
    }
    if (is("(")) {
      ++at_;
      auto inside = parseOr(depth + 1);
      if (is(")"))
        ++at_;
      else if (error_.isEmpty())
        error_ = "A ( is not closed.";
      return inside;
    }
    const Token token = list_[at_++];
    if (!token.quoted && token.text.size() > 1 && token.text.startsWith('-')) return negated(condition({token.text.mid(1), false}));
    return condition(token);
  }

  std::unique_ptr<Node> negated(std::unique_ptr<Node> part) {
    if (!part) return nullptr;
    auto node = std::make_unique<Node>();
    node->kind = Node::Kind::Not;
    node->parts.push_back(std::move(part));
    return node;
  }

  std::unique_ptr<Node> condition(const Token& token) {
    auto node = std::make_unique<Node>();
    if (token.quoted) {
      node->text = token.text.toLower();
      return node;
    }
    static const std::pair<const char*, Node::Op> kOps[] = {{"<=", Node::Op::LessEqual}, {">=", Node::Op::GreaterEqual},
                                                            {"!=", Node::Op::NotEqual},  {"<", Node::Op::Less},
                                                            {">", Node::Op::Greater},    {"=", Node::Op::Equal}};
    for (const auto& [sign, op] : kOps) {
      const qsizetype at = token.text.indexOf(QLatin1String(sign));
      if (at <= 0) continue;
      node->key = token.text.left(at);
      const QString value = token.text.mid(at + static_cast<qsizetype>(qstrlen(sign)));
      bool number = false;
      node->number = value.toDouble(&number);
      if (!isOwnKey(node->key)) readsSettings_ = true;
      if (number) {
        node->kind = Node::Kind::Compare;
        node->op = op;
        return node;
      }
      if (op == Node::Op::Equal && !value.isEmpty()) {
        node->kind = Node::Kind::Contains;
        node->text = value;
        return node;
      }
      if (error_.isEmpty()) error_ = QString("“%1” needs a number after %2.").arg(token.text, QLatin1String(sign));
      return nullptr;
    }
    const qsizetype colon = token.text.indexOf(':');
    if (colon > 0) {
      node->kind = Node::Kind::Contains;
      node->key = token.text.left(colon);
      node->text = token.text.mid(colon + 1);
      if (!isOwnKey(node->key)) readsSettings_ = true;
      return node;
    }
    if (const auto status = run_status_from_name(token.text.toLower().toStdString())) {
      node->kind = Node::Kind::State;
      node->status = *status;
      return node;
    }
    node->text = token.text.toLower();
    return node;
  }

  std::vector<Token> list_;
  std::size_t at_ = 0;
  QString& error_;
  bool& readsSettings_;
};

}  // namespace

bool RunFilter::Node::matches(const FilterRow& row) const {
  switch (kind) {
    case Kind::And:
      return std::all_of(parts.begin(), parts.end(), [&](const auto& part) { return part->matches(row); });
    case Kind::Or:
      return std::any_of(parts.begin(), parts.end(), [&](const auto& part) { return part->matches(row); });
    case Kind::Not:
      return !parts.front()->matches(row);
    case Kind::Word:
      return row.text->contains(text);
    case Kind::State:
      return row.run->status == status;
    case Kind::Contains:
      return contains(row, key, text);
    case Kind::Compare: {
      const double value = numberOf(row, key);
      return !std::isnan(value) && compare(value, op, number);
    }
  }
  return false;
}

QString filterText(const RunRow& run) {
  QString all =
      text(run.short_name) + '\n' + text(run.name) + '\n' + text(run.experiment_name) + '\n' + text(run.note) + '\n' + text(run.device);
  for (const std::string& tag : run.tags) all += '\n' + text(tag);
  return all.toLower();
}

double metricOf(const RunRow& run, const QString& name) {
  QString key = name;
  const bool last = key.endsWith(".last");
  if (last) key.chop(5);
  const auto value = [&](const std::string& full) {
    const auto it = run.metrics.find(full);
    if (it == run.metrics.end()) return std::numeric_limits<double>::quiet_NaN();
    return last ? it->second.last : it->second.best;
  };
  const std::string plain = key.toStdString();
  if (key.contains('/')) return value(plain);
  for (const char* head : {"val/", "test/", "train/", "sys/"}) {
    const double found = value(head + plain);
    if (!std::isnan(found)) return found;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

RunFilter::RunFilter() = default;
RunFilter::~RunFilter() = default;
RunFilter::RunFilter(RunFilter&&) noexcept = default;
RunFilter& RunFilter::operator=(RunFilter&&) noexcept = default;

RunFilter RunFilter::parse(const QString& text) {
  RunFilter filter;
  std::vector<Token> list = tokens(text, filter.error_);
  filter.root_ = Parser(std::move(list), filter.error_, filter.readsSettings_).run();
  return filter;
}

bool RunFilter::matches(const FilterRow& row) const { return !root_ || root_->matches(row); }

}  // namespace dsw
