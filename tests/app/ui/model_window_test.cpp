// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// TIMEOUT: 240
// SERIAL
// Models in the window, by mouse and keys: import with a preview, the model's panel, generating, evaluating, exporting; what an imported
// document may read; why a command is not to be had.
#include <gtest/gtest.h>

#include <sys/inotify.h>
#include <unistd.h>

#include <QComboBox>
#include <QDialog>
#include <QFileDialog>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QTest>
#include <QToolButton>
#include <QTreeView>
#include <nlohmann/json.hpp>

#include "app/ui_stall_guard.h"
#include "engine/formats/model_file.h"
#include "engine/workspace.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiny_gpt2.h"
#include "tests/support/ui/window_test_main.h"
#include "ui/models/app_settings.h"
#include "ui/models/command_registry.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/shell/document_area.h"
#include "ui/widgets/shell/document_panel.h"
#include "ui/widgets/shell/import_dialog.h"
#include "ui/widgets/shell/main_window.h"
#include "ui/widgets/shell/panel_registry.h"
#include "ui/widgets/theme.h"

namespace dsw {
namespace {

class ModelWindow : public ::testing::Test {
 protected:
  void SetUp() override {
    settings_ = std::make_unique<AppSettings>(QString::fromStdString((folder_ / "settings.ini").string()));
    registerPanels(registry_);
    window_ = std::make_unique<MainWindow>(workspace_, *settings_, registry_);
    window_->resize(1440, 900);
    window_->show();
    window_->openProject(QString::fromStdString((folder_ / "p.dsx").string()), true);
    ASSERT_TRUE(waitFor([&] { return project().state() == ProjectData::State::Ready; }));
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    UiStallGuard::instance()->clear();  // making and first showing the window is the start-up benchmark's business
  }
  void TearDown() override {
    std::printf("longest event %.1f ms\n", UiStallGuard::instance()->longestCpuMs());
    EXPECT_EQ(UiStallGuard::instance()->report().toStdString(), "");
    window_.reset();
    workspace_.close_project();
  }

  ProjectData& project() { return window_->context().project; }
  CommandRegistry& commands() { return window_->context().commands; }
  DocumentPanel* front() { return window_->documents().active(); }
  bool waitFor(const std::function<bool()>& condition, int ms = 60'000) { return QTest::qWaitFor(condition, ms); }
  /// In an event of its own, as a click or a key does it: what is called from a test's body no guard sees.
  void act(const std::function<void()>& deed) {
    bool done = false;
    QTimer::singleShot(0, window_.get(), [&] {
      deed();
      done = true;
    });
    EXPECT_TRUE(waitFor([&] { return done; }));
  }
  static QPushButton* button(QWidget* in, const QString& text) {
    for (QPushButton* one : in->findChildren<QPushButton*>())
      if (one->text() == text && one->isVisibleTo(in)) return one;
    return nullptr;
  }
  template <class T>
  static T* named(QWidget* in, const QString& name) {
    for (T* one : in->findChildren<T*>())
      if (one->accessibleName() == name) return one;
    return nullptr;
  }
  /// As a person does it: when the button can be pressed. Buttons of commands follow the state one turn of the event loop later.
  void click(QWidget* widget) {
    ASSERT_NE(widget, nullptr);
    ASSERT_TRUE(waitFor([&] { return widget->isEnabled(); })) << widget->accessibleName().toStdString();
    QTest::mouseClick(widget, Qt::LeftButton);
  }
  /// Types a path into the file dialog that opens, and accepts it.
  void answerFileDialog(const std::filesystem::path& path) {
    QFileDialog* dialog = nullptr;
    ASSERT_TRUE(waitFor([&] {
      for (QWidget* top : QApplication::topLevelWidgets())
        if (auto* one = qobject_cast<QFileDialog*>(top); one && one->isVisible()) dialog = one;
      return dialog != nullptr;
    }));
    auto* name = dialog->findChild<QLineEdit*>("fileNameEdit");
    ASSERT_NE(name, nullptr);
    name->setText(QString::fromStdString(path.string()));
    QTest::keyClick(name, Qt::Key_Return);
    ASSERT_TRUE(waitFor([&] { return !dialog || !dialog->isVisible(); }, 5000));
  }
  ImportDialog* importDialog() {
    ImportDialog* found = nullptr;
    waitFor([&] {
      found = window_->findChild<ImportDialog*>();
      return found && found->kind();
    });
    return found;
  }
  /// Imports the weights by the dialog and waits for their panel.
  void importModel(const std::filesystem::path& weights) {
    act([&] { window_->openFile(QString::fromStdString(weights.string())); });
    ImportDialog* dialog = importDialog();
    ASSERT_NE(dialog, nullptr);
    ASSERT_TRUE(waitFor([&] { return button(dialog, "Import")->isEnabled(); }));
    click(button(dialog, "Import"));
    ASSERT_TRUE(waitFor([&] { return front() && front()->ref().kind == kind::kModel && project().models().size() == 1u; }));
    ASSERT_TRUE(waitFor([&] { return commands().state("model.try").enabled; })) << commands().state("model.try").reason.toStdString();
  }

  TempFolder folder_;
  Workspace workspace_;
  std::unique_ptr<AppSettings> settings_;
  PanelRegistry registry_;
  std::unique_ptr<MainWindow> window_;
};

TEST_F(ModelWindow, AModelComesInWritesIsMeasuredAndGoesOut) {
  write_tiny_gpt2(folder_ / "w.safetensors", 2);
  write_tiny_bpe(folder_.path());
  write_text(folder_ / "book.txt", "hello, yellow fellow; hello again, and so on until the end of the book.");
  importModel(folder_ / "w.safetensors");
  DocumentPanel* panel = front();
  EXPECT_EQ(panel->title(), "w");

  window_->activateWindow();  // no window manager does it here
  ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));

