// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/data_picker.h"

#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>

namespace dsw {

namespace {
bool same(const ModelData& a, const ModelData& b) { return a.kind == b.kind && a.id == b.id; }
}  // namespace

DataPicker::DataPicker(QWidget* parent) : QWidget(parent), data_box_(new QComboBox), part_box_(new QComboBox) {
  auto* line = new QHBoxLayout(this);
  line->setContentsMargins(0, 0, 0, 0);
  line->setSpacing(8);
  line->addWidget(data_box_, 1);
  line->addWidget(part_box_);
  data_box_->setAccessibleName(tr("Data"));
  data_box_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  data_box_->setMinimumContentsLength(14);
  data_box_->setToolTip(tr("What the model is tried on: its own data, that of an experiment, or a file"));
  part_box_->setAccessibleName(tr("Part of the data"));
  part_box_->addItem(tr("test or val"), QString());
  for (const char* part : {"test", "val", "train"}) part_box_->addItem(QLatin1String(part), QLatin1String(part));
  part_box_->setToolTip(tr("test or val: the test part where there is one, else the val part"));
  connect(data_box_, &QComboBox::activated, this, &DataPicker::onActivated);
  connect(part_box_, &QComboBox::activated, this, &DataPicker::changed);
  fill();
}

void DataPicker::setChoices(const std::vector<ModelData>& choices) {
  offered_ = choices;
  fill();
}

void DataPicker::fill() {
  const std::optional<ModelData> former = data();
  data_box_->clear();
  const auto add = [&](const ModelData& choice) {
    data_box_->addItem(choice.label, QVariant::fromValue(static_cast<int>(choice.kind)));
    data_box_->setItemData(data_box_->count() - 1, choice.id, Qt::UserRole + 1);
    data_box_->setItemData(data_box_->count() - 1, choice.kind == ModelData::Kind::File ? choice.id : choice.label, Qt::ToolTipRole);
    if (former && same(*former, choice)) data_box_->setCurrentIndex(data_box_->count() - 1);
  };
  for (const ModelData& choice : offered_) add(choice);
  for (const ModelData& choice : files_) add(choice);
  data_box_->addItem(tr("Choose a file…"));
  if (offered_.empty() && files_.empty()) {
    data_box_->setPlaceholderText(tr("Choose data"));
    data_box_->setCurrentIndex(-1);
  } else if (!former) {
    data_box_->setCurrentIndex(0);
  }
  last_ = data_box_->currentIndex();
}

std::optional<ModelData> DataPicker::data() const {
  const int index = data_box_->currentIndex();
  if (index < 0 || !data_box_->itemData(index).isValid()) return std::nullopt;
  return ModelData{static_cast<ModelData::Kind>(data_box_->itemData(index).toInt()),
                   data_box_->itemData(index, Qt::UserRole + 1).toString(), data_box_->itemText(index)};
}

QString DataPicker::part() const { return part_box_->currentData().toString(); }

void DataPicker::onActivated(int index) {
  if (data_box_->itemData(index).isValid()) {
    last_ = index;
    emit changed();
    return;
  }
  data_box_->setCurrentIndex(last_);
  auto* dialog = new QFileDialog(this, tr("Data for the model"), {},
                                 tr("Documents, data sections and texts (*.json *.txt *.csv *.tsv);;All files (*)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  connect(dialog, &QFileDialog::fileSelected, this, &DataPicker::chooseFile);
  dialog->open();
}

void DataPicker::chooseFile(const QString& path) {
  const ModelData file{ModelData::Kind::File, path, QFileInfo(path).fileName()};
  std::erase_if(files_, [&](const ModelData& other) { return same(other, file); });
  files_.push_back(file);
  fill();
  data_box_->setCurrentIndex(data_box_->count() - 2);
  last_ = data_box_->currentIndex();
  emit changed();
}

}  // namespace dsw
