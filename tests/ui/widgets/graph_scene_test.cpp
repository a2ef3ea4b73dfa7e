// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// Ways through a drawn network by the arrow keys.
#include "ui/widgets/graph/graph_scene.h"

#include <gtest/gtest.h>

namespace dsw {
namespace {

GraphNode box(const char* id, QPointF at) {
  GraphNode node;
  node.id = node.name = id;
  node.pinned = at;
  return node;
}

TEST(GraphSceneTest, ArrowsGoToTheNearestAndFromTheEndOfARowToTheNext) {
  GraphData graph;
  graph.nodes = {box("stem", {0, 0}), box("half", {200, 0}), box("sum", {0, 300}), box("flat", {200, 300})};
  graph.edges = {{.from = "stem", .to = "half"}, {.from = "half", .to = "sum"}, {.from = "sum", .to = "flat"}};
  GraphScene scene;
  scene.setGraph(graph, {600, 600});
  EXPECT_EQ(scene.nearest("stem", 1, 0), "half");
  EXPECT_EQ(scene.nearest("stem", 0, 1), "sum");
  EXPECT_EQ(scene.nearest("half", 1, 0), "sum") << "the row ends; its edge goes on below";
  EXPECT_EQ(scene.nearest("sum", -1, 0), "half");
  EXPECT_EQ(scene.nearest("flat", 1, 0), "") << "nothing reads it";
  EXPECT_EQ(scene.nearest("half", 0, -1), "");
}

}  // namespace
}  // namespace dsw
