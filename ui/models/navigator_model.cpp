// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/navigator_model.h"

#include <algorithm>

#include "ui/models/cell_roles.h"
#include "ui/models/number_format.h"
#include "ui/models/project_data.h"

namespace dsw {

struct NavigatorModel::Node {
  ObjectRef ref;
  QString text, icon, status, count, toolTip;
  bool section = false;
  Node* parent = nullptr;
  std::vector<std::unique_ptr<Node>> children;

  bool sameLook(const Node& other) const {
    return text == other.text && icon == other.icon && status == other.status && count == other.count && toolTip == other.toolTip;
  }
};

namespace {

struct StateGroup {
  RunStatus status;
  const char* text;
};
constexpr StateGroup kStates[] = {
    {RunStatus::Running, "Running"},   {RunStatus::Queued, "Queued"},   {RunStatus::Paused, "Paused"},
    {RunStatus::Finished, "Finished"}, {RunStatus::Stopped, "Stopped"}, {RunStatus::Interrupted, "Interrupted"},
    {RunStatus::Failed, "Failed"},     {RunStatus::Pruned, "Pruned"},
};

}  // namespace

NavigatorModel::NavigatorModel(const ProjectData& data, QObject* parent) : QAbstractItemModel(parent), data_(data) {
  connect(&data, &ProjectData::reset, this, &NavigatorModel::refresh);
  connect(&data, &ProjectData::runsChanged, this, &NavigatorModel::refresh);
  connect(&data, &ProjectData::experimentsChanged, this, &NavigatorModel::refresh);
  refresh();
}

NavigatorModel::~NavigatorModel() = default;

std::unique_ptr<NavigatorModel::Node> NavigatorModel::sectionNode(const QString& text, const QString& icon, const ObjectRef& ref) const {
  auto node = std::make_unique<Node>();
  node->text = text;
  node->icon = icon;
  node->ref = ref;
  node->section = true;
  return node;
}

void NavigatorModel::refresh() {
  if (data_.state() == ProjectData::State::Closed || data_.state() == ProjectData::State::Failed) {
    if (top_.empty()) return;
    beginResetModel();
    top_.clear();
    endResetModel();
    return;
  }
  if (top_.empty()) {
    beginResetModel();
    top_.push_back(sectionNode("Project overview", "archive", {kind::kOverview, {}, {}}));
    top_.push_back(sectionNode("Experiments", "sliders2", {}));
    top_.push_back(sectionNode("Runs", "activity", {kind::kRuns, {}, {}}));
    top_.push_back(sectionNode("Models", "box", {}));
    endResetModel();
  }
  std::vector<std::unique_ptr<Node>> experiments, runs, models;
  for (const ExperimentRow& row : data_.experiments()) {
    if (row.archived) continue;
    auto node = std::make_unique<Node>();
    node->ref = {kind::kExperiment, QString::fromStdString(row.id), {}};
    node->text = QString::fromStdString(row.name);
    node->count = QString("v%1").arg(row.version);
    node->toolTip =
        QString("%1, %2, %3 %4").arg(node->text, QString::fromStdString(row.task), formatCount(row.runs), row.runs == 1 ? "run" : "runs");
    experiments.push_back(std::move(node));
  }
  for (const StateGroup& group : kStates) {
    const int count = data_.count(group.status);
    if (count == 0) continue;
    auto node = std::make_unique<Node>();
    node->status = run_status_name(group.status);
    node->ref = {kind::kRuns, {}, "status:" + node->status};
    node->text = group.text;
    node->count = formatCountExact(count);
    runs.push_back(std::move(node));
  }
  for (const RunPtr& run : data_.runs()) {
    if (!run->baseline) continue;
    auto node = std::make_unique<Node>();
    node->ref = {kind::kRun, QString::fromStdString(run->id), {}};
    node->text = "Baseline " + QString::fromStdString(run->short_name);
    node->icon = "bookmark";
    node->toolTip = runTitle(*run);
    runs.push_back(std::move(node));
  }
  for (const ModelRow& row : data_.models()) {
    if (row.archived) continue;
    auto node = std::make_unique<Node>();
    node->ref = {kind::kModel, QString::fromStdString(row.id), {}};
    node->text = QString::fromStdString(row.name);
    node->toolTip = QString::fromStdString(row.family + ", " + row.source);
    models.push_back(std::move(node));
  }
  const std::size_t counts[] = {0, experiments.size(), data_.runs().size(), models.size()};
  for (std::size_t i = 1; i < top_.size(); ++i) {
    const QString count = formatCountExact(static_cast<std::int64_t>(counts[i]));
    if (std::exchange(top_[i]->count, count) == count) continue;
    const QModelIndex at = indexOf(top_[i].get());
    emit dataChanged(at, at);
  }
  setChildren(*top_[1], std::move(experiments));
  setChildren(*top_[2], std::move(runs));
  setChildren(*top_[3], std::move(models));
}

void NavigatorModel::setChildren(Node& section, std::vector<std::unique_ptr<Node>> wanted) {
  auto& rows = section.children;
  const QModelIndex parent = indexOf(&section);
  const auto inWanted = [&](const Node& node) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const auto& other) { return other && other->ref == node.ref; });
  };
  for (std::size_t i = rows.size(); i-- > 0;) {
    if (inWanted(*rows[i])) continue;
    beginRemoveRows(parent, static_cast<int>(i), static_cast<int>(i));
    rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(i));
    endRemoveRows();
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto at = std::find_if(rows.begin() + static_cast<std::ptrdiff_t>(std::min(i, rows.size())), rows.end(),
                                 [&](const auto& row) { return row->ref == wanted[i]->ref; });
    if (at == rows.end()) {
      wanted[i]->parent = &section;
      beginInsertRows(parent, static_cast<int>(i), static_cast<int>(i));
      rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(i), std::move(wanted[i]));
      endInsertRows();
      continue;
    }
    const auto from = static_cast<std::size_t>(at - rows.begin());
    if (from != i) {
      beginMoveRows(parent, static_cast<int>(from), static_cast<int>(from), parent, static_cast<int>(i));
      std::rotate(rows.begin() + static_cast<std::ptrdiff_t>(i), at, at + 1);
      endMoveRows();
    }
    Node& row = *rows[i];
    if (row.sameLook(*wanted[i])) continue;
    row.text = wanted[i]->text;
    row.icon = wanted[i]->icon;
    row.status = wanted[i]->status;
    row.count = wanted[i]->count;
    row.toolTip = wanted[i]->toolTip;
    const QModelIndex changed = index(static_cast<int>(i), 0, parent);
    emit dataChanged(changed, changed);
  }
}

