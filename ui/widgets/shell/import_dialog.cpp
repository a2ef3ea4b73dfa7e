// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/import_dialog.h"

#include <QCheckBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QStackedWidget>
#include <QStandardItemModel>
#include <QTableView>

#include <QVBoxLayout>

#include "engine/workspace.h"
#include "ui/models/cell_roles.h"
#include "ui/models/layer_table_model.h"
#include "ui/models/navigator.h"
#include "ui/models/number_format.h"
#include "ui/models/project_actions.h"
#include "ui/models/work_pool.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/fact_sheet.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/pane.h"

namespace dsw {

/// What a file turned out to be.
struct ImportDialog::Looked {
  Result<FileKind> kind = fail(ErrorCode::Internal, "");
  std::optional<Result<ImportPlan>> archive;
  std::optional<Result<ModelImportPlan>> model;
};

namespace {

enum Page { Reading, Sentence, Archive, Model };
enum TensorColumn { FileName, Type, ShapeColumn, Becomes, Outcome, TensorColumnCount };

QString counted(std::size_t n, const char* one, const char* many) {
  return QString("%1 %2").arg(formatCount(static_cast<double>(n)), n == 1 ? one : many);
}

QString outcome(const StateRow& row) {
  switch (row.result) {
    case StateRow::Result::Maps:
      return QStringLiteral("maps");
    case StateRow::Result::Transposed:
      return QStringLiteral("maps, transposed");
    case StateRow::Result::LeftOut:
      return QStringLiteral("left out");
    case StateRow::Result::Unknown:
      return QStringLiteral("unknown");
    case StateRow::Result::Missing:
      return QStringLiteral("missing");
    case StateRow::Result::WrongShape:
      return QStringLiteral("wrong shape");
  }
  return {};
}

bool isTrouble(const StateRow& row) {
  return row.result == StateRow::Result::Unknown || row.result == StateRow::Result::Missing || row.result == StateRow::Result::WrongShape;
}

}  // namespace

ImportDialog::ImportDialog(PanelContext& context, const QString& path, QWidget* parent)
    : QDialog(parent),
      context_(context),
      path_(path),
      file_(new ThemedLabel({}, FontRole::Strong)),
      what_(new ThemedLabel({}, FontRole::Text, Token::Text2)),
      message_(new MessageBar),
      pages_(new QStackedWidget),
      sentence_(new ThemedLabel({}, FontRole::Text)),
      outside_title_(new ThemedLabel({}, FontRole::Text)),
      outside_(new QPlainTextEdit),
      allow_(new QCheckBox(QStringLiteral("Let the imported documents read these files"))),
      facts_(new FactSheet),
      tensors_(new QTableView),
      tensor_rows_(new QStandardItemModel(0, TensorColumnCount, this)),
      name_(new QLineEdit),
      vocabulary_(new QLineEdit),
      merges_(new QLineEdit),
      config_(new QLineEdit),
      tokenizer_rows_(new QWidget),
      import_(new QPushButton(QStringLiteral("Import"))) {
  setAttribute(Qt::WA_DeleteOnClose);
  setWindowTitle(QStringLiteral("Import"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(16, 16, 16, 16);
  column->setSpacing(8);
  auto* head = new QHBoxLayout;
  head->addWidget(file_, 1);
  auto* other = new QPushButton(QStringLiteral("Choose another…"));
  connect(other, &QPushButton::clicked, this, &ImportDialog::chooseFile);
  head->addWidget(other);
  column->addLayout(head);
  column->addWidget(what_);
  column->addWidget(message_);

  for (QLabel* label : {sentence_, outside_title_}) label->setWordWrap(true);
  auto* archive = new QWidget;
  auto* archive_column = new QVBoxLayout(archive);
  archive_column->setContentsMargins(0, 0, 0, 0);
  archive_column->setSpacing(8);
  outside_->setReadOnly(true);
  outside_->setFont(themeFont(FontRole::Number));
  outside_->setLineWrapMode(QPlainTextEdit::NoWrap);
  outside_->setAccessibleName(QStringLiteral("Files outside the archive"));
  archive_column->addWidget(outside_title_);
  archive_column->addWidget(outside_, 1);
  archive_column->addWidget(allow_);

  auto* model = new QWidget;
  auto* model_line = new QHBoxLayout(model);
  model_line->setContentsMargins(0, 0, 0, 0);
  model_line->setSpacing(12);
  tensor_rows_->setHorizontalHeaderLabels({"Tensor in file", "Type", "Shape", "Becomes", "Result"});
  tensors_->setModel(tensor_rows_);
  installTableLook(tensors_);
  tensors_->setItemDelegateForColumn(ShapeColumn, new NumberDelegate(tensors_));
  tensors_->horizontalHeader()->setSectionResizeMode(FileName, QHeaderView::Stretch);
  tensors_->horizontalHeader()->setSectionResizeMode(Becomes, QHeaderView::Stretch);
  tensors_->horizontalHeader()->setStretchLastSection(false);
  tensors_->setTextElideMode(Qt::ElideLeft);  // names of tensors differ at their ends
  tensors_->setAccessibleName(QStringLiteral("Tensors and what becomes of them"));
  for (const auto& [c, width] : {std::pair(int(Type), 64), std::pair(int(ShapeColumn), 84), std::pair(int(Outcome), 92)})
    tensors_->setColumnWidth(c, width);
  model_line->addWidget(tensors_, 3);
  auto* side = new QWidget;
  side->setFixedWidth(300);
  auto* side_column = new QVBoxLayout(side);
  side_column->setContentsMargins(0, 0, 0, 0);
  side_column->setSpacing(8);
  side_column->addWidget(facts_, 1);
  auto* form = new QFormLayout;
  form->setSpacing(6);
  name_->setAccessibleName(QStringLiteral("Name"));
  form->addRow(QStringLiteral("Name"), name_);
  auto* tokenizer = new QFormLayout(tokenizer_rows_);
  tokenizer->setContentsMargins(0, 0, 0, 0);
  tokenizer->setSpacing(6);
  tokenizer->addRow(QStringLiteral("vocab.json"), fileField(vocabulary_, QStringLiteral("vocab.json")));
  tokenizer->addRow(QStringLiteral("merges.txt"), fileField(merges_, QStringLiteral("merges.txt")));
  config_row_ = fileField(config_, QStringLiteral("config.json"));
  tokenizer->addRow(QStringLiteral("config.json"), config_row_);
  side_column->addLayout(form);
  side_column->addWidget(tokenizer_rows_);
  model_line->addWidget(side);

  auto* reading = new ThemedLabel(QStringLiteral("Reading the file…"), FontRole::Text, Token::Text3);
  reading->setAlignment(Qt::AlignCenter);
  auto* plain = new QWidget;
  auto* plain_column = new QVBoxLayout(plain);
  plain_column->setContentsMargins(0, 0, 0, 0);
  plain_column->addWidget(sentence_);
  plain_column->addStretch(1);
  for (QWidget* page : {static_cast<QWidget*>(reading), plain, archive, model}) pages_->addWidget(page);
  column->addWidget(pages_, 1);

  auto* buttons = new QHBoxLayout;
  buttons->setSpacing(8);
  buttons->addStretch(1);
  auto* cancel = new QPushButton(QStringLiteral("Cancel"));
  import_->setProperty("primary", true);
  import_->setDefault(true);
  buttons->addWidget(cancel);
  buttons->addWidget(import_);
  column->addLayout(buttons);
  connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
  connect(import_, &QPushButton::clicked, this, &ImportDialog::bringIn);
  resize(520, 260);
  look();
}

QWidget* ImportDialog::fileField(QLineEdit* field, const QString& name) {
  auto* box = new QWidget;
  auto* line = new QHBoxLayout(box);
  line->setContentsMargins(0, 0, 0, 0);
  line->setSpacing(4);
  field->setPlaceholderText(QStringLiteral("none"));
  field->setAccessibleName(name);
  auto* browse = iconButton("folder2-open", QString("Choose %1").arg(name));
  line->addWidget(field, 1);
  line->addWidget(browse);
  connect(field, &QLineEdit::editingFinished, this, [this, field] {
    if (field->isModified()) look();
  });
  connect(browse, &QToolButton::clicked, this, [this, field, name] {
    auto* dialog = new QFileDialog(this, QString("Choose %1").arg(name), QFileInfo(path_).absolutePath());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, [this, field](const QString& chosen) {
      field->setText(chosen);
      field->setModified(true);
      look();
    });
    dialog->open();
  });
  return box;
}

void ImportDialog::chooseFile() {
  auto* dialog = new QFileDialog(this, QStringLiteral("Import"), QFileInfo(path_).absolutePath());
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& chosen) {
    path_ = chosen;
    for (QLineEdit* field : {name_, vocabulary_, merges_, config_}) field->clear();
    look();
  });
  dialog->open();
}

