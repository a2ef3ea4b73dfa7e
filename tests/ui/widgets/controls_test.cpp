// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// Palette, message bar, segments, matrix, pictures and node canvas by mouse and keyboard.
#include <gtest/gtest.h>
#include <QTest>

#include "tests/support/cpu_bars.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/curve/curve_data.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/focus_ring.h"
#include "ui/widgets/graph/graph_items.h"
#include "ui/widgets/graph/graph_layout.h"
#include "ui/widgets/graph/graph_scene.h"
#include "ui/widgets/graph_view.h"
#include "ui/widgets/heatmap_view.h"
#include "ui/widgets/image_grid.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/segmented_control.h"

namespace dsw {
namespace {

int score(const char* query, const char* text) { return fuzzyScore(QString::fromUtf8(query), QString::fromUtf8(text)).value_or(-1000); }

TEST(FuzzySearch, FindsLettersInOrderOnly) {
  EXPECT_TRUE(fuzzyScore(QStringLiteral("nex"), QStringLiteral("New experiment")).has_value());
  EXPECT_FALSE(fuzzyScore(QStringLiteral("xen"), QStringLiteral("New exp")).has_value());
  EXPECT_FALSE(fuzzyScore(QStringLiteral("longer than it"), QStringLiteral("short")).has_value());
  EXPECT_EQ(fuzzyScore(QString(), QStringLiteral("anything")), 0);
  EXPECT_GT(score("RUN", "run"), -1000) << "case does not matter";
}

TEST(FuzzySearch, PrefersWordStartsRunsAndShortTexts) {
  EXPECT_GT(score("ne", "New experiment"), score("ne", "Open engine"));
  EXPECT_GT(score("res", "Resume"), score("res", "Rename last"));
  EXPECT_GT(score("stop", "Stop"), score("stop", "Stop every run of this study"));
  EXPECT_GT(score("0142", "r-0142 shakespeare"), score("0142", "r-0103 14 2"));
  QVector<int> at;
  fuzzyScore(QStringLiteral("nexp"), QStringLiteral("New experiment"), &at);
  EXPECT_EQ(at, (QVector<int>{0, 4, 5, 6})) << "the best match is marked, not the first";
}

PaletteEntry entry(const char* id, const char* text, PaletteKind kind = PaletteKind::Command, bool enabled = true) {
  PaletteEntry e;
  e.id = QString::fromUtf8(id);
  e.text = QString::fromUtf8(text);
  e.kind = kind;
  e.enabled = enabled;
  e.reason = enabled ? QString() : QStringLiteral("nothing runs");
  return e;
}

class PaletteTest : public testing::Test {
 protected:
  void SetUp() override {
    palette.setEntries({entry("open", "Open"), entry("run", "Run"), entry("stop", "Stop", PaletteKind::Command, false),
                        entry("lr", "/optimizer/lr", PaletteKind::Field), entry("r-1", "r-1 mnist", PaletteKind::Object)});
    QObject::connect(&palette, &CommandPalette::chosen, [this](const QString& id) { chosen << id; });
    QObject::connect(&palette, &CommandPalette::stepChosen, [this](qint64 step) { steps << step; });
  }
  void type(const char* text) { palette.field()->setText(QString::fromUtf8(text)); }
  void key(Qt::Key k) { QTest::keyClick(palette.field(), k); }
  CommandPalette palette;
  QStringList chosen;
  QVector<qint64> steps;
};

TEST_F(PaletteTest, EmptyShowsLastUsedThenCommands) {
  palette.setRecent({QStringLiteral("r-1"), QStringLiteral("run")});
  palette.openWith();
  EXPECT_EQ(palette.resultId(0), QStringLiteral("r-1"));
  EXPECT_EQ(palette.resultId(1), QStringLiteral("run"));
  EXPECT_EQ(palette.resultCount(), 4) << "fields are not listed unasked";
}

TEST_F(PaletteTest, PrefixesNarrow) {
  palette.openWith();
  type("@");
  EXPECT_EQ(palette.resultCount(), 1);
  EXPECT_EQ(palette.resultId(0), QStringLiteral("lr"));
  type("#mn");
  EXPECT_EQ(palette.resultId(0), QStringLiteral("r-1"));
  type(">r");
  EXPECT_EQ(palette.resultId(0), QStringLiteral("run"));
}

TEST_F(PaletteTest, EnterChoosesAndRemembers) {
  palette.openWith();
  type("ru");
  key(Qt::Key_Return);
  EXPECT_EQ(chosen, QStringList{QStringLiteral("run")});
  EXPECT_EQ(palette.recent().first(), QStringLiteral("run"));
  EXPECT_FALSE(palette.isVisible());
}

TEST_F(PaletteTest, DisabledCommandsAreListedButNotRun) {
  palette.openWith();
  type("stop");
  EXPECT_EQ(palette.resultId(0), QStringLiteral("stop"));
  key(Qt::Key_Return);
  EXPECT_TRUE(chosen.isEmpty());
  EXPECT_TRUE(palette.isVisible());
}

TEST_F(PaletteTest, ArrowsWrapAndStepsAreNumbers) {
  palette.openWith();
  key(Qt::Key_Up);
  key(Qt::Key_Down);
  key(Qt::Key_Return);
  EXPECT_EQ(chosen, QStringList{QStringLiteral("open")});
  palette.openWith(QStringLiteral(":"));
  type(":1200");
  key(Qt::Key_Return);
  EXPECT_EQ(steps, QVector<qint64>{1200});
  palette.openWith(QStringLiteral(":"));
  type(":abc");
  key(Qt::Key_Return);
  EXPECT_EQ(steps.size(), 1);
}

TEST(MessageBarTest, ShowsRunsItsActionAndCloses) {
  MessageBar bar;
  bar.resize(600, 40);
  int used = 0;
  bar.showMessage(MessageLevel::Error, QStringLiteral("1 problem."), QStringLiteral("<b>is not markup</b>"),
                  {{QStringLiteral("Use 4"), [&used] { ++used; }, {}}});
  EXPECT_TRUE(bar.isVisible());
  EXPECT_EQ(bar.message(), QStringLiteral("1 problem. <b>is not markup</b>"));
  for (auto* button : bar.findChildren<QToolButton*>())
    if (button->text() == QStringLiteral("Use 4")) QTest::mouseClick(button, Qt::LeftButton);
  EXPECT_EQ(used, 1);
  for (auto* label : bar.findChildren<QLabel*>()) EXPECT_FALSE(label->text().contains(QStringLiteral("<b>is not"))) << "text is plain";
  bar.clear();
  EXPECT_FALSE(bar.isVisible());
  EXPECT_GT(bar.heightForWidth(120), bar.heightForWidth(900));
}

TEST(SegmentedControlTest, KeysMoveOverDisabledOptions) {
  SegmentedControl control({QStringLiteral("Step"), QStringLiteral("Epoch"), QStringLiteral("Clock")});
  control.setOptionEnabled(1, false, QStringLiteral("this run has no epochs"));
  control.show();
  QVector<int> told;
  QObject::connect(&control, &SegmentedControl::chosen, [&told](int i) { told << i; });
  auto* first = control.findChildren<QToolButton*>().first();
  QTest::keyClick(first, Qt::Key_Right);
  EXPECT_EQ(control.current(), 2);
  EXPECT_EQ(control.currentText(), QStringLiteral("Clock"));
  QTest::mouseClick(first, Qt::LeftButton);
  EXPECT_EQ(control.current(), 0);
  EXPECT_EQ(told, (QVector<int>{2, 0}));
}

TEST(ElidedLabelTest, KeepsTheWholeTextAsTooltip) {
  ElidedLabel label(QStringLiteral("a rather long name of an experiment"));
  label.resize(80, 20);
  label.show();
  QCoreApplication::processEvents();
  EXPECT_TRUE(label.isElided());
  EXPECT_EQ(label.toolTip(), label.text());
  label.resize(600, 20);
  QCoreApplication::processEvents();
  EXPECT_FALSE(label.isElided());
  EXPECT_TRUE(label.toolTip().isEmpty());
}

TEST(HeatmapTest, CursorMovesByKeysAndSpeaks) {
  HeatmapView view;
  view.resize(300, 300);
  view.setData({2,
                3,
                {1, 2, 3, 4, kNaN, 6},
                {QStringLiteral("cat"), QStringLiteral("dog")},
                {QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("c")},
                QStringLiteral("true"),
                QStringLiteral("said")});
  view.show();
  view.setCursorCell(0, 0);
  QTest::keyClick(&view, Qt::Key_Right);
  QTest::keyClick(&view, Qt::Key_Down);
  EXPECT_EQ(view.cursorRow(), 1);
  EXPECT_EQ(view.cursorColumn(), 1);
  EXPECT_EQ(view.accessibleDescription(), QStringLiteral("true dog, said b: NaN"));
  QTest::keyClick(&view, Qt::Key_Right, Qt::ShiftModifier);
  EXPECT_EQ(view.cursorColumn(), 2) << "it stays inside";
  int activated = 0;
  QObject::connect(&view, &HeatmapView::cellActivated, [&activated](int r, int c) { activated = 10 * r + c; });
  QTest::keyClick(&view, Qt::Key_Return);
  EXPECT_EQ(activated, 12);
}

TEST(ImageGridTest, KeysWalkTheGrid) {
  ImageGrid grid;
  grid.resize(300, 200);
  QVector<GridImage> images(9);
  for (GridImage& image : images) image.image = QImage(28, 28, QImage::Format_Grayscale8), image.caption = QStringLiteral("7, said 1");
  grid.setImages(images);
  grid.show();
  grid.setCurrent(0);
  QTest::keyClick(&grid, Qt::Key_Right);
  EXPECT_EQ(grid.current(), 1);
  QTest::keyClick(&grid, Qt::Key_Down);
  EXPECT_GT(grid.current(), 2);
  QTest::keyClick(&grid, Qt::Key_End);
  EXPECT_EQ(grid.current(), 8);
}

GraphData chain(int n) {
  GraphData g;
  for (int k = 0; k < n; ++k) {
    GraphNode node;
    node.id = QStringLiteral("n%1").arg(k);
    node.name = QStringLiteral("layer %1").arg(k);
    node.target = QStringLiteral("/model/layers/%1").arg(k);
    g.nodes.push_back(node);
    if (k > 0) g.edges.push_back({QStringLiteral("n%1").arg(k - 1), node.id, GraphEdgeKind::Plain, {}, {}});
  }
  return g;
}

TEST(GraphLayoutTest, NodesDoNotOverlapAndFramesEncloseTheirs) {
  GraphData g = chain(12);
  g.frames = {{QStringLiteral("f"), QStringLiteral("block × 4"), {}, {}, {}},
              {QStringLiteral("inner"), QStringLiteral("attention"), {}, QStringLiteral("f"), {}}};
  for (std::size_t k = 3; k < 9; ++k) g.nodes[k].frame = k < 6 ? QStringLiteral("inner") : QStringLiteral("f");
  g.edges.push_back({QStringLiteral("n1"), QStringLiteral("n10"), GraphEdgeKind::Plain, {}, {}});
  g.edges.push_back({QStringLiteral("n9"), QStringLiteral("n2"), GraphEdgeKind::Plain, {}, {}});  // closes a cycle
  g.edges.push_back({QStringLiteral("n4"), QStringLiteral("n4"), GraphEdgeKind::Plain, {}, {}});
  g.edges.push_back({QStringLiteral("n4"), QStringLiteral("missing"), GraphEdgeKind::Plain, {}, {}});
  const GraphPlaces places = layoutGraph(g, graphNodeSize, QSizeF(600, 300));
  ASSERT_EQ(places.nodes.size(), 12);
  for (std::size_t a = 0; a < g.nodes.size(); ++a)
    for (std::size_t b = 0; b < a; ++b) EXPECT_FALSE(places.nodes[g.nodes[a].id].intersects(places.nodes[g.nodes[b].id])) << a << " " << b;
  for (const GraphNode& node : g.nodes) {
    const QRectF r = places.nodes[node.id];
    EXPECT_EQ(places.frames[QStringLiteral("f")].contains(r), !node.frame.isEmpty()) << qPrintable(node.id);
    EXPECT_EQ(places.frames[QStringLiteral("inner")].contains(r), node.frame == QStringLiteral("inner")) << qPrintable(node.id);
  }
  EXPECT_EQ(places.edges.size(), static_cast<qsizetype>(g.edges.size()));
  EXPECT_TRUE(places.edges.last().isEmpty()) << "an edge without an end is left out";
}

TEST(GraphLayoutTest, LongChainsWrapToStayReadable) {
  const GraphPlaces places = layoutGraph(chain(20), graphNodeSize, QSizeF(600, 300));
  EXPECT_LT(places.bounds.width(), 1000);
  const GraphPlaces wide = layoutGraph(chain(4), graphNodeSize, QSizeF(1200, 300));
  EXPECT_EQ(wide.nodes[QStringLiteral("n0")].center().y(), wide.nodes[QStringLiteral("n3")].center().y()) << "what fits is not wrapped";
}

TEST(GraphLayoutTest, TwoThousandNodesTakeNoTime) {
  GraphData g = chain(2000);
  for (int k = 0; k + 7 < 2000; k += 3)
    g.edges.push_back({QStringLiteral("n%1").arg(k), QStringLiteral("n%1").arg(k + 7), GraphEdgeKind::Residual, {}, {}});
  const double began = cpu_ms(CLOCK_THREAD_CPUTIME_ID);
  layoutGraph(g, graphNodeSize, QSizeF(900, 600));
  EXPECT_LT(cpu_ms(CLOCK_THREAD_CPUTIME_ID) - began, 3000 * kSanitizerFactor);
}

TEST(GraphLayoutTest, PinnedNodesStandWhereTheyArePut) {
  GraphData g = chain(4);
  for (std::size_t k = 0; k < 4; ++k) g.nodes[k].pinned = QPointF(200.0 * static_cast<double>(k), 40.0 * static_cast<double>(k));
  GraphPlaces places = layoutGraph(g, graphNodeSize, QSizeF(300, 300));
  EXPECT_EQ(places.nodes["n2"].topLeft(), QPointF(400, 80));
  // n1 is opened: what stands right of it makes room, what stands before it stays.
  g.frames.push_back({"n1", "n1", {}, {}, "/x", {}, QPointF(200, 40), QSizeF(104, 46)});
  g.nodes[1] = {};
  g.nodes[1].id = "n1/inside";
  g.nodes[1].frame = "n1";
  g.nodes[1].name = QString(60, 'x');
  g.edges = {{"n0", "n1/inside", GraphEdgeKind::Plain, {}, {}}, {"n1/inside", "n2", GraphEdgeKind::Plain, {}, {}}};
  places = layoutGraph(g, graphNodeSize, QSizeF(300, 300));
  EXPECT_EQ(places.frames["n1"].topLeft(), QPointF(200, 40));
  EXPECT_EQ(places.nodes["n0"].topLeft(), QPointF(0, 0));
  EXPECT_GE(places.nodes["n2"].left(), places.frames["n1"].right());
  EXPECT_EQ(places.nodes["n2"].left() - places.frames["n1"].right(), 400 - 304) << "as far as from the closed node";
}

TEST(GraphViewTest, WalksSelectsAndTells) {
  GraphView view;
  view.resize(700, 300);
  view.setGraph(chain(5));
  view.show();
  QCoreApplication::processEvents();
  QStringList selected, activated;
  QObject::connect(&view, &GraphView::nodeSelected, [&](const QString& id, const QString& target) { selected << id + target; });
  QObject::connect(&view, &GraphView::nodeActivated, [&](const QString&, const QString& target) { activated << target; });
  QTest::keyClick(&view, Qt::Key_Right);
  QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
  QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
  EXPECT_EQ(view.selectedNode(), QStringLiteral("n2"));
  QTest::keyClick(&view, Qt::Key_Left, Qt::ControlModifier);
  EXPECT_EQ(view.selectedNode(), QStringLiteral("n1"));
  QTest::keyClick(&view, Qt::Key_Return);
  EXPECT_EQ(activated, QStringList{QStringLiteral("/model/layers/1")});
  const GraphNodeItem* last = view.graphScene()->node(QStringLiteral("n4"));
  QTest::mouseClick(view.viewport(), Qt::LeftButton, Qt::NoModifier, view.mapFromScene(last->mapRectToScene(last->box()).center()));
  EXPECT_EQ(selected.last(), QStringLiteral("n4/model/layers/4"));
  QTest::keyClick(&view, Qt::Key_3);
  EXPECT_NEAR(view.zoom(), 0.25, 1e-9);
  QTest::keyClick(&view, Qt::Key_F);
  EXPECT_GT(view.zoom(), 0.5);
  QTest::keyClick(&view, Qt::Key_Escape);
  EXPECT_TRUE(view.selectedNode().isEmpty());
  EXPECT_EQ(view.outline().size(), 5);
}

TEST(GraphViewTest, SelectionAndZoomSurviveAnEdit) {
  GraphView view;
  view.resize(700, 300);
  view.setGraph(chain(5));
  view.selectNode(QStringLiteral("n3"));
  view.setZoom(2);
  GraphData changed = chain(5);
  changed.nodes[3].error = QStringLiteral("width 5 is odd");
  view.setGraph(changed);
  EXPECT_EQ(view.selectedNode(), QStringLiteral("n3"));
  EXPECT_EQ(view.zoom(), 2);
}

TEST(GraphNodeItem, SaysItsNameAndKindFarOut) {
  GraphNode node;
  node.name = QStringLiteral("attention");
  node.foot = QStringLiteral("4 heads of 32");
  node.brief = QStringLiteral("attn");
  node.color = 0;
  const auto drawn = [&](const GraphNode& of, qreal zoom, QSizeF size) {
    GraphNodeItem item(of, size);
    QImage image(120, 40, QImage::Format_RGB32);
    image.fill(themeColor(Token::Surface2));
    QPainter p(&image);
    p.scale(zoom, zoom);
    item.paint(&p, nullptr, nullptr);
    return image;
  };
  GraphNode mute = node;
  mute.name.clear();
  mute.brief.clear();
  for (const qreal zoom : {0.6, 0.4, 0.32}) {
    const QImage with = drawn(node, zoom, graphNodeSize(node)), without = drawn(mute, zoom, graphNodeSize(node));
    int rows = 0;
    for (int y = 0; y < with.height(); ++y) {
      bool differs = false;
      for (int x = 0; x < with.width(); ++x) differs = differs || with.pixel(x, y) != without.pixel(x, y);
      rows += differs;
    }
    EXPECT_GE(rows, 6) << "the height of letters at " << zoom;
    EXPECT_EQ(with.pixelColor(2, with.height() > 8 ? 6 : 2), Theme::current().series(0).color) << "its stripe at " << zoom;
  }
  EXPECT_EQ(drawn(node, 0.2, graphNodeSize(node)).pixelColor(8, 3), Theme::current().series(0).color) << "the whole box";
}

TEST(FocusRingTest, FollowsTheKeyboard) {
  QWidget window;
  auto* column = new QVBoxLayout(&window);
  auto* a = new QPushButton(QStringLiteral("a"));
  auto* b = new QLineEdit;
  column->addWidget(a);
  column->addWidget(b);
  window.show();
  window.activateWindow();
  ASSERT_TRUE(QTest::qWaitFor([&] { return window.isActiveWindow(); }));
  a->setFocus(Qt::TabFocusReason);
  auto* ring = Theme::current().findChild<FocusRing*>();
  ASSERT_NE(ring, nullptr);
  EXPECT_EQ(ring->framed(), a);
  QTest::keyClick(a, Qt::Key_Tab);
  EXPECT_EQ(ring->framed(), b);
}

TEST(FocusRingTest, IsNotCutOffByWhatHoldsTheControl) {
  QWidget window;
  auto* column = new QVBoxLayout(&window);
  auto* box = new QWidget;
  auto* tight = new QVBoxLayout(box);
  tight->setContentsMargins(0, 0, 0, 0);
  auto* field = new QLineEdit;
  tight->addWidget(field);
  column->addWidget(box);
  window.show();
  window.activateWindow();
  ASSERT_TRUE(QTest::qWaitFor([&] { return window.isActiveWindow(); }));
  field->setFocus(Qt::TabFocusReason);
  const auto* frame = window.findChild<QFocusFrame*>();
  ASSERT_NE(frame, nullptr);
  EXPECT_TRUE(frame->isVisible());
  EXPECT_TRUE(frame->parentWidget()->rect().contains(frame->geometry()));
}

}  // namespace
}  // namespace dsw