  // Generates as a job, streaming, and says how fast it was.
  auto* prompt = named<QPlainTextEdit>(panel, "Prompt");
  ASSERT_NE(prompt, nullptr);
  QTest::mouseClick(prompt->viewport(), Qt::LeftButton);
  QTest::keyClicks(prompt, "hello");
  named<QSpinBox>(panel, "Tokens")->setValue(12);
  click(button(panel, "Generate"));
  auto* output = named<QPlainTextEdit>(panel, "Generated text");
  ASSERT_TRUE(waitFor([&] { return output->toPlainText().size() > 5 && !commands().state("model.stop").enabled; }));
  EXPECT_TRUE(output->toPlainText().startsWith("hello"));
  const QString first = output->toPlainText();
  QSignalSpy written(output, &QPlainTextEdit::textChanged);
  EXPECT_TRUE(waitFor([&] { return button(panel, "Generate")->hasFocus() && commands().action("model.try")->isEnabled(); }))
      << "the focus is where it was";
  QTest::keyClick(prompt, Qt::Key_Return, Qt::ControlModifier);
  ASSERT_TRUE(waitFor([&] { return !written.isEmpty() && !commands().state("model.stop").enabled; })) << "the key writes anew";
  EXPECT_EQ(output->toPlainText(), first) << "the same seed writes the same text";

  // Several side by side; the first is what one alone would be.
  named<QSpinBox>(panel, "Texts")->setValue(3);
  click(button(panel, "Generate"));
  ASSERT_TRUE(waitFor([&] { return output->toPlainText().contains("Text 3 of 3") && !commands().state("model.stop").enabled; }));
  EXPECT_TRUE(output->toPlainText().startsWith("Text 1 of 3\n" + first + "\n\nText 2 of 3\nhello")) << output->toPlainText().toStdString();
  named<QSpinBox>(panel, "Texts")->setValue(1);

  // A long one is stopped.
  named<QSpinBox>(panel, "Tokens")->setValue(1'000'000);
  click(button(panel, "Generate"));
  ASSERT_TRUE(waitFor([&] { return commands().state("model.stop").enabled && button(panel, "Stop"); }));
  click(button(panel, "Stop"));
  ASSERT_TRUE(waitFor([&] { return !commands().state("model.stop").enabled; }));

  // Measured on a text file, the result is kept in the project.
  auto* table = named<QTableView>(panel, "Evaluations");
  QComboBox* data = nullptr;
  for (QComboBox* one : panel->findChildren<QComboBox*>())
    if (one->accessibleName() == "Data" && one->isVisibleTo(panel)) data = one;
  ASSERT_NE(data, nullptr);
  emit data->activated(data->count() - 1);
  answerFileDialog(folder_ / "book.txt");
  click(button(panel, "Evaluate"));
  ASSERT_TRUE(waitFor([&] { return table->model()->rowCount() == 1; }));
  EXPECT_EQ(table->model()->index(0, 2).data().toString(), "text");
  const std::string hash = project().models().front().sha256;
  ASSERT_TRUE(waitFor([&] {
    const auto stored = (*ProjectReader::open((folder_ / "p.dsx").string()))->evaluations(hash);
    return stored && stored->size() == 1u;
  }));