ModelImport ImportDialog::request() const {
  const auto given = [](const QLineEdit* field) {
    return std::filesystem::path(field->isModified() ? field->text().toStdString() : std::string());
  };
  return {path_.toStdString(), given(name_).string(), given(config_), given(vocabulary_), given(merges_)};
}

void ImportDialog::look() {
  const quint64 number = ++reading_;
  kind_.reset();
  file_->setText(QFileInfo(path_).fileName());
  file_->setToolTip(path_);
  what_->setText(QStringLiteral("Looking at what it is…"));
  message_->clear();
  import_->setEnabled(false);
  if (pages_->currentIndex() != Model) pages_->setCurrentIndex(Reading);
  workPool().start([this, number, asked = request(), &catalog = context_.workspace.catalog(), call = context_.actions.caller(this)] {
    Looked looked;
    looked.kind = recognise_file(asked.file);
    if (looked.kind && *looked.kind == FileKind::Archive) looked.archive = inspect_archive(asked.file);
    if (looked.kind && *looked.kind == FileKind::Model) looked.model = inspect_model(catalog, asked);
    call([this, number, looked = std::move(looked)] {
      if (number == reading_) showLooked(looked);
    });
  });
}

void ImportDialog::refuse(const Error& error) {
  message_->showMessage(MessageLevel::Error, QString::fromStdString(error.message), QString::fromStdString(error.hint), {}, false);
  import_->setEnabled(false);
}

