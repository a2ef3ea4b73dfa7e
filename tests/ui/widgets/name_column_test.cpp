// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
#include "ui/widgets/name_column.h"

#include <gtest/gtest.h>

#include <QHeaderView>
#include <QScrollBar>
#include <QTableView>
#include <QTest>

#include "engine/nn/model_type.h"
#include "ui/models/layer_table_model.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/theme.h"

namespace dsw {
namespace {

/// The layers of a language model, as the model panel shows them.
class NameColumnTest : public ::testing::Test {
 protected:
  NameColumnTest() {
    view.setModel(&model);
    installTableLook(&view);
    for (const int c : {int(LayerTableModel::Output), int(LayerTableModel::Parameters), int(LayerTableModel::Flops)})
      view.setItemDelegateForColumn(c, new NumberDelegate(&view));
    view.setItemDelegateForColumn(LayerTableModel::Share, new BarDelegate(&view));
    new NameColumn(&view, LayerTableModel::Layer, LayerTableModel::Share);
    model.setNetwork(plan("token embed"));
    view.show();
  }
  static NetworkPlan plan(const char* name) {
    NetworkPlan made;
    made.groups.push_back({"block", "block", 4});
    const auto add = [&](const char* title, const char* group, double parameters, double flops) {
      NetworkNode node;
      node.id = title;
      node.title = title;
      node.group = group;
      node.output = {1, 64, 64};
      node.cost.parameters = parameters;
      node.cost.flops = flops;
      made.nodes.push_back(node);
      made.total.flops += flops * (*group ? 4 : 1);
    };
    add(name, "", 4160, 0);
    add("layernorm", "block", 128, 32768);
    add("mlp, gelu", "block", 33088, 4350000);
    return made;
  }
  int width(int column) const { return view.columnWidth(column); }
  /// Whether the cell's text is drawn whole.
  bool whole(int row, int column) const {
    const QModelIndex index = model.index(row, column);
    const QFont font = column == LayerTableModel::Layer ? view.font() : themeFont(FontRole::Number);
    const QString text = index.data().toString();
    return QFontMetrics(font).elidedText(text, Qt::ElideRight, width(column) - 16) == text;  // as it is drawn
  }
  bool allWhole() const {
    for (int row = 0; row < model.rowCount(); ++row)
      for (int c = 0; c < LayerTableModel::ColumnCount; ++c)
        if (!whole(row, c)) return false;
    return true;
  }
  void widen(int px) { view.resize(px, 200); }

  LayerTableModel model;
  QTableView view;
};

TEST_F(NameColumnTest, NamesAreWholeAndTheBarGoesFirst) {
  widen(600);
  EXPECT_TRUE(allWhole());
  EXPECT_EQ(view.horizontalHeader()->length(), view.viewport()->width()) << "the rest belongs to the names";
  const int bar = width(LayerTableModel::Share);
  widen(420);
  EXPECT_TRUE(allWhole());
  EXPECT_EQ(view.horizontalHeader()->length(), 420);
  widen(400);  // as beside both docks at 1366 px
  EXPECT_TRUE(allWhole());
  EXPECT_LT(width(LayerTableModel::Share), bar);
  EXPECT_EQ(view.horizontalScrollBar()->maximum(), 0);
  widen(200);
  EXPECT_TRUE(allWhole());
  EXPECT_GT(view.horizontalScrollBar()->maximum(), 0) << "what has no room is reached sideways";
}

TEST_F(NameColumnTest, AVeryLongNameLeavesTheNumbersInSight) {
  widen(400);
  model.setNetwork(plan("a name that somebody gave to a layer without thinking of the width of any table at all"));
  EXPECT_FALSE(whole(0, LayerTableModel::Layer));
  for (int c = LayerTableModel::Output; c < LayerTableModel::ColumnCount; ++c) EXPECT_TRUE(whole(0, c)) << c;
  EXPECT_LE(width(LayerTableModel::Layer), 200);
}

}  // namespace
}  // namespace dsw
