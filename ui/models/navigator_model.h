// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractItemModel>
#include <QString>
#include <memory>
#include <vector>

#include "ui/models/object_ref.h"

namespace dsw {

class ProjectData;

/// The tree of the project: overview, experiments, runs by state, models. DisplayRole the name, IconRole, StatusRole (runs by
/// state), CountRole ("142", "v4"), EmphasisRole for sections. Rows are inserted and removed singly, so that a view keeps what is
/// open and selected. UI thread only.
class NavigatorModel : public QAbstractItemModel {
  Q_OBJECT
 public:
  explicit NavigatorModel(const ProjectData& data, QObject* parent = nullptr);
  ~NavigatorModel() override;

  ObjectRef ref(const QModelIndex& index) const;    ///< what opening the row opens; null for a section without a tab
  QModelIndex indexOf(const ObjectRef& ref) const;  ///< by kind, id and place; invalid when there is none

  QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  QModelIndex parent(const QModelIndex& child) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex&) const override { return 1; }
  QVariant data(const QModelIndex& index, int role) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role) override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;

 signals:
  /// A person typed another name into a row.
  void renameRequested(const QString& id, const QString& name);

 private:
  struct Node;
  void refresh();
  void setChildren(Node& section, std::vector<std::unique_ptr<Node>> wanted);
  std::unique_ptr<Node> sectionNode(const QString& text, const QString& icon, const ObjectRef& ref) const;
  Node* node(const QModelIndex& index) const;
  QModelIndex indexOf(const Node* node) const;
  const ProjectData& data_;
  std::vector<std::unique_ptr<Node>> top_;
};

}  // namespace dsw
