// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// TIMEOUT: 120
// What stands in the heads of documents that are narrow (two groups side by side): nothing lies over anything, nothing is cut off.
#include <gtest/gtest.h>

#include <QAbstractButton>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QTest>
#include <nlohmann/json.hpp>

#include "engine/workspace.h"
#include "tests/support/sample_project.h"
#include "tests/support/ui/window_test_main.h"
#include "ui/models/app_settings.h"
#include "ui/models/project_data.h"
#include "ui/panels/run_charts.h"
#include "ui/panels/run_facts.h"
#include "ui/widgets/shell/document_area.h"
#include "ui/widgets/shell/document_panel.h"
#include "ui/widgets/shell/main_window.h"
#include "ui/widgets/shell/panel_registry.h"

namespace dsw {
namespace {

class NarrowDocuments : public ::testing::Test {
 protected:
  void SetUp() override {
    settings_ = std::make_unique<AppSettings>(QString::fromStdString((folder_ / "settings.ini").string()));
    registerPanels(registry_);
    window_ = std::make_unique<MainWindow>(workspace_, *settings_, registry_);
    window_->show();
    window_->openProject(QString::fromStdString(sample_.path().string()), false);
    ASSERT_TRUE(QTest::qWaitFor([&] { return window_->context().project.state() == ProjectData::State::Ready; }, 30'000));
  }
  /// The controls and labels in the first `height` px of the view in front, drawn alone at `width`.
  void lookAt(DocumentPanel* panel, int width, int height) {
    panel->setParent(nullptr);
    panel->show();
    panel->resize(width, 600);
    QTest::qWait(50);
    ASSERT_EQ(panel->width(), width) << "it cannot be so narrow";
    std::vector<std::pair<QRect, QString>> parts;
    for (QWidget* widget : panel->findChildren<QWidget*>()) {
      const bool part = qobject_cast<QAbstractButton*>(widget) || qobject_cast<QLabel*>(widget) ||
                        qobject_cast<QAbstractSpinBox*>(widget) || qobject_cast<QComboBox*>(widget) ||
                        (qobject_cast<QLineEdit*>(widget) && widget->objectName() != "qt_spinbox_lineedit");
      if (!part || !widget->isVisible() || qobject_cast<QLineEdit*>(widget->parentWidget())) continue;
      const QRect at(widget->mapTo(panel, QPoint()), widget->size());
      if (at.isEmpty() || at.top() > height) continue;
      EXPECT_LE(at.right(), width) << widget->accessibleName().toStdString();
      if (auto* button = qobject_cast<QAbstractButton*>(widget)) {
        EXPECT_GE(at.width(), button->fontMetrics().horizontalAdvance(button->text())) << button->text().toStdString() << " at " << width;
      }
      for (const auto& [other, name] : parts)
        EXPECT_FALSE(other.intersects(at)) << name.toStdString() << " and " << widget->accessibleName().toStdString() << " at " << width;
      parts.emplace_back(at, widget->accessibleName() + widget->metaObject()->className());
    }
    EXPECT_GE(parts.size(), 6u);
  }

  SampleProject sample_;
  TempFolder folder_;
  PanelRegistry registry_;
  Workspace workspace_;
  std::unique_ptr<AppSettings> settings_;
  std::unique_ptr<MainWindow> window_;
};

TEST_F(NarrowDocuments, NothingInTheHeadOfARunLiesOverAnother) {
  window_->open({kind::kRun, QString::fromStdString(sample_.id("char-1")), {}});
  DocumentPanel* panel = window_->documents().active();
  ASSERT_TRUE(
      QTest::qWaitFor([&] { return panel->findChild<RunCharts*>() && panel->findChild<RunCharts*>()->charts().size() == 4; }, 20'000));
  for (const int width : {360, 417, 440, 520, 640, 900}) lookAt(panel, width, 90);
  delete panel;  // before the window whose services it uses
}

TEST_F(NarrowDocuments, NothingInTheHeadOfTheRunTableLiesOverAnother) {
  window_->open({kind::kRuns, {}, {}});
  DocumentPanel* panel = window_->documents().active();
  for (const int width : {360, 417, 500, 599, 600, 760, 920}) lookAt(panel, width, 100);
  delete panel;  // before the window whose services it uses
}

TEST(SourceWords, AreAsAPersonSaysThem) {
  EXPECT_EQ(sourceWords(Json::array({"builtin:mnist"})).toStdString(), "MNIST, shipped");
  EXPECT_EQ(sourceWords("builtin:tinyshakespeare").toStdString(), "Tiny Shakespeare, shipped");
  EXPECT_EQ(sourceWords("/home/books/book.txt").toStdString(), "book.txt");
  EXPECT_EQ(sourceWords(Json::array({"a/images", "a/labels"})).toStdString(), "images and 1 more");
  EXPECT_EQ(sourceWords("photos/").toStdString(), "photos");
  EXPECT_TRUE(sourceWords(Json(3)).isEmpty());
}

}  // namespace
}  // namespace dsw

int main(int argc, char** argv) { return dsw::test::runWindowTests(argc, argv); }