NavigatorModel::Node* NavigatorModel::node(const QModelIndex& index) const {
  return index.isValid() ? static_cast<Node*>(index.internalPointer()) : nullptr;
}

QModelIndex NavigatorModel::indexOf(const Node* node) const {
  const auto& rows = node->parent ? node->parent->children : top_;
  const auto at = std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.get() == node; });
  return at == rows.end() ? QModelIndex() : createIndex(static_cast<int>(at - rows.begin()), 0, node);
}

QModelIndex NavigatorModel::index(int row, int column, const QModelIndex& parent) const {
  const Node* above = node(parent);
  const auto& rows = above ? above->children : top_;
  if (column != 0 || row < 0 || row >= static_cast<int>(rows.size())) return {};
  return createIndex(row, 0, rows[static_cast<std::size_t>(row)].get());
}

QModelIndex NavigatorModel::parent(const QModelIndex& child) const {
  const Node* self = node(child);
  return self && self->parent ? indexOf(self->parent) : QModelIndex();
}

int NavigatorModel::rowCount(const QModelIndex& parent) const {
  const Node* above = node(parent);
  return static_cast<int>((above ? above->children : top_).size());
}

QVariant NavigatorModel::data(const QModelIndex& index, int role) const {
  const Node* self = node(index);
  if (!self) return {};
  switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole:
      return self->text;
    case Qt::ToolTipRole:
      return self->toolTip;
    case Qt::AccessibleTextRole:
      return self->count.isEmpty() ? self->text : QString("%1, %2").arg(self->text, self->count);
    case IconRole:
      return self->icon;
    case StatusRole:
      return self->status.isEmpty() ? QVariant() : QVariant(self->status);
    case CountRole:
      return self->count;
    case EmphasisRole:
      return self->section;
    default:
      return {};
  }
}

bool NavigatorModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  const Node* self = node(index);
  const QString name = value.toString().trimmed();
  if (!self || role != Qt::EditRole || name.isEmpty() || name == self->text) return false;
  emit renameRequested(self->ref.id, name);  // the row changes when it is stored
  return true;
}

Qt::ItemFlags NavigatorModel::flags(const QModelIndex& index) const {
  const Node* self = node(index);
  if (!self) return Qt::NoItemFlags;
  Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable;
  if ((self->ref.kind == kind::kExperiment || self->ref.kind == kind::kModel) && !data_.readOnly()) flags |= Qt::ItemIsEditable;
  return flags;
}

ObjectRef NavigatorModel::ref(const QModelIndex& index) const {
  const Node* self = node(index);
  return self ? self->ref : ObjectRef();
}

QModelIndex NavigatorModel::indexOf(const ObjectRef& ref) const {
  const Node* sameObject = nullptr;
  for (const auto& section : top_) {
    if (section->ref == ref) return indexOf(section.get());
    for (const auto& child : section->children) {
      if (child->ref == ref) return indexOf(child.get());
      if (!ref.id.isEmpty() && child->ref.sameObject(ref)) sameObject = child.get();
    }
  }
  return sameObject ? indexOf(sameObject) : QModelIndex();
}

}  // namespace dsw