void ImportDialog::showLooked(const Looked& looked) {
  if (!looked.kind) {
    what_->setText(QStringLiteral("Nothing has been written."));
    sentence_->clear();
    pages_->setCurrentIndex(Sentence);
    return refuse(looked.kind.error());
  }
  kind_ = *looked.kind;
  import_->setText(QStringLiteral("Import"));
  pages_->setCurrentIndex(Sentence);
  import_->setEnabled(true);
  switch (*kind_) {
    case FileKind::Project:
      what_->setText(QStringLiteral("A project. It is opened, not imported; the present one is closed."));
      sentence_->setText(QStringLiteral("To bring its runs into this project, export it as an archive (.dsz) and import that."));
      import_->setText(QStringLiteral("Open"));
      break;
    case FileKind::Document:
      what_->setText(QStringLiteral("An experiment document."));
      sentence_->setText(QStringLiteral("It becomes a new experiment. Its relative paths stay relative to where the file lies."));
      break;
    case FileKind::Table:
      what_->setText(QStringLiteral("A table."));
      sentence_->setText(QStringLiteral("A new experiment trains a text classifier on it; which columns are text and label is set there."));
      break;
    case FileKind::Text:
      what_->setText(QStringLiteral("A text."));
      sentence_->setText(QStringLiteral("A new experiment trains a language model on its characters."));
      break;
    case FileKind::Archive:
      if (!*looked.archive) {
        what_->setText(QStringLiteral("A project archive. Nothing has been written."));
        sentence_->clear();
        return refuse(looked.archive->error());
      }
      return showArchive(**looked.archive);
    case FileKind::Model:
      if (!*looked.model) {
        what_->setText(QStringLiteral("Weights. Nothing has been written."));
        sentence_->clear();
        return refuse(looked.model->error());
      }
      return showModel(**looked.model);
  }
}

