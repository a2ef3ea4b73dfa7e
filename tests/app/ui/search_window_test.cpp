// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// TIMEOUT: 240
// SERIAL
// The dashboard of a search as a person uses it, by mouse and keys: replay, edges, collapse, charts, export, derive and retrain.
#include <gtest/gtest.h>

#include <QAbstractButton>
#include <QAction>
#include <QFile>
#include <QTest>

#include "engine/workspace.h"
#include "tests/support/search_project.h"
#include "tests/support/ui/window_test_main.h"
#include "ui/models/app_settings.h"
#include "ui/models/arm_table_model.h"
#include "ui/models/command_registry.h"
#include "ui/models/number_format.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/panels/comparison_body.h"
#include "ui/panels/search_body.h"
#include "ui/panels/search_picture.h"
#include "ui/widgets/curve/curve_plot.h"
#include "ui/widgets/fact_line.h"
#include "ui/widgets/fact_sheet.h"
#include "ui/widgets/graph/graph_scene.h"
#include "ui/widgets/graph_view.h"
#include "ui/widgets/interval_view.h"
#include "ui/widgets/json_edit.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/shell/document_area.h"
#include "ui/widgets/shell/document_panel.h"
#include "ui/widgets/shell/main_window.h"
#include "ui/widgets/shell/panel_registry.h"
#include "ui/widgets/stacked_history.h"
#include "ui/widgets/time_slider.h"

