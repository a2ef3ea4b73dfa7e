// SPDX-License-Identifier: GPL-3.0-or-later
// One dialog for everything that comes into a project: says what a file is, shows what would come in, and asks only what the file
// cannot say. UI thread only; files are read on the actions' thread.
#pragma once
#include <QDialog>
#include <filesystem>
#include <functional>
#include <optional>

#include "engine/file_kind.h"
#include "engine/model_import.h"
#include "ui/widgets/shell/panel_context.h"

class QCheckBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QStackedWidget;
class QStandardItemModel;
class QTableView;

namespace dsw {

class FactSheet;
class MessageBar;

/// Nothing is written before Import is pressed. The dialog deletes itself.
class ImportDialog : public QDialog {
  Q_OBJECT
 public:
  ImportDialog(PanelContext& context, const QString& path, QWidget* parent);

  /// What the file was taken for; nothing while it is being read or when it is of no kind that is known.
  std::optional<FileKind> kind() const { return kind_; }

 private:
  struct Looked;
  void look();
  void showLooked(const Looked& looked);
  void showArchive(const ImportPlan& plan);
  void showModel(const ModelImportPlan& plan);
  void refuse(const Error& error);
  void chooseFile();
  QWidget* fileField(QLineEdit* field, const QString& name);
  void bringIn();
  ModelImport request() const;

  PanelContext& context_;
  QString path_;
  std::optional<FileKind> kind_;
  quint64 reading_ = 0;
  QLabel* file_;
  QLabel* what_;
  MessageBar* message_;
  QStackedWidget* pages_;
  QLabel* sentence_;
  QLabel* outside_title_;
  QPlainTextEdit* outside_;
  QCheckBox* allow_;
  FactSheet* facts_;
  QTableView* tensors_;
  QStandardItemModel* tensor_rows_;
  QLineEdit *name_, *vocabulary_, *merges_, *config_;
  QWidget *tokenizer_rows_, *config_row_;
  QPushButton* import_;
};

}  // namespace dsw
