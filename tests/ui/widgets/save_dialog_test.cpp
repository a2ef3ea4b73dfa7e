// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// Exports by their dialogs: the ending follows the format, and what is written opens again.
#include "ui/widgets/save_dialog.h"
#include "ui/widgets/write_apart.h"

#include <gtest/gtest.h>

#include <QComboBox>
#include <QFileDialog>
#include <QLineEdit>
#include <QSvgRenderer>
#include <QTest>

#include "tests/support/temp_folder.h"
#include "ui/widgets/figure_export.h"

namespace dsw {
namespace {

Figure figure() {
  return {"Loss",
          "val/loss",
          {{"run", "r-0001"}},
          QSize(200, 100),
          [](QPainter& p) { p.fillRect(10, 10, 50, 50, Qt::red); },
          [] { return QStringLiteral("# run: r-0001\nstep,val/loss\n1,0.30000000000000004\n"); }};
}

/// Chooses a format by the dialog's list, then accepts, as a person does.
void choose(const QString& folder, const QString& kind) {
  QTimer::singleShot(200, qApp, [folder, kind] {
    QFileDialog* dialog = nullptr;
    for (QWidget* top : QApplication::topLevelWidgets())
      if (auto* one = qobject_cast<QFileDialog*>(top); one && one->isVisible()) dialog = one;
    ASSERT_NE(dialog, nullptr);
    dialog->setDirectory(folder);
    auto* filters = dialog->findChild<QComboBox*>("fileTypeCombo");
    ASSERT_NE(filters, nullptr);
    for (int i = 0; i < filters->count(); ++i)
      if (filters->itemText(i).contains(kind)) {
        filters->setCurrentIndex(i);
        emit filters->textActivated(filters->itemText(i));
        emit filters->activated(i);
      }
    auto* name = dialog->findChild<QLineEdit*>("fileNameEdit");
    EXPECT_TRUE(name->text().endsWith('.' + kind)) << name->text().toStdString();
    QTest::keyClick(name, Qt::Key_Return);
  });
}

TEST(SaveDialog, TheEndingFollowsTheFormatAndEachFileOpensAgain) {
  QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
  TempFolder folder;
  const QString place = QString::fromStdString(folder.path().string());
  QString failed;
  choose(place, "png");
  const QString png = exportFigure(nullptr, figure(), &failed);
  ASSERT_TRUE(png.endsWith("val-loss.png")) << png.toStdString();
  const QImage picture(png);
  EXPECT_EQ(picture.size(), QSize(400, 200)) << "twice the logical size";
  EXPECT_EQ(picture.text("run"), "r-0001");
  choose(place, "csv");
  const QString csv = exportFigure(nullptr, figure(), &failed);
  EXPECT_NE(read_text(csv.toStdString()).find("0.30000000000000004"), std::string::npos);
  choose(place, "svg");
  const QString svg = exportFigure(nullptr, figure(), &failed);
  QSvgRenderer drawing(svg);
  EXPECT_TRUE(drawing.isValid());
  EXPECT_EQ(drawing.viewBox(), QRect(0, 0, 200, 100));
  EXPECT_EQ(failed, QString());
}

TEST(WriteApart, ASlowDiskHoldsNoEvent) {
  TempFolder folder;
  const QString path = QString::fromStdString((folder / "slow.csv").string());
  int ticks = 0;
  QTimer timer;
  QObject::connect(&timer, &QTimer::timeout, [&] { ++ticks; });
  timer.start(5);
  QThread* const here = QThread::currentThread();
  QThread* there = here;
  EXPECT_TRUE(writeApart(path, [&] {
    there = QThread::currentThread();
    QThread::msleep(150);
    return QByteArray("step,loss\n");
  }));
  EXPECT_NE(there, here);
  EXPECT_GT(ticks, 10);
  EXPECT_EQ(read_text(path.toStdString()), "step,loss\n");
  EXPECT_FALSE(writeApart("/nowhere/at/all.csv", [] { return QByteArray("x"); }));
}

TEST(SaveDialog, ANameWithoutAKnownEndingGetsTheFirst) {
  const QVector<SaveKind> kinds{{"safetensors", "safetensors"}, {"onnx", "ONNX"}};
  EXPECT_EQ(savedKind("/x/model.ONNX", kinds), "onnx");
  EXPECT_EQ(savedKind("/x/model.v2", kinds), "safetensors");
}

}  // namespace
}  // namespace dsw