namespace dsw {
namespace {

class SearchWindow : public ::testing::Test {
 protected:
  void SetUp() override {
    registerPanels(registry_);
    settings_ = std::make_unique<AppSettings>(QString::fromStdString((folder_ / "settings.ini").string()));
    window_ = std::make_unique<MainWindow>(workspace_, *settings_, registry_);
    window_->resize(1440, 900);
    window_->show();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    window_->openProject(QString::fromStdString(project_.path().string()), false);
    ASSERT_TRUE(waitFor([&] { return data().state() == ProjectData::State::Ready; }));
  }
  void TearDown() override { window_.reset(); }
  static bool waitFor(const std::function<bool()>& condition, int ms = 30'000) { return QTest::qWaitFor(condition, ms); }
  ProjectData& data() { return window_->context().project; }
  DocumentPanel* front() { return window_->documents().active(); }

  void open(const char* name) {
    window_->open({kind::kRun, QString::fromStdString(project_.id(name)), {}});
    ASSERT_TRUE(waitFor([&] { return front()->findChild<SearchBody*>() && front()->findChild<SearchBody*>()->model().isRead(); }));
    body_ = front()->findChild<SearchBody*>();
    picture_ = front()->findChild<SearchPicture*>();
    view_ = picture_->view();
    slider_ = front()->findChild<TimeSlider*>();
    QTest::qWait(20);
  }
  QStringList facts() { return qobject_cast<FactSheet*>(front()->inspector())->lines(); }
  bool says(const QString& text) { return facts().join('\n').contains(text); }
  QString valueOf(const QString& label) {
    for (const QString& line : facts())
      if (line.startsWith(label + ": ")) return line.mid(label.size() + 2);
    return {};
  }
  const GraphNode& node(const QString& id) {
    const auto& nodes = view_->graph().nodes;
    return *std::find_if(nodes.begin(), nodes.end(), [&](const GraphNode& n) { return n.id == id; });
  }
  void clickNode(const QString& id) {
    GraphNodeItem* item = view_->graphScene()->node(id);
    ASSERT_NE(item, nullptr);
    QTest::mouseClick(view_->viewport(), Qt::LeftButton, {}, view_->mapFromScene(item->mapToScene(item->box().center())));
  }
  void press(QWidget* widget, Qt::Key key, Qt::KeyboardModifiers modifiers = {}) {
    widget->setFocus();
    QTest::keyClick(widget, key, modifiers);
  }
  QAbstractButton* button(const QString& text) {
    for (QAbstractButton* candidate : front()->findChildren<QAbstractButton*>())
      if (candidate->isVisible() && (candidate->text() == text || candidate->accessibleName() == text)) return candidate;
    return nullptr;
  }

  SearchProject project_;
  TempFolder folder_;
  PanelRegistry registry_;
  Workspace workspace_;
  std::unique_ptr<AppSettings> settings_;
  std::unique_ptr<MainWindow> window_;
  SearchBody* body_ = nullptr;
  SearchPicture* picture_ = nullptr;
  GraphView* view_ = nullptr;
  TimeSlider* slider_ = nullptr;
};

TEST_F(SearchWindow, ShowsWhatWasDecidedAndWhatItWouldCost) {
  open("open");
  EXPECT_EQ(view_->graph().nodes.size(), 10U) << "four nodes and six plates";
  EXPECT_EQ(node("choice:0").name, "conv 3×3");
  EXPECT_EQ(slider_->value(), 31);
  const QString line = front()->findChild<FactLine*>()->text();
  EXPECT_TRUE(line.contains("Epoch 31 of 50")) << line.toStdString();
  EXPECT_TRUE(line.contains("derived") && line.contains("expected") && line.contains("to target")) << line.toStdString();
  EXPECT_TRUE(line.contains("limit 0.60") && line.contains("limit 0.45")) << line.toStdString();
  EXPECT_TRUE(says("If derived now"));
  EXPECT_TRUE(says("|nor_conv_3x3~0|"));
  EXPECT_EQ(body_->charts().cost()->data().limits.size(), 1U);
  EXPECT_EQ(body_->charts().skipShare()->data().marks.size(), 1U);
  EXPECT_EQ(body_->charts().evaluated(), 5 * 32);
}

TEST_F(SearchWindow, AnEdgeThatIsClickedTellsItsHistory) {
  open("open");
  clickNode("choice:4");
  EXPECT_TRUE(says("Edge 1 → out"));
  EXPECT_EQ(valueOf("Edge weight"), "0.31");
  auto* history = front()->inspector()->findChild<StackedHistory*>();
  ASSERT_NE(history, nullptr);
  EXPECT_EQ(history->data().at.size(), 32U);
  const QString now = valueOf("Entropy");

  press(slider_, Qt::Key_Home);
  EXPECT_EQ(body_->model().epoch(), 0);
  EXPECT_TRUE(says("Edge 1 → out")) << "the selection stays";
  EXPECT_EQ(valueOf("Entropy"), "1.00 of 1");
  EXPECT_NE(valueOf("Entropy"), now);
  EXPECT_EQ(node("choice:4").value, "0.20");
  EXPECT_TRUE(says("If derived then"));
  press(view_, Qt::Key_Escape);
  EXPECT_FALSE(says("Edge 1 → out"));
  EXPECT_EQ(valueOf("Algorithm"), "beta-darts");
  press(view_, Qt::Key_Right);
  EXPECT_FALSE(view_->selectedNode().isEmpty()) << "the arrows walk the graph";
}

TEST_F(SearchWindow, TheSliderAndTheChartsShowOneEpoch) {
  open("cell");
  CurveView* cost = body_->charts().cost();
  QTest::mouseClick(cost->plot()->viewport(), Qt::LeftButton, {}, cost->plot()->viewport()->rect().center());
  const int chosen = body_->model().epoch();
  EXPECT_GT(chosen, 15);
  EXPECT_LT(chosen, 35);
  EXPECT_EQ(slider_->value(), chosen);
  EXPECT_FALSE(body_->model().isLive());
  press(slider_, Qt::Key_J);
  EXPECT_EQ(body_->model().epoch(), sample_search::kCollapse);
  EXPECT_NEAR(body_->charts().loss()->plot()->crosshairStep(), sample_search::kCollapse * sample_search::kStepsPerEpoch, 0.5);
  press(slider_, Qt::Key_End);
  EXPECT_TRUE(body_->model().isLive());
  EXPECT_TRUE(std::isnan(body_->charts().loss()->plot()->crosshairStep()));
}

TEST_F(SearchWindow, ACollapseIsSaidAndCanBeGoneTo) {
  open("cell");
  EXPECT_TRUE(front()->messages().message().startsWith("Epoch 21: skip share rose to 0.61, limit 0.60."));
  QAbstractButton* go = button("Go to epoch 21");
  ASSERT_NE(go, nullptr);
  QTest::mouseClick(go, Qt::LeftButton);
  EXPECT_EQ(body_->model().epoch(), 21);
  EXPECT_EQ(node("choice:4").name, "skip");
  EXPECT_TRUE(front()->findChild<FactLine*>()->text().contains("skip share 0."));
}

TEST_F(SearchWindow, OtherChoicesStandInTheNetwork) {
  open("chain");
  ASSERT_GT(view_->graph().nodes.size(), 6U);
  const GraphNode& mix = node("choice:0");
  EXPECT_EQ(mix.rows.size(), 4U);
  EXPECT_EQ(mix.rows[1].text, "attention, window 16");
  EXPECT_TRUE(mix.rows[1].strong);
  EXPECT_EQ(node("choice:1").rows.size(), 3U) << "an open size stands in its layer";
  EXPECT_EQ(node("choice:4").rows.size(), 2U) << "an open depth";
  for (const GraphNode& one : view_->graph().nodes) EXPECT_FALSE(one.id.startsWith("encoder-1-mix-")) << "candidates stand in their choice";
  const auto& edges = view_->graph().edges;
  EXPECT_TRUE(std::any_of(edges.begin(), edges.end(), [](const GraphEdge& e) { return e.from == "encoder-1-norm" && e.to == "choice:0"; }));
  clickNode("choice:4");
  EXPECT_TRUE(says("depth"));
}

TEST_F(SearchWindow, DerivesAndRetrains) {
  open("cell");
  ASSERT_TRUE(waitFor([&] { return button("Derive now") != nullptr; }));
  const std::size_t before = data().experiments().size();
  press(view_, Qt::Key_E, Qt::ControlModifier);
  ASSERT_TRUE(waitFor([&] { return front()->ref().kind == kind::kExperiment && front()->findChild<JsonEdit*>(); }));
  EXPECT_TRUE(waitFor([&] { return front()->findChild<JsonEdit*>()->toPlainText().contains("beta-darts, seed 1"); }));
  EXPECT_EQ(data().experiments().size(), before + 1);

  open("cell");
  QTest::mouseClick(button("Retrain"), Qt::LeftButton);
  ASSERT_TRUE(waitFor([&] { return front()->ref().kind == kind::kRun && front()->ref().id.toStdString() != project_.id("cell"); }));
  const QString run = front()->ref().id;
  EXPECT_TRUE(waitFor([&] { return data().run(run) && data().run(run)->status == RunStatus::Finished; }, 60'000));
  EXPECT_EQ(data().run(run)->task, "train");
}

TEST_F(SearchWindow, DerivesWhatAnEarlierEpochWouldHaveGiven) {
  open("open");
  body_->model().showEpoch(10);
  ASSERT_TRUE(waitFor([&] { return button("Derive now") != nullptr; }));
  QTest::mouseClick(button("Derive now"), Qt::LeftButton);
  ASSERT_TRUE(waitFor([&] { return front()->ref().kind == kind::kExperiment && front()->findChild<JsonEdit*>(); }));
  EXPECT_TRUE(waitFor([&] { return front()->findChild<JsonEdit*>()->toPlainText().contains("seed 1, epoch 10"); }));
  EXPECT_TRUE(front()->findChild<JsonEdit*>()->toPlainText().contains("relu-conv-bn"));
}

TEST_F(SearchWindow, APinnedRunIsWhatCostsAreAgainst) {
  open("cell");
  window_->context().actions.setBaseline(QString::fromStdString(project_.id("plain")));
  ASSERT_TRUE(waitFor([&] { return says("Against r-0007 mnist-plain"); }));
  EXPECT_TRUE(valueOf("Against r-0007 mnist-plain").startsWith(kMinus)) << valueOf("Against r-0007 mnist-plain").toStdString();
  EXPECT_TRUE(std::isfinite(body_->charts().plane()->pixel("baseline").x()));
}

TEST_F(SearchWindow, PicturesAreWrittenAsDrawings) {
  open("cell");
  const QString path = QString::fromStdString((folder_ / "cell.svg").string());
  ASSERT_TRUE(writeFigureSvg(picture_->figure(), path));
  QFile file(path);
  ASSERT_TRUE(file.open(QIODevice::ReadOnly));
  const QString text = QString::fromUtf8(file.readAll());
  EXPECT_TRUE(text.contains("<svg"));
  EXPECT_TRUE(text.contains("epoch: 50"));
  EXPECT_TRUE(text.contains("conv 3×3"));
  EXPECT_GE(text.count("<path"), 12) << "six edges, six plates";
  EXPECT_FALSE(body_->charts().plane()->figure().csv().isEmpty());
}

TEST_F(SearchWindow, AComparisonSaysWhetherItWasWorthIt) {
  window_->open({kind::kRun, QString::fromStdString(project_.id("compared")), {}});
  ASSERT_TRUE(
      waitFor([&] { return front()->findChild<ComparisonBody*>() && !front()->findChild<ComparisonBody*>()->report().arms.empty(); }));
  const auto* body = front()->findChild<ComparisonBody*>();
  EXPECT_EQ(body->findChild<FactLine*>()->text(), "Training 10 of 15, saving 47.5 % of the FLOPs");
  const QStringList arms = body->findChild<ArmTableModel*>()->lines();
  ASSERT_EQ(arms.size(), 4) << arms.join('\n').toStdString();
  EXPECT_TRUE(arms[0].startsWith("baseline (a)  4.00 M  100.0 %")) << arms[0].toStdString();
  EXPECT_TRUE(arms[3].startsWith("derived (d)  2.10 M  52.5 %")) << arms[3].toStdString();
  EXPECT_TRUE(body->findChild<IntervalView*>()->accessibleDescription().startsWith("d against a +1.00"))
      << body->findChild<IntervalView*>()->accessibleDescription().toStdString();
  EXPECT_TRUE(says("Random networks: 1")) << facts().join('\n').toStdString();
  QString all;
  for (const QLabel* label : body->findChildren<QLabel*>()) all += label->text() + '\n';
  EXPECT_TRUE(all.contains("So far: The derived network takes 52.5 %")) << all.toStdString();
}

TEST_F(SearchWindow, SearchesThatToldLittle) {
  open("fresh");
  EXPECT_EQ(view_->graph().nodes.size(), 0U);
  EXPECT_TRUE(says("Appears with the first epoch."));
  EXPECT_EQ(button("Derive now"), nullptr) << "there is nothing to derive";
  EXPECT_FALSE(window_->context().commands.action("search.derive")->isEnabled());
  press(slider_, Qt::Key_Right);
  press(view_, Qt::Key_Right);

  open("failed");
  EXPECT_TRUE(front()->messages().message().contains("became NaN"));
  EXPECT_EQ(slider_->value(), 3);

  open("damaged");
  EXPECT_EQ(body_->model().data().damaged(), 3);
  EXPECT_EQ(slider_->value(), 4);
  press(slider_, Qt::Key_Left);
  EXPECT_EQ(slider_->value(), 3);
  EXPECT_EQ(body_->model().now()->epoch, 0) << "what cannot be read is left out";
  press(view_, Qt::Key_Escape);
  EXPECT_TRUE(says("3 samples of this search cannot be read"));
}

}  // namespace
}  // namespace dsw

int main(int argc, char** argv) { return dsw::test::runWindowTests(argc, argv); }
