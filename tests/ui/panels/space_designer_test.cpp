// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// TIMEOUT: 300
// The canvas of a search space, drawn on by keys and mouse as a person would.
#include "ui/panels/designer/space_designer.h"

#include <gtest/gtest.h>

#include <QApplication>
#include <QClipboard>
#include <QDropEvent>
#include <QLineEdit>
#include <QMimeData>
#include <QSignalSpy>
#include <QTest>

#include <QTreeWidget>
#include <ctime>

#include "engine/data/dataset_cache.h"
#include "engine/workspace.h"
#include "ui/models/command_registry.h"
#include "ui/models/spec_document.h"
#include "ui/models/work_pool.h"
#include "ui/panels/designer/space_drawing.h"
#include "ui/panels/designer/space_inspector.h"
#include "ui/panels/designer/space_outline.h"
#include "ui/panels/designer/space_palette.h"
#include "ui/panels/designer/space_status.h"
#include "ui/widgets/graph/graph_scene.h"
#include "ui/widgets/param_row.h"
#include "ui/widgets/shell/commands.h"

namespace dsw {
namespace {

class SpaceDesignerTest : public ::testing::Test {
 protected:
  SpaceDesignerTest() : data_(catalog()), document_(catalog(), data_), commands_(nullptr) {}
  void SetUp() override {
    addCommands(commands_);
    designer_ = std::make_unique<SpaceDesigner>(document_, catalog(), data_, commands_);
    designer_->canvas()->addActions(commands_.actions(CommandContext::Canvas));
    commands_.setRouter([this] { return std::vector<CommandTarget*>{designer_.get()}; });
    QObject::connect(designer_.get(), &SpaceDesigner::refused, designer_.get(), [this](const QString& why) { refused_ = why; });
    designer_->resize(1100, 720);
    designer_->show();
    ASSERT_TRUE(QTest::qWaitForWindowActive(designer_.get()));
  }
  void TearDown() override {
    designer_.reset();
    workPool().waitForDone();  // checks that began still read the data
  }
  static const Catalog& catalog() {
    static const Catalog* const kCatalog = [] {
      auto* made = new Catalog;
      register_builtins(*made);
      made->freeze();
      return made;
    }();
    return *kCatalog;
  }
  /// The network's nodes as JSON; the data are pictures of 28 × 28.
  void load(const std::string& model) {
    document_.load(QString::fromStdString(R"({"deepshock": 1, "task": "search", "name": "s",
      "data": {"type": "images", "source": "builtin:mnist"}, "search": {"cost": {"target": 2000000}},
      "model": )" + model + "}"),
                   ".");
    canvas()->fit();
    canvas()->setFocus();
    ASSERT_TRUE(
        QTest::qWaitFor([&] { return canvas()->hasFocus() && designer_->facts() && designer_->facts()->input_shape.rank() == 4; }, 20'000));
  }
  ::testing::AssertionResult known() {
    const bool is = QTest::qWaitFor(
        [&] { return designer_->facts() && designer_->facts()->whole && document_.errorCount() == 0 && !document_.checking(); }, 20'000);
    if (is) return ::testing::AssertionSuccess();
    ::testing::AssertionResult not_known = ::testing::AssertionFailure();
    for (const Problem& problem : document_.problems()) not_known << problem.pointer << ": " << problem.message << "\n";
    return not_known << document_.text().toStdString();
  }
  GraphEditor* canvas() { return designer_->canvas(); }
  void press(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) {
    QWidget* focus = QApplication::focusWidget();
    QTest::keyClick(focus ? focus : canvas(), key, modifiers);
  }
  void type(const char* text) { QTest::keyClicks(QApplication::focusWidget(), text); }
  /// Space, some letters, Enter.
  void add(const char* text) {
    press(Qt::Key_Space);
    ASSERT_EQ(QApplication::focusWidget(), designer_->palette()->field());
    type(text);
    press(Qt::Key_Return);
    ASSERT_EQ(QApplication::focusWidget(), canvas());
  }
  const Json& model() { return document_.json()["model"]; }
  const Json& node(const char* id) {
    static const Json kNone;
    const Json* at = spaceNode(model(), {"", id});
    return at ? *at : kNone;
  }
  QPoint at(const QString& id, std::optional<bool> out = {}) {
    const GraphNodeItem* item = canvas()->graphScene()->node(id);
    EXPECT_NE(item, nullptr) << id.toStdString();
    if (!item) return {};
    return canvas()->mapFromScene(item->mapToScene(out ? item->port(*out) : QPointF(item->box().center().x(), item->box().center().y())));
  }
  void drag(QPoint from, QPoint to, Qt::KeyboardModifiers modifiers = {}, bool drop = true) {
    QWidget* port = canvas()->viewport();
    QTest::mousePress(port, Qt::LeftButton, modifiers, from);
    for (const double share : {0.2, 0.6, 1.0}) {
      const QPointF now = QPointF(from) + share * QPointF(to - from);
      QMouseEvent move(QEvent::MouseMove, now, port->mapToGlobal(now), Qt::NoButton, Qt::LeftButton, modifiers);
      QApplication::sendEvent(port, &move);
    }
    if (drop) QTest::mouseRelease(port, Qt::LeftButton, modifiers, to);
  }
  QString undoText() { return document_.undoStack().undoText(); }

  DatasetCache data_;
  SpecDocument document_;
  CommandRegistry commands_;
  std::unique_ptr<SpaceDesigner> designer_;
  QString refused_;
};

constexpr const char* kChain = R"({"type": "space", "output": "logits", "nodes": [
  {"id": "stem", "op": "conv2d", "inputs": ["input"], "out": 8},
  {"id": "mix", "op": "choice", "inputs": ["stem"], "candidates": [{"op": "identity"}, {"op": "conv2d", "out": 8}]},
  {"id": "flat", "op": "flatten", "inputs": ["mix"]},
  {"id": "logits", "op": "logits", "inputs": ["flat"]}]})";

TEST_F(SpaceDesignerTest, FromAnEmptySpaceToAValidOneByKeysAlone) {
  load(R"({"type": "space", "nodes": []})");
  add("convolution");
  EXPECT_EQ(node("conv2d")["inputs"], Json::array({"input"}));
  EXPECT_EQ(designer_->selected(), QStringList{"conv2d"});
  EXPECT_EQ(undoText(), "Add conv2d");
  ASSERT_TRUE(QTest::qWaitFor([&] { return designer_->facts()->node("conv2d") != nullptr; }, 10'000))
      << "its shape is known while it is drawn";
  add("activation");
  press(Qt::Key_H);
  EXPECT_EQ(node("activation")["op"], "choice");
  EXPECT_EQ(undoText(), "Leave activation open");
  add("flatten");
  EXPECT_EQ(node("flatten")["inputs"], Json::array({"activation"})) << "behind what was selected";
  add("logits");
  EXPECT_EQ(spaceOutput(model()), "logits");
  ASSERT_TRUE(known());
  EXPECT_EQ(designer_->facts()->architectures, 2);
  const QString line = designer_->findChild<SpaceStatus*>()->text();
  EXPECT_TRUE(line.startsWith("Architectures 2, FLOPs ")) << line.toStdString();
  EXPECT_FALSE(line.contains("problem")) << line.toStdString();
}

TEST_F(SpaceDesignerTest, ConnectsByDragAndSaysWhyNot) {
  load(kChain);
  ASSERT_TRUE(QTest::qWaitFor([&] { return designer_->facts()->node("flat") != nullptr; }, 10'000));
  drag(at("stem", true), at("flat", false));
  EXPECT_EQ(node("flat")["inputs"], Json::array({"stem"}));
  EXPECT_EQ(undoText(), "Connect stem to flat");
  // A cycle: nothing happens, and the box says why while the edge is held there.
  drag(at("flat", true), at("stem", false), {}, false);
  EXPECT_TRUE(canvas()->verdictText().contains("cycle")) << canvas()->verdictText().toStdString();
  QTest::mouseRelease(canvas()->viewport(), Qt::LeftButton, {}, at("stem", false));
  EXPECT_EQ(node("stem")["inputs"], Json::array({"input"}));
  EXPECT_TRUE(canvas()->verdictText().isEmpty());
  // An edge is taken off its inlet: dropped on the ground it is gone.
  drag(at("flat", false), at("flat", false) + QPoint(-30, 180));
  EXPECT_EQ(node("flat")["inputs"], Json::array());
  EXPECT_EQ(undoText(), "Disconnect stem from flat");
}

TEST_F(SpaceDesignerTest, KeysConnectAndTabTakesTheFix) {
  load(R"({"type": "space", "output": "logits", "nodes": [
    {"id": "stem", "op": "conv2d", "inputs": ["input"], "out": 8},
    {"id": "half", "op": "maxpool2d", "inputs": ["stem"]},
    {"id": "sum", "op": "add", "inputs": ["half"]},
    {"id": "flat", "op": "flatten", "inputs": ["sum"]},
    {"id": "logits", "op": "logits", "inputs": ["flat"]}]})");
  ASSERT_TRUE(QTest::qWaitFor([&] { return designer_->facts()->node("half") != nullptr; }, 10'000));
  const QString why = QString::fromUtf8("sum takes 8×14×14; this gives 8×28×28");
  const auto aim = [&] {
    canvas()->setSelection({"stem"});
    press(Qt::Key_K);
    for (int step = 0; step < 6 && !canvas()->verdictText().contains(why); ++step) press(Qt::Key_Right);
    return canvas()->verdictText();
  };
  EXPECT_TRUE(aim().contains(why)) << canvas()->verdictText().toStdString();
  press(Qt::Key_Return);
  EXPECT_TRUE(canvas()->isConnecting()) << "what is not legal is not made";
  press(Qt::Key_Escape);
  EXPECT_FALSE(canvas()->isConnecting());
  EXPECT_EQ(node("sum")["inputs"], Json::array({"half"}));
  EXPECT_TRUE(aim().contains("Insert")) << canvas()->verdictText().toStdString();
  press(Qt::Key_Tab);
  EXPECT_EQ(node("sum")["inputs"].size(), 2u);
  EXPECT_EQ(model()["nodes"].size(), 6u) << "what makes the shapes agree stands between";
  ASSERT_TRUE(QTest::qWaitFor([&] { return designer_->facts()->node("conv2d") != nullptr && !document_.checking(); }, 20'000));
  EXPECT_TRUE(QTest::qWaitFor([&] { return canvas()->graphScene()->node("sum")->node().error.isEmpty(); }, 5'000))
      << canvas()->graphScene()->node("sum")->node().error.toStdString();
}

TEST_F(SpaceDesignerTest, EdgesDroppedOnTheGroundOfferWhatFits) {
  load(kChain);
  ASSERT_TRUE(QTest::qWaitFor([&] { return designer_->facts()->node("stem") != nullptr; }, 10'000));
  drag(at("stem", true), at("stem", true) + QPoint(60, 200));
  auto* offers = canvas()->findChild<SpacePalette*>();
  ASSERT_TRUE(offers->isVisible());
  EXPECT_TRUE(offers->shown().contains("Convolution"));
  EXPECT_FALSE(offers->shown().contains("Attention")) << "it reads tokens";
  type("batch norm");
  press(Qt::Key_Return);
  EXPECT_FALSE(offers->isVisible());
  EXPECT_EQ(node("batchnorm2d")["inputs"], Json::array({"stem"}));
  EXPECT_TRUE(model()["layout"].contains("batchnorm2d")) << "where it was dropped";
  EXPECT_TRUE(model()["layout"].contains("stem")) << "and the others stay where they were";
  EXPECT_EQ(spaceOutput(model()), "logits");
}

TEST_F(SpaceDesignerTest, APaletteEntryIsDroppedIntoAnEdge) {
  load(kChain);
  const GraphEdgeItem* edge = nullptr;
  for (const GraphEdgeItem* e : canvas()->graphScene()->edges())
    if (e->edge().id == "stem>mix") edge = e;
  ASSERT_NE(edge, nullptr);
  const QPoint middle = canvas()->mapFromScene(edge->path().pointAtPercent(0.5));
  QMimeData data;
  data.setData(SpacePalette::mimeType(), R"({"op": "batchnorm2d"})");
  QDragEnterEvent enter(middle, Qt::CopyAction, &data, Qt::LeftButton, {});
  QApplication::sendEvent(canvas()->viewport(), &enter);
  QDropEvent drop(QPointF(middle), Qt::CopyAction, &data, Qt::LeftButton, {});
  QApplication::sendEvent(canvas()->viewport(), &drop);
  EXPECT_EQ(node("mix")["inputs"], Json::array({"batchnorm2d"}));
  EXPECT_EQ(undoText(), "Insert batchnorm2d before mix");
}

TEST_F(SpaceDesignerTest, MovingIsKeptAndLKeepsNothing) {
  load(kChain);
  const QPointF before = canvas()->graphScene()->rectOf("flat").topLeft(), other = canvas()->graphScene()->rectOf("mix").topLeft();
  canvas()->setSelection({"flat"});
  press(Qt::Key_Down);
  press(Qt::Key_Down, Qt::ShiftModifier);
  EXPECT_EQ(canvas()->graphScene()->rectOf("flat").topLeft(), before + QPointF(0, 72));
  EXPECT_EQ(canvas()->graphScene()->rectOf("mix").topLeft(), other);
  EXPECT_EQ(undoText(), "Move flat");
  document_.undoStack().undo();
  EXPECT_FALSE(model().contains("layout")) << "steps of one place after another are one";
  drag(at("flat"), at("flat") + QPoint(0, 80));
  EXPECT_TRUE(model().contains("layout"));
  press(Qt::Key_L);
  EXPECT_FALSE(model().contains("layout"));
  EXPECT_EQ(undoText(), "Lay out");
}

TEST_F(SpaceDesignerTest, CellsAreMadeOpenedChangedAndTakenApart) {
  load(kChain);
  canvas()->setSelection({"stem", "mix"});
  press(Qt::Key_G, Qt::ControlModifier);
  ASSERT_TRUE(model()["cells"].contains("cell")) << refused_.toStdString();
  EXPECT_EQ(designer_->selected(), QStringList{"cell"});
  press(Qt::Key_Return);
  ASSERT_NE(canvas()->graphScene()->frame("cell"), nullptr) << "open in place";
  ASSERT_NE(canvas()->graphScene()->node("cell/mix"), nullptr);
  canvas()->setSelection({"cell/stem"});
  add("batch norm");
  EXPECT_EQ(model()["cells"]["cell"]["nodes"].size(), 3u) << "behind what is selected, within the cell";
  commands_.run("object.archive");
  EXPECT_EQ(model()["cells"]["cell"]["nodes"].size(), 2u);
  EXPECT_EQ(designer_->selected(), QStringList{"cell/stem"});
  press(Qt::Key_Escape);
  EXPECT_EQ(designer_->selected(), QStringList{"cell"});
  press(Qt::Key_Escape);
  EXPECT_EQ(canvas()->graphScene()->frame("cell"), nullptr);
  press(Qt::Key_G, Qt::ControlModifier | Qt::ShiftModifier);
  EXPECT_EQ(model()["nodes"].size(), 4u);
  ASSERT_TRUE(known());
}

TEST_F(SpaceDesignerTest, CopyCutPasteDuplicateDelete) {
  load(kChain);
  canvas()->setSelection({"mix"});
  ASSERT_TRUE(commands_.run("edit.copy"));
  ASSERT_TRUE(commands_.run("edit.paste"));
  EXPECT_EQ(designer_->selected(), QStringList{"mix-2"});
  EXPECT_EQ(undoText(), "Paste");
  ASSERT_TRUE(commands_.run("object.duplicate"));
  EXPECT_EQ(designer_->selected(), QStringList{"mix-3"});
  ASSERT_TRUE(commands_.run("edit.cut"));
  EXPECT_TRUE(node("mix-3").is_null());
  canvas()->setSelection({"mix"});
  ASSERT_TRUE(commands_.run("object.archive"));
  EXPECT_EQ(node("flat")["inputs"], Json::array({"stem"})) << "the chain closes";
  QApplication::clipboard()->setText("not JSON");
  EXPECT_FALSE(commands_.run("edit.paste"));
  ASSERT_TRUE(commands_.run("edit.select-all"));
  ASSERT_TRUE(commands_.run("object.archive"));
  EXPECT_TRUE(model()["nodes"].empty());
}

TEST_F(SpaceDesignerTest, TheInspectorChangesNamesSettingsAndCandidates) {
  load(kChain);
  SpaceInspector inspector(*designer_);
  inspector.resize(268, 700);
  inspector.show();
  ASSERT_TRUE(known());
  canvas()->setSelection({"stem"});
  const auto row = [&](const char* label) -> ParamRow* {
    for (ParamRow* r : inspector.rows())
      if (r->control()->accessibleName() == label) return r;
    return nullptr;
  };
  ASSERT_NE(row("Channels"), nullptr);
  auto* channels = qobject_cast<QLineEdit*>(row("Channels")->control());
  channels->selectAll();
  QTest::keyClicks(channels, "12");
  EXPECT_EQ(node("stem")["out"], 12);
  channels->selectAll();
  QTest::keyClicks(channels, "stream: 4, 8");
  EXPECT_EQ(node("stem")["out"], Json::parse(R"({"choice": [4, 8], "name": "stream"})"));
  channels->selectAll();
  QTest::keyClicks(channels, "12");
  auto* id = qobject_cast<QLineEdit*>(row("Id")->control());
  id->selectAll();
  QTest::keyClicks(id, "first");
  QTest::keyClick(id, Qt::Key_Return);
  EXPECT_EQ(node("mix")["inputs"], Json::array({"first"}));
  canvas()->setSelection({"mix"});
  ASSERT_NE(inspector.candidates(), nullptr);
  EXPECT_EQ(inspector.candidates()->topLevelItemCount(), 2);
  ASSERT_TRUE(QTest::qWaitFor([&] { return inspector.candidates()->topLevelItem(1)->text(0) == "conv 3×3"; }, 5000));
  inspector.candidates()->setCurrentItem(inspector.candidates()->topLevelItem(1));
  ASSERT_TRUE(QTest::qWaitFor([&] { return row("Kernel") != nullptr; }, 2000));
  auto* kernel = qobject_cast<QLineEdit*>(row("Kernel")->control());
  kernel->selectAll();
  QTest::keyClicks(kernel, "5");
  EXPECT_EQ(node("mix")["candidates"][1]["kernel"], 5);
}

TEST_F(SpaceDesignerTest, AnEdgeOfAWebShowsTheCandidatesOfItsCell) {
  load(
      R"({"type": "space", "output": "logits", "cells": {"web": {"nodes": 3, "candidates": [{"op": "identity"}, {"op": "zero"}]}}, "nodes": [
    {"id": "stem", "op": "conv2d", "inputs": ["input"], "out": 8},
    {"id": "mix", "op": "cell", "cell": "web", "inputs": ["stem"]},
    {"id": "flat", "op": "flatten", "inputs": ["mix"]},
    {"id": "logits", "op": "logits", "inputs": ["flat"]}]})");
  SpaceInspector inspector(*designer_);
  canvas()->setSelection({"mix"});
  press(Qt::Key_Return);
  for (const char* chosen : {"mix/0>mix/2", "mix/1"}) {
    canvas()->setSelection({"flat"});
    canvas()->setSelection({chosen});
    EXPECT_EQ(designer_->subject(), "mix") << chosen;
    const auto* candidates = inspector.findChild<QTreeWidget*>();
    ASSERT_NE(candidates, nullptr) << chosen;
    EXPECT_EQ(candidates->topLevelItemCount(), 2);
  }
  canvas()->setSelection({"stem>mix/*input"});
  EXPECT_EQ(designer_->subject(), "") << "an edge between layers has nothing to set";
}

TEST_F(SpaceDesignerTest, BadInputIsSaidAtItsPlace) {
  load(R"({"type": "space", "output": "logits", "nodes": [
    {"id": "stem", "op": "conv2d", "inputs": ["input"], "out": 8},
    {"id": "one", "op": "choice", "inputs": ["stem"], "candidates": [{"op": "identity"}]},
    {"id": "loose", "op": "flatten", "inputs": []},
    {"id": "flat", "op": "flatten", "inputs": ["one"]},
    {"id": "logits", "op": "logits", "inputs": ["flat"]}]})");
  ASSERT_TRUE(QTest::qWaitFor([&] { return !document_.checking() && document_.errorCount() > 0; }, 20'000));
  const auto error = [&](const char* id) { return canvas()->graphScene()->node(id)->node().error; };
  ASSERT_TRUE(QTest::qWaitFor([&] { return error("one").contains("one candidate"); }, 5'000)) << error("one").toStdString();
  EXPECT_EQ(error("loose"), "Nothing leads into it.");
  EXPECT_TRUE(error("stem").isEmpty());
  EXPECT_TRUE(designer_->findChild<SpaceStatus*>()->text().contains("problem"));
  EXPECT_TRUE(designer_->goTo("/model/nodes/1/candidates"));
  EXPECT_EQ(designer_->selected(), QStringList{"one"});
  for (
      const char* broken :
      {"null", "[]", R"({"type": "space"})", R"({"type": "space", "nodes": 3})", R"({"type": "space", "nodes": [1, null, {}]})",
       R"({"type": "space", "nodes": [{"id": "a", "op": "cell", "cell": "a"}], "cells": {"a": {"nodes": [{"id": "a", "op": "cell", "cell": "a"}]}}})",
       R"({"type": "space", "nodes": [{"id": "a", "op": "cell", "cell": "w"}], "cells": {"w": {"nodes": -3}}, "layout": [1]})"}) {
    document_.load(QString::fromStdString(std::string(R"({"task": "search", "model": )") + broken + "}"), ".");
    canvas()->setSelection({"a"});
    press(Qt::Key_Return);
    press(Qt::Key_Down);
    SUCCEED() << broken;
  }
}

TEST_F(SpaceDesignerTest, TheOutlineSaysTheSame) {
  load(kChain);
  press(Qt::Key_O, Qt::ControlModifier | Qt::ShiftModifier);
  auto* outline = designer_->findChild<SpaceOutline*>();
  ASSERT_TRUE(outline->isVisible());
  EXPECT_EQ(outline->topLevelItemCount(), 6) << "four nodes and two ends";
  outline->setCurrentItem(outline->topLevelItem(3));
  EXPECT_EQ(designer_->selected(), QStringList{"mix"});
  press(Qt::Key_Escape);
  EXPECT_TRUE(canvas()->hasFocus());
  commands_.run("edit.find");
  type("flat");
  EXPECT_EQ(designer_->selected(), QStringList{"flat"});
}

/// CPU seconds of this thread.
double cpuSeconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

TEST_F(SpaceDesignerTest, TwoThousandNodesPanFluidly) {
  std::string nodes = R"({"id": "n0", "op": "activation", "inputs": ["input"]})";
  for (int i = 1; i < 2000; ++i)
    nodes += R"(, {"id": "n)" + std::to_string(i) + R"(", "op": "activation", "inputs": ["n)" + std::to_string(i - 1 - i % 3 * (i > 5)) +
             R"("]})";
  document_.load(QString::fromStdString(R"({"task": "search", "model": {"type": "space", "nodes": [)" + nodes + "]}}"), ".");
  ASSERT_EQ(canvas()->graphScene()->nodes().size(), 2002);
  for (const double zoom : {1.0, 0.5, 0.25, 0.1}) {
    canvas()->setZoom(zoom);
    double most = 0;
    QPixmap frame(canvas()->viewport()->size());
    for (int step = 0; step < 8; ++step) {
      canvas()->centerOn(300 + step * 40 / zoom, 300 + step * 10 / zoom);
      const double before = cpuSeconds();
      canvas()->viewport()->render(&frame);
      most = std::max(most, cpuSeconds() - before);
    }
    EXPECT_LT(most, 0.1) << "at " << zoom << "; 33 ms on an idle machine";
    ::testing::Test::RecordProperty("frame_ms_at_" + std::to_string(static_cast<int>(zoom * 100)), std::to_string(most * 1000));
    std::printf("zoom %.2f: %.1f ms a frame at most\n", zoom, most * 1000);
  }
  canvas()->setFocus();
  canvas()->setSelection({"n1000"});
  press(Qt::Key_Down);  // the first one writes down where all of them stand
  const GraphNodeItem* other = canvas()->graphScene()->node("n7");
  double least = 1;
  for (int step = 0; step < 5; ++step) {
    const double before = cpuSeconds();
    press(Qt::Key_Down);
    least = std::min(least, cpuSeconds() - before);
    QTest::qWait(1);
  }
  std::printf("an edit: %.1f ms at least\n", least * 1000);
  EXPECT_EQ(canvas()->graphScene()->node("n7"), other) << "what does not change is not made anew";
}

}  // namespace
}  // namespace dsw