  // Goes out as safetensors, which reads back, and as ONNX.
  for (const char* name : {"out.safetensors", "out.onnx"}) {
    act([&] { EXPECT_TRUE(commands().run("run.export-model")); });
    answerFileDialog(folder_ / name);
    ASSERT_TRUE(waitFor([&] { return std::filesystem::exists(folder_ / name); })) << name;
  }
  ASSERT_TRUE(waitFor([&] { return read_model_file(folder_ / "out.safetensors").has_value(); }));

  // Renamed in the navigator's tree, noted, archived and back.
  window_->context().actions.rename(panel->ref().id, "hello model");
  ASSERT_TRUE(waitFor([&] { return panel->title() == "hello model"; }));
  ASSERT_TRUE(commands().run("object.archive"));
  ASSERT_TRUE(waitFor([&] { return project().models().front().archived; }));
}

TEST_F(ModelWindow, AClickInTheNavigatorOpensTheModel) {
  write_tiny_gpt2(folder_ / "w.safetensors", 2);
  write_tiny_bpe(folder_.path());
  importModel(folder_ / "w.safetensors");
  ASSERT_TRUE(commands().run("window.close-tab"));
  ASSERT_TRUE(waitFor([&] { return front() && front()->ref().kind != kind::kModel; }));
  auto* tree = named<QTreeView>(window_.get(), "Project");
  ASSERT_NE(tree, nullptr);
  const QModelIndexList found =
      tree->model()->match(tree->model()->index(0, 0), Qt::DisplayRole, "w", 1, Qt::MatchExactly | Qt::MatchRecursive);
  ASSERT_EQ(found.size(), 1);
  tree->scrollTo(found[0]);
  QTest::mouseClick(tree->viewport(), Qt::LeftButton, {}, tree->visualRect(found[0]).center());
  ASSERT_TRUE(waitFor([&] { return front() && front()->ref().kind == kind::kModel; }));
}

TEST_F(ModelWindow, TheImportDialogSaysWhatAFileIsAndWritesNothingBefore) {
  write_tiny_gpt2(folder_ / "w.safetensors");
  write_text(folder_ / "strange.bin", std::string("\1\0\2", 3));
  act([&] { window_->openFile(QString::fromStdString((folder_ / "strange.bin").string())); });
  ImportDialog* dialog = window_->findChild<ImportDialog*>();
  ASSERT_NE(dialog, nullptr);
  ASSERT_TRUE(waitFor([&] { return dialog->findChild<MessageBar*>()->hasMessage(); }));
  EXPECT_FALSE(button(dialog, "Import")->isEnabled());
  EXPECT_TRUE(dialog->findChild<MessageBar*>()->message().contains("strange.bin"));
  click(button(dialog, "Choose another…"));
  answerFileDialog(folder_ / "w.safetensors");
  ASSERT_TRUE(waitFor([&] { return dialog->kind() == FileKind::Model; }));
  auto* tensors = named<QTableView>(dialog, "Tensors and what becomes of them");
  EXPECT_GT(tensors->model()->rowCount(), 20);
  EXPECT_TRUE(button(dialog, "Import")->isEnabled());
  // A tokenizer that does not fit is refused at once.
  write_text(folder_ / "vocab.json", "{}");
  auto* vocabulary = named<QLineEdit>(dialog, "vocab.json");
  vocabulary->setFocus();
  QTest::keyClicks(vocabulary, QString::fromStdString((folder_ / "vocab.json").string()));
  emit vocabulary->editingFinished();
  ASSERT_TRUE(waitFor([&] { return dialog->findChild<MessageBar*>()->hasMessage(); }));
  EXPECT_FALSE(button(dialog, "Import")->isEnabled());
  click(button(dialog, "Cancel"));
  QTest::qWait(100);
  const auto stored = (*ProjectReader::open((folder_ / "p.dsx").string()))->models();
  EXPECT_TRUE(stored && stored->empty());
}

TEST_F(ModelWindow, AnImportedDocumentIsNotLookedBehindBeforeThePersonAllowsIt) {
  TempFolder other("other");
  write_text(other / "book.txt", std::string(3000, 'a') + std::string(3000, 'b'));
  const int watch = inotify_init1(IN_NONBLOCK);
  ASSERT_GE(inotify_add_watch(watch, (other / "book.txt").c_str(), IN_OPEN | IN_ACCESS), 0);
  const auto opened = [watch] {
    char events[4096];
    return ::read(watch, events, sizeof(events)) > 0;
  };
  {
    auto theirs = Project::open(other / "theirs.dsx", Project::Mode::Create);
    ASSERT_TRUE(theirs);
    const Json document{{"deepshock", 1},
                        {"task", "train"},
                        {"name", "guest"},
                        {"data", {{"type", "text"}, {"source", (other / "book.txt").string()}, {"tokenizer", "char"}, {"context", 16}}},
                        {"model", {{"type", "gpt"}, {"layers", 1}, {"heads", 1}, {"width", 16}}},
                        {"optimizer", {{"type", "adamw"}, {"lr", 1e-3}}},
                        {"training", {{"steps", 2}, {"batch", 2}}}};
    ASSERT_TRUE((*theirs)->save_experiment({}, "guest", "train", document.dump(2), other.path().string()));
    theirs->reset();
    ASSERT_TRUE(export_project(other / "theirs.dsx", other / "theirs.dsz", {}));
  }
  act([&] { window_->openFile(QString::fromStdString((other / "theirs.dsz").string())); });
  ImportDialog* dialog = importDialog();
  ASSERT_NE(dialog, nullptr);
  EXPECT_EQ(dialog->kind(), FileKind::Archive);
  auto* outside = named<QPlainTextEdit>(dialog, "Files outside the archive");
  ASSERT_TRUE(waitFor([&] { return outside->toPlainText().contains("book.txt"); }));
  click(button(dialog, "Import"));
  ASSERT_TRUE(waitFor([&] { return project().experiments().size() == 1u; }));
  EXPECT_EQ(project().experiments().front().outside_files.size(), 1u);

  act([&] { window_->open({kind::kExperiment, QString::fromStdString(project().experiments().front().id), {}}); });
  ASSERT_TRUE(waitFor([&] { return front() && front()->ref().kind == kind::kExperiment && front()->messages().hasMessage(); }));
  EXPECT_TRUE(front()->messages().message().contains("book.txt"));
  QTest::qWait(800);  // longer than the check while typing waits
  EXPECT_FALSE(opened()) << "the file was read before anyone agreed";
  EXPECT_TRUE(commands().state("run.start").enabled) << "it may be run, after a question";
  // A copy is as careful.
  ASSERT_TRUE(commands().run("object.duplicate"));
  ASSERT_TRUE(waitFor([&] { return project().experiments().size() == 2u; }));
  ASSERT_TRUE(waitFor([&] { return front()->messages().message().contains("book.txt"); }));
  QTest::qWait(800);
  EXPECT_FALSE(opened()) << "a copy was read";
  QToolButton* allow = nullptr;
  for (QToolButton* one : front()->messages().findChildren<QToolButton*>())
    if (one->text() == "Allow reading") allow = one;
  click(allow);
  ASSERT_TRUE(waitFor([&] { return opened(); })) << "now it is looked at";
  ASSERT_TRUE(waitFor([&] { return !front()->messages().hasMessage(); }));
  ::close(watch);
}

TEST_F(ModelWindow, EveryCommandThatIsNotToBeHadSaysWhy) {
  const auto check = [&](const char* where) {
    commands().refresh();
    for (const Command& command : commands().commands()) {
      const CommandState state = commands().state(command.id);
      if (state.enabled) continue;
      EXPECT_TRUE(state.reason.endsWith('.')) << where << ": " << command.id.toStdString() << " says \"" << state.reason.toStdString()
                                              << '"';
      if (command.context == CommandContext::Window) {
        EXPECT_EQ(commands().action(command.id)->property("disabledReason").toString(), state.reason) << command.id.toStdString();
      }
    }
  };
  check("an empty project");
  EXPECT_EQ(commands().state("run.stop").reason, "Open or select a run first.");
  EXPECT_EQ(commands().state("chart.fit").reason, "Click a chart first.");
  window_->openPalette("run.st");
  window_->palette().close();
  write_tiny_gpt2(folder_ / "w.safetensors", 2);
  write_tiny_bpe(folder_.path());
  importModel(folder_ / "w.safetensors");
  check("a model");
  ASSERT_TRUE(commands().run("window.close-all"));
  window_->open({kind::kRuns, {}, {}});
  check("the run table");
  ASSERT_TRUE(commands().run("file.close-project"));
  ASSERT_TRUE(waitFor([&] { return project().state() == ProjectData::State::Closed; }));
  check("no project");
}

}  // namespace
}  // namespace dsw

int main(int argc, char** argv) { return dsw::test::runWindowTests(argc, argv); }
