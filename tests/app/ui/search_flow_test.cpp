// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// TIMEOUT: 300
// SERIAL
// From an empty canvas to a retrained architecture, as a person goes there by keys and mouse: draw, leave open, search, derive, train.
#include <gtest/gtest.h>

#include <QAbstractButton>
#include <QApplication>
#include <QLineEdit>
#include <QTest>
#include <nlohmann/json.hpp>

#include "app/ui_stall_guard.h"
#include "engine/workspace.h"
#include "tests/support/temp_folder.h"
#include "tests/support/ui/window_test_main.h"
#include "ui/models/app_settings.h"
#include "ui/models/project_data.h"
#include "ui/models/spec_document.h"
#include "ui/panels/designer/space_designer.h"
#include "ui/panels/designer/space_palette.h"
#include "ui/panels/search_body.h"
#include "ui/panels/train_body.h"
#include "ui/widgets/shell/document_area.h"
#include "ui/widgets/shell/document_panel.h"
#include "ui/widgets/shell/main_window.h"
#include "ui/widgets/shell/panel_registry.h"

namespace dsw {
namespace {

class SearchFlow : public ::testing::Test {
 protected:
  void SetUp() override {
    registerPanels(registry_);
    settings_ = std::make_unique<AppSettings>(QString::fromStdString((folder_ / "settings.ini").string()));
    window_ = std::make_unique<MainWindow>(workspace_, *settings_, registry_);
    window_->resize(1440, 900);
    window_->show();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
  }
  void TearDown() override { window_.reset(); }
  static bool waitFor(const std::function<bool()>& condition, int ms = 60'000) { return QTest::qWaitFor(condition, ms); }
  DocumentPanel* front() { return window_->documents().active(); }
  ProjectData& project() { return window_->context().project; }
  QAbstractButton* button(const QString& text) {
    for (QAbstractButton* candidate : front()->findChildren<QAbstractButton*>())
      if (candidate->isVisible() && candidate->isEnabled() && (candidate->text() == text || candidate->accessibleName() == text))
        return candidate;
    return nullptr;
  }
  void click(const QString& text) {
    ASSERT_TRUE(waitFor([&] { return button(text) != nullptr; })) << text.toStdString();
    QTest::mouseClick(button(text), Qt::LeftButton);
  }
  void press(Qt::Key key) { QTest::keyClick(QApplication::focusWidget(), key); }
  /// Space, some letters, Enter.
  void add(const char* letters) {
    press(Qt::Key_Space);
    ASSERT_EQ(QApplication::focusWidget(), designer_->palette()->field());
    QTest::keyClicks(QApplication::focusWidget(), letters);
    press(Qt::Key_Return);
    ASSERT_EQ(QApplication::focusWidget(), designer_->canvas());
  }
  bool finished(const QString& run) {
    return waitFor([&] { return project().run(run) && project().run(run)->status == RunStatus::Finished; });
  }
  QString shownRun(const QString& other = {}) {
    const bool shown = waitFor([&] { return front() && front()->ref().kind == kind::kRun && front()->ref().id != other; });
    return shown ? front()->ref().id : QString();
  }

  TempFolder folder_;
  PanelRegistry registry_;
  Workspace workspace_;
  std::unique_ptr<AppSettings> settings_;
  std::unique_ptr<MainWindow> window_;
  SpaceDesigner* designer_ = nullptr;
};

TEST_F(SearchFlow, FromAnEmptySpaceToARetrainedArchitecture) {
  window_->openProject(QString::fromStdString((folder_ / "drawn.dsx").string()), true, "search-space");
  ASSERT_TRUE(waitFor([&] { return project().state() == ProjectData::State::Ready; }));
  UiStallGuard::instance()->clear();  // making and first showing the window is the start-up benchmark's business
  ASSERT_TRUE(waitFor([&] { return front() && front()->findChild<SpaceDesigner*>(); }));
  designer_ = front()->findChild<SpaceDesigner*>();
  SpecDocument& document = designer_->document();
  ASSERT_TRUE(waitFor([&] { return designer_->facts() && designer_->facts()->input_shape.rank() == 4; }));
  Json little = document.json();  // as a person would in the sub-tab of the settings
  little["training"] = {{"epochs", 2}, {"steps_per_epoch", 2}, {"batch", 4}, {"eval_batches", 1}};
  document.setJson(little, "Little training");
  document.endMerge();

  designer_->canvas()->setFocus();
  EXPECT_FALSE(button("Run")) << "there is nothing to run yet";
  add("convolution");
  add("batch norm");
  add("activation");
  press(Qt::Key_H);
  add("global average");
  add("logits");
  ASSERT_TRUE(waitFor([&] { return !document.checking() && document.errorCount() == 0; })) << document.text().toStdString();

  click("Run");
  const QString search = shownRun();
  ASSERT_TRUE(finished(search));
  ASSERT_TRUE(
      waitFor([&] { return front()->findChild<SearchBody*>() && front()->findChild<SearchBody*>()->model().data().lastEpoch() == 2; }));
  ASSERT_TRUE(waitFor([&] { return !front()->findChild<SearchBody*>()->model().data().derived().model.empty(); }));
  ASSERT_TRUE(waitFor([&] { return front()->findChild<SearchBody*>()->model().isLive(); }));

  QTest::keyClick(QApplication::focusWidget() ? QApplication::focusWidget() : window_.get(), Qt::Key_R, Qt::ControlModifier);  // Retrain
  const QString trained = shownRun(search);
  ASSERT_TRUE(finished(trained));
  ASSERT_TRUE(waitFor([&] { return front()->findChild<TrainBody*>() != nullptr; }));
  EXPECT_EQ(project().run(trained)->experiment_name, "search-space-derived");
  EXPECT_EQ(project().run(trained)->total_steps, 4) << "as long as the search";
  EXPECT_EQ(UiStallGuard::instance()->report().toStdString(), "");
}

}  // namespace
}  // namespace dsw

int main(int argc, char** argv) { return dsw::test::runWindowTests(argc, argv); }