void ImportDialog::showArchive(const ImportPlan& plan) {
  QString text = QString("A project archive: %1, %2 and %3, %4.")
                     .arg(counted(plan.experiments.size(), "experiment", "experiments"), counted(plan.runs.size(), "run", "runs"),
                          counted(plan.models.size(), "model", "models"), formatBytes(static_cast<double>(plan.bytes)));
  what_->setText(text);
  what_->setWordWrap(true);
  const bool any = !plan.outside_files.empty();
  sentence_->setText(QStringLiteral("Runs that are here already stay as they are. Its documents name no file outside the archive."));
  pages_->setCurrentIndex(any ? Archive : Sentence);
  if (!any) return;
  outside_title_->setText(
      QString("Its documents name %1 outside the archive. Nothing of that is read unless you allow it, here or later in "
              "the experiment.")
          .arg(counted(plan.outside_files.size(), "file", "files")));
  QStringList files;
  for (const std::string& file : plan.outside_files) files << QString::fromStdString(file);
  outside_->setPlainText(files.join('\n'));
  allow_->setChecked(false);
  resize(std::max(width(), 560), std::max(height(), 340));
}

void ImportDialog::showModel(const ModelImportPlan& plan) {
  what_->setText(QString("A %1 model, %2, %3 parameters, %4.")
                     .arg(QString::fromStdString(plan.family), QString::fromStdString(plan.format), formatCount(plan.parameters),
                          formatBytes(static_cast<double>(plan.bytes))));
  const auto fill = [](QLineEdit* field, const QString& text) {
    if (field->isModified()) return;  // what the person wrote stays
    field->setText(text);
    field->setModified(false);
  };
  fill(name_, QString::fromStdString(plan.name));
  const bool language = plan.input.kind == InputSpec::Kind::Tokens;
  fill(vocabulary_, QString::fromStdString(plan.vocabulary.string()));
  fill(merges_, QString::fromStdString(plan.merges.string()));
  fill(config_, QString::fromStdString(plan.config.string()));
  tokenizer_rows_->setVisible(language);
  config_row_->setEnabled(!plan.own);

  FactSection facts{QStringLiteral("Preview"), {}, {}, nullptr};
  facts.facts.push_back(valueFact("Family", QString::fromStdString(plan.family), QString::fromStdString(plan.section)));
  if (language) {
    facts.facts.push_back(valueFact("Context", formatCount(static_cast<double>(plan.input.context))));
    facts.facts.push_back(valueFact("Vocabulary", formatCount(static_cast<double>(plan.input.vocabulary))));
    facts.facts.push_back(valueFact(
        "Tokenizer", plan.tokenizer.empty()
                         ? QStringLiteral("none")
                         : QString("%1, %2").arg(QString::fromStdString(plan.tokenizer), formatCount(static_cast<double>(plan.symbols)))));
  } else {
    facts.facts.push_back(valueFact("Classes", formatCount(static_cast<double>(plan.input.classes))));
    if (plan.input.kind == InputSpec::Kind::Image)
      facts.facts.push_back(valueFact("Input", QString("%1×%2×%3").arg(plan.input.channels).arg(plan.input.height).arg(plan.input.width)));
  }
  facts.facts.push_back(valueFact("Tensors", formatCount(static_cast<double>(plan.rows.size()))));
  std::vector<FactSection> sections{facts};
  if (!plan.notes.empty()) {
    FactSection notes{QStringLiteral("To know"), {}, {}, nullptr};
    for (const std::string& note : plan.notes) notes.facts.push_back(textFact(QString::fromStdString(note), Token::Text1));
    sections.push_back(std::move(notes));
  }
  sections.push_back({QStringLiteral("Safety"), {}, {textFact(QStringLiteral("Nothing in the file is executed."))}, nullptr});
  facts_->setSections(std::move(sections));

  tensor_rows_->removeRows(0, tensor_rows_->rowCount());
  constexpr std::size_t kMostRows = 2000;
  for (std::size_t i = 0; i < plan.rows.size() && i < kMostRows; ++i) {
    const StateRow& row = plan.rows[i];
    const QStringList cells{row.file_name.empty() ? QString(kMissing) : QString::fromStdString(row.file_name),
                            QString::fromLatin1(dtype_name(row.dtype)), shapeText(row.file_shape),
                            row.parameter.empty() ? QString::fromStdString(row.note) : QString::fromStdString(row.parameter), outcome(row)};
    QList<QStandardItem*> items;
    for (const QString& cell : cells) {
      items << new QStandardItem(cell);
      items.back()->setEditable(false);
      items.back()->setToolTip(cell);
    }
    const CellTone tone = isTrouble(row) ? CellTone::Worse : row.result == StateRow::Result::LeftOut ? CellTone::Muted : CellTone::Normal;
    items[Outcome]->setData(static_cast<int>(tone), ToneRole);
    tensor_rows_->appendRow(items);
    if (isTrouble(row) && tensor_rows_->rowCount() > 12) tensors_->scrollTo(items.front()->index());
  }
  pages_->setCurrentIndex(Model);
  resize(std::max(width(), 900), std::max(height(), 560));
  import_->setEnabled(true);
  if (plan.refused) refuse(*plan.refused);
}

