// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui golden
// Golden pictures of the reusable widgets: light, dark, high contrast, empty, 200 %.
#include <gtest/gtest.h>
#include <QTest>

#include "tests/support/ui/golden.h"
#include "ui/models/cell_roles.h"
#include "ui/models/number_format.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/curve/curve_plot.h"
#include "ui/widgets/curve_view.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/graph_view.h"
#include "ui/widgets/heatmap_view.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/image_grid.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/segmented_control.h"
#include "ui/widgets/sparkline.h"

namespace dsw {
namespace {

/// The same noise on every machine.
double noise(unsigned i) {
  i = (i ^ 61U) ^ (i >> 16U);
  i *= 9U;
  i ^= i >> 4U;
  i *= 0x27d4eb2dU;
  i ^= i >> 15U;
  return static_cast<double>(i % 20011U) / 20011.0 - 0.5;
}

CurveData lossCurves() {
  CurveData data;
  CurveSeries train, val;
  train.id = QStringLiteral("train");
  train.name = QStringLiteral("train");
  val.id = QStringLiteral("val");
  val.name = QStringLiteral("val");
  val.style = 1;
  val.markers = true;
  val.smoothed = false;
  for (int s = 1; s <= 1640; ++s) {
    train.step.push_back(s);
    train.value.push_back(1.75 + 2.5 * std::exp(-s / 180.0) + 0.25 * noise(static_cast<unsigned>(s)));
    if (s % 200 == 0 || s == 1) {
      val.step.push_back(s);
      val.value.push_back(1.9 + 2.4 * std::exp(-s / 190.0));
    }
  }
  data.series = {train, val};
  data.planned_step = 2000;
  return data;
}

CurveData gradientNorms() {
  CurveData data;
  CurveSeries s;
  s.id = s.name = QStringLiteral("train/grad-norm");
  for (int k = 1; k <= 1640; ++k) {
    s.step.push_back(k);
    double v = 0.55 + 2.6 * std::exp(-k / 150.0) + 0.3 * std::abs(noise(static_cast<unsigned>(k)));
    if (k == 960) v = 3.1;
    if (k >= 1200 && k < 1260) v = kNaN;
    s.value.push_back(v);
  }
  data.series = {s};
  data.planned_step = 2000;
  data.limits = {{1.0, QStringLiteral("clip at 1.0")}};
  data.notes = {{s.id, 960, QStringLiteral("3.1 at 960")}};
  data.stripes = {{700, 700, kNaN, kNaN, QStringLiteral("stopped for 16 s")}};
  return data;
}

CurveData seedBands() {
  CurveData data;
  const char* names[] = {"r-0121", "r-0139", "r-0138 × 3", "r-0134 × 3"};
  const int styles[] = {7, 0, 1, 2};
  for (int k = 0; k < 4; ++k) {
    CurveSeries s;
    s.id = s.name = QString::fromUtf8(names[k]);
    s.style = styles[k];
    for (int step = 20; step <= 2000; step += 20) {
      s.step.push_back(step);
      const double v = 1.9 - 0.04 * k + 1.1 * std::exp(-step / 300.0);
      s.value.push_back(v);
      if (k >= 2) {
        s.low.push_back(v - 0.018 - 1.0 / step);
        s.high.push_back(v + 0.018 + 1.0 / step);
      }
    }
    data.series.push_back(s);
  }
  data.band_caption = QStringLiteral("band: min to max over seeds");
  return data;
}

HeatmapData confusion() {
  HeatmapData data;
  data.rows = data.columns = 10;
  data.row_title = QStringLiteral("true");
  data.column_title = QStringLiteral("predicted");
  for (int r = 0; r < 10; ++r) {
    data.row_labels << QString::number(r);
    data.column_labels << QString::number(r);
    for (int c = 0; c < 10; ++c)
      data.values.push_back(r == c ? 960 + 10 * r : std::floor(std::abs(noise(static_cast<unsigned>(r * 10 + c))) * 18));
  }
  return data;
}

GraphData gptGraph() {
  GraphData g;
  const auto node = [&](const char* id, const char* name, const char* foot, const char* frame = "") {
    GraphNode n;
    n.id = QString::fromUtf8(id);
    n.name = QString::fromUtf8(name);
    n.foot = QString::fromUtf8(foot);
    n.frame = QString::fromUtf8(frame);
    if (n.name == QStringLiteral("+")) n.kind = GraphNodeKind::Point;
    g.nodes.push_back(n);
  };
  node("tok", "token embed", "12×64×128");
  node("pos", "position", "64×128");
  node("sum", "+", "");
  node("ln1", "layernorm", "256", "block");
  node("att", "attention", "5 heads of 25.6", "block");
  node("add1", "+", "", "block");
  node("ln2", "layernorm", "256", "block");
  node("mlp", "mlp, gelu", "128→512→128", "block");
  node("add2", "+", "", "block");
  node("out", "logits", "12×64×65");
  g.nodes[4].error = QStringLiteral("head size 128 / 5 is not whole");
  g.frames = {{QStringLiteral("block"), QStringLiteral("block × 4"), QStringLiteral("198 272 parameters each"), {}, {}}};
  const auto edge = [&](const char* a, const char* b, bool residual = false) {
    g.edges.push_back({QString::fromUtf8(a),
                       QString::fromUtf8(b),
                       residual ? GraphEdgeKind::Residual : GraphEdgeKind::Plain,
                       residual ? QStringLiteral("residual") : QString(),
                       {}});
  };
  edge("tok", "sum");
  edge("pos", "sum");
  edge("sum", "ln1");
  edge("ln1", "att");
  edge("att", "add1");
  edge("sum", "add1", true);
  edge("add1", "ln2");
  edge("ln2", "mlp");
  edge("mlp", "add2");
  edge("add1", "add2", true);
  edge("add2", "out");
  return g;
}

GraphData choiceGraph() {
  GraphData g;
  const auto node = [&](const char* id, const char* name, const char* icon, const char* foot) {
    GraphNode n;
    n.id = QString::fromUtf8(id);
    n.name = QString::fromUtf8(name);
    n.icon = QString::fromUtf8(icon);
    n.foot = QString::fromUtf8(foot);
    g.nodes.push_back(n);
    return g.nodes.size() - 1;
  };
  node("in", "tokens", "type", "B × 64");
  node("embed", "embed", "grid-3x3", "→ 64×128");
  const std::size_t mix = node("mix", "context mixing", "shuffle", "");
  g.nodes[mix].rows = {{QStringLiteral("full attention"), QStringLiteral("4.19 M"), 1.0, true},
                       {QStringLiteral("windowed, 16"), QStringLiteral("1.38 M"), 0.33, true},
                       {QStringLiteral("conv, k = 5"), QStringLiteral("0.66 M"), 0.16, true},
                       {QStringLiteral("zero"), QStringLiteral("0"), -1, false}};
  const std::size_t heads = node("heads", "heads", "layout-three-columns", "");
  g.nodes[heads].rows = {{QStringLiteral("2"), QStringLiteral("0.26 M"), 0.3, true},
                         {QStringLiteral("4"), QStringLiteral("0.52 M"), 0.6, true},
                         {QStringLiteral("8"), QStringLiteral("0.87 M"), 1, true}};
  node("conv", "conv, k = 3", "columns-gap", "128 → 64, stride 2");
  g.nodes.back().error = QStringLiteral("conv, k = 3 has no path to the output");
  node("out", "classes", "bullseye", "128 → 2");
  for (const auto& [a, b] : std::vector<std::pair<const char*, const char*>>{
           {"in", "embed"}, {"embed", "mix"}, {"mix", "heads"}, {"heads", "out"}, {"embed", "conv"}})
    g.edges.push_back({QString::fromUtf8(a), QString::fromUtf8(b), GraphEdgeKind::Plain, {}, {}});
  return g;
}

/// A table with every delegate.
std::unique_ptr<QTableView> makeTable() {
  auto view = std::make_unique<QTableView>();
  installTableLook(view.get());
  auto* model = new QStandardItemModel(4, 7, view.get());
  model->setHorizontalHeaderLabels({QStringLiteral("State"), QStringLiteral("Run"), QStringLiteral("val/loss"), QStringLiteral("Best"),
                                    QStringLiteral("Δ to baseline"), QStringLiteral("Progress"), QStringLiteral("Tags")});
  const char* states[] = {"running", "finished", "failed", "stopped"};
  for (int r = 0; r < 4; ++r) {
    const auto set = [&](int c, const QVariant& v, int role) { model->setData(model->index(r, c), v, role); };
    set(0, QString::fromLatin1(states[r]), StatusRole);
    set(1, QStringLiteral("r-01%1").arg(42 - r), Qt::DisplayRole);
    set(1, r, SeriesRole);
    set(1, true, LinkRole);
    QVector<double> spark;
    for (int k = 0; k < 30; ++k)
      spark << (r == 2 && k > 12 ? kNaN : 2 + 2 * std::exp(-k / 6.0) + 0.2 * noise(static_cast<unsigned>(k + 40 * r)));
    set(2, QVariant::fromValue(spark), SparkRole);
    set(3, formatLoss(1.8841 - 0.03 * r), Qt::DisplayRole);
    set(3, r == 1, EmphasisRole);
    set(4, formatDifference(r == 1 ? -0.0905 : 0.0022), Qt::DisplayRole);
    set(4, static_cast<int>(r == 1 ? CellTone::Better : CellTone::Worse), ToneRole);
    set(5, 0.82 - 0.2 * r, FractionRole);
    set(5, QStringLiteral("%1 %").arg(82 - 20 * r), Qt::DisplayRole);
    set(6, QStringList{QStringLiteral("baseline"), QStringLiteral("bf16")}, ChipsRole);
  }
  view->setModel(model);
  view->setItemDelegateForColumn(0, new StateDelegate(view.get()));
  view->setItemDelegateForColumn(2, new SparklineDelegate(view.get()));
  view->setItemDelegateForColumn(3, new NumberDelegate(view.get()));
  view->setItemDelegateForColumn(4, new NumberDelegate(view.get()));
  view->setItemDelegateForColumn(5, new BarDelegate(view.get()));
  view->setItemDelegateForColumn(6, new ChipDelegate(view.get()));
  view->setColumnWidth(0, 110);
  view->setColumnWidth(5, 180);
  view->selectRow(1);
  return view;
}

/// All small controls on one form.
std::unique_ptr<QWidget> makeControls() {
  auto form = std::make_unique<QWidget>();
  auto* column = new QVBoxLayout(form.get());
  column->setContentsMargins(0, 0, 0, 12);
  column->setSpacing(10);
  const auto bar = [&](MessageLevel level, const char* head, const char* text, std::vector<MessageAction> actions) {
    auto* message = new MessageBar;
    message->showMessage(level, QString::fromUtf8(head), QString::fromUtf8(text), std::move(actions));
    column->addWidget(message);
  };
  bar(MessageLevel::Error, "1 problem keeps this from running.",
      "/model/heads is 5, but width 128 needs a divisor: 1, 2, 4, 8, 16, 32, 64 or 128.",
      {{QStringLiteral("Use 4"), {}, {}}, {QStringLiteral("Use 8"), {}, {}}});
  bar(MessageLevel::Warning, "Epoch 21: skip share rose to 0.61, limit 0.60.", "The distribution of epoch 18 was restored.",
      {{QStringLiteral("Go to epoch 21"), {}, {}}});
  bar(MessageLevel::Info, "", "Another window writes this project since 14:02. It opens read-only.", {});
  const auto row = [&](std::initializer_list<QWidget*> widgets) {
    auto* line = new QHBoxLayout;
    line->setContentsMargins(12, 0, 12, 0);
    line->setSpacing(8);
    for (QWidget* w : widgets) line->addWidget(w);
    line->addStretch();
    column->addLayout(line);
  };
  auto* segments =
      new SegmentedControl({QStringLiteral("Step"), QStringLiteral("Epoch"), QStringLiteral("Relative"), QStringLiteral("Clock")});
  segments->setOptionEnabled(3, false);
  auto* field = new QLineEdit(QStringLiteral("0.88"));
  field->setFont(themeFont(FontRole::Number));
  field->setFixedWidth(60);
  auto* check = new QCheckBox(QStringLiteral("Outliers"));
  check->setChecked(true);
  auto* radio = new QRadioButton(QStringLiteral("Best"));
  radio->setChecked(true);
  row({segments, field, check, radio});
  auto* stop = new QPushButton(themeIcon(QStringLiteral("stop-circle")), QStringLiteral("Stop"));
  auto* run = new QPushButton(themeIcon(QStringLiteral("play-fill"), Token::OnAccent), QStringLiteral("Run"));
  run->setProperty("primary", true);
  auto* off = new QPushButton(themeIcon(QStringLiteral("play-fill")), QStringLiteral("Resume"));
  off->setEnabled(false);
  auto* combo = new QComboBox;
  combo->addItem(QStringLiteral("cosine, warm-up 100"));
  auto* invalid = new QLineEdit(QStringLiteral("5"));
  invalid->setProperty("invalid", true);
  invalid->setFixedWidth(80);
  row({stop, run, off, combo, invalid});
  auto* spin = new QSpinBox;
  spin->setValue(12);
  row({new Chip(QStringLiteral("draft of v5")), new Chip(QStringLiteral("live"), ChipTone::Running),
       new Chip(QStringLiteral("best"), ChipTone::Finished), new Chip(QStringLiteral("v4 of v5"), ChipTone::Warning), spin});
  auto* share = new ShareBar;
  share->setShare(0.82);
  share->setFixedWidth(160);
  auto* spark = new Sparkline;
  spark->setValues({4, 3.2, 3.5, 2.6, 2.8, 2.2, 2.0, 2.1, 1.9});
  spark->setFixedWidth(120);
  auto* headline = new ThemedLabel(QStringLiteral("1.8841"), FontRole::Headline);
  auto* elided = new ElidedLabel(QStringLiteral("a long name of an experiment that does not fit"));
  elided->setFixedWidth(150);
  row({share, spark, headline, elided});
  auto* slider = new QSlider(Qt::Horizontal);
  slider->setValue(40);
  auto* progress = new QProgressBar;
  progress->setValue(61);
  progress->setTextVisible(false);
  row({slider, progress});
  column->addStretch();
  return form;
}

struct Look {
  const char* name;
  ThemeChoice theme;
  qreal scale;
};
class Gallery : public testing::TestWithParam<Look> {
 protected:
  void SetUp() override { Theme::current().apply(GetParam().theme); }
  void TearDown() override { Theme::current().apply(ThemeChoice::Light); }
  testing::AssertionResult look(QWidget& w, QSize size, const char* what) {
    return test::looksAsGolden(w, size, QStringLiteral("widgets/%1-%2").arg(QLatin1String(what), QLatin1String(GetParam().name)),
                               GetParam().scale);
  }
};

TEST_P(Gallery, CurveLoss) {
  CurveView view;
  view.setTitle(QStringLiteral("Loss"));
  view.setSmoothing(0.88);
  view.setData(lossCurves());
  view.resize(480, 240);
  view.show();
  QCoreApplication::processEvents();
  QTest::keyClick(view.plot(), Qt::Key_End);
  for (int k = 0; k < 44; ++k) QTest::keyClick(view.plot(), Qt::Key_Left, Qt::ShiftModifier);
  QTest::keyClick(view.plot(), Qt::Key_Return);
  EXPECT_TRUE(look(view, {480, 240}, "curve-loss"));
}

TEST_P(Gallery, CurveGradientNorm) {
  CurveView view;
  view.setTitle(QStringLiteral("Gradient norm"));
  view.setSmoothing(0.88);
  view.setOutliers(true);
  view.setLogY(true);
  view.setData(gradientNorms());
  EXPECT_TRUE(look(view, {480, 240}, "curve-gradient"));
}

TEST_P(Gallery, CurveBands) {
  CurveView view;
  view.setTitle(QStringLiteral("val/loss"));
  view.setData(seedBands());
  view.setXRange(0, 2000);
  EXPECT_TRUE(look(view, {680, 400}, "curve-bands"));
}

TEST_P(Gallery, CurveEmpty) {
  CurveView view;
  view.setTitle(QStringLiteral("Loss"));
  view.setEmpty(QStringLiteral("No points yet. The first one comes after step 1."), QStringLiteral("Open log"));
  EXPECT_TRUE(look(view, {480, 240}, "curve-empty"));
}

TEST_P(Gallery, Heatmap) {
  HeatmapView view;
  view.setCellText([](double v) { return formatCount(v); });
  view.setScale(HeatmapScale::SquareRoot);
  view.setData(confusion());
  view.setCursorCell(3, 5);
  EXPECT_TRUE(look(view, {460, 400}, "heatmap"));
}

TEST_P(Gallery, Controls) {
  auto form = makeControls();
  EXPECT_TRUE(look(*form, {760, 360}, "controls"));
}

TEST_P(Gallery, Table) {
  auto view = makeTable();
  EXPECT_TRUE(look(*view, {860, 140}, "table"));
}

TEST_P(Gallery, Network) {
  GraphView view;
  view.resize(540, 250);
  view.setGraph(gptGraph());
  EXPECT_TRUE(look(view, {540, 250}, "network"));
}

TEST_P(Gallery, Choices) {
  GraphView view;
  view.resize(960, 400);
  view.setGraph(choiceGraph());
  view.selectNode(QStringLiteral("mix"));
  view.setMiniMapVisible(true);
  EXPECT_TRUE(look(view, {960, 400}, "choices"));
}

TEST_P(Gallery, Images) {
  ImageGrid grid;
  QVector<GridImage> images;
  for (int k = 0; k < 14; ++k) {
    QImage digit(28, 28, QImage::Format_Grayscale8);
    for (int y = 0; y < 28; ++y)
      for (int x = 0; x < 28; ++x)
        digit.scanLine(y)[x] = static_cast<uchar>(std::hypot(x - 14, y - 14 - k / 4.0) > 8 && std::hypot(x - 14, y - 14) < 11 ? 230 : 0);
    images << GridImage{digit, QStringLiteral("%1, said %2").arg(k % 10).arg((k + 3) % 10), {}, CellTone::Normal};
  }
  grid.setImages(images);
  grid.setCurrent(2);
  EXPECT_TRUE(look(grid, {460, 190}, "images"));
}

TEST_P(Gallery, Palette) {
  CommandPalette palette;
  palette.setEntries({{QStringLiteral("run.start"),
                       PaletteKind::Command,
                       QStringLiteral("Run"),
                       QStringLiteral("experiment"),
                       QStringLiteral("F5"),
                       QStringLiteral("play-fill"),
                       true,
                       {}},
                      {QStringLiteral("run.resume"), PaletteKind::Command, QStringLiteral("Resume"), QStringLiteral("run"),
                       QStringLiteral("Ctrl+F5"), QStringLiteral("arrow-clockwise"), false, QStringLiteral("r-0142 is running")},
                      {QStringLiteral("run.rename"),
                       PaletteKind::Command,
                       QStringLiteral("Rename"),
                       QStringLiteral("experiment, run"),
                       QStringLiteral("F2"),
                       QStringLiteral("pencil"),
                       true,
                       {}},
                      {QStringLiteral("r-0142"),
                       PaletteKind::Object,
                       QStringLiteral("r-0142 shakespeare-char"),
                       QStringLiteral("running, val/loss 1.9127"),
                       {},
                       QStringLiteral("activity"),
                       true,
                       {}}});
  palette.field()->setText(QStringLiteral("re"));
  EXPECT_TRUE(look(palette, {560, 160}, "palette"));
}

INSTANTIATE_TEST_SUITE_P(Looks, Gallery,
                         testing::Values(Look{"light", ThemeChoice::Light, 1}, Look{"dark", ThemeChoice::Dark, 1},
                                         Look{"contrast", ThemeChoice::Contrast, 1}, Look{"light-200", ThemeChoice::Light, 2}),
                         [](const auto& made) {
                           return QString::fromLatin1(made.param.name).replace(QLatin1Char('-'), QLatin1Char('_')).toStdString();
                         });

}  // namespace
}  // namespace dsw