void ImportDialog::bringIn() {
  if (!kind_) return;
  ProjectActions& actions = context_.actions;
  Navigator& navigator = context_.navigator;
  QWidget* window = parentWidget();  // the answers come after the dialog is gone
  const auto failed = [&navigator](const Error& error) { navigator.notice(NoticeLevel::Error, QString::fromStdString(error.sentence())); };
  const auto experiment = [&navigator, failed](Result<QString> id) {
    if (id)
      navigator.open({dsw::kind::kExperiment, *id, {}});
    else
      failed(id.error());
  };
  const FileKind what = *kind_;
  const QString path = path_;
  const bool allow = allow_->isChecked();
  const ModelImport asked = request();
  accept();
  switch (what) {
    case FileKind::Project:
      return navigator.open({dsw::kind::kProjectFile, path, {}});
    case FileKind::Document:
      return actions.newFromFile(path, window, experiment);
    case FileKind::Table:
    case FileKind::Text:
      return actions.newFromData(path, what == FileKind::Text, window, experiment);
    case FileKind::Archive:
      return actions.importArchive(path, allow, window, [&navigator, failed](Result<ImportPlan> done) {
        if (!done) return failed(done.error());
        navigator.notice(NoticeLevel::Success,
                         QString("%1, %2 and %3 came in.")
                             .arg(counted(done->runs.size(), "run", "runs"), counted(done->experiments.size(), "experiment", "experiments"),
                                  counted(done->models.size(), "model", "models")),
                         "Show runs", [&navigator] {
                           navigator.open({dsw::kind::kRuns, {}, {}});
                         });
      });
    case FileKind::Model:
      return actions.importModel(asked, window, [&navigator, failed](Result<ModelRow> row) {
        if (!row) return failed(row.error());
        navigator.notice(NoticeLevel::Success, QString("%1 came in.").arg(QString::fromStdString(row->name)));
        navigator.open({dsw::kind::kModel, QString::fromStdString(row->id), {}});
      });
  }
}

}  // namespace dsw
