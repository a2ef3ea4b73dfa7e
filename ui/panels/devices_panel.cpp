// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/devices_panel.h"

#include <QHeaderView>
#include <QStandardItemModel>
#include <QTableView>
#include <QVBoxLayout>

#include "ui/models/cell_roles.h"
#include "ui/models/number_format.h"
#include "ui/models/project_actions.h"
#include "ui/models/system_monitor.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/shell/panel_header.h"
#include "ui/widgets/sparkline.h"

namespace dsw {

DevicesPanel::DevicesPanel(PanelContext& context, const ObjectRef& ref, QWidget* parent)
    : DocumentPanel(context, ref, parent),
      model_(new QStandardItemModel(0, 5, this)),
      table_(new QTableView),
      use_(new ThemedLabel({}, FontRole::Number, Token::Text1)),
      history_(new Sparkline) {
  setTitle(QStringLiteral("Devices"));
  setTabIcon("cpu");
  model_->setHorizontalHeaderLabels({"Device", "What it is", "Memory free", "Memory", "Precisions"});
  table_->setModel(model_);
  installTableLook(table_);
  table_->setItemDelegateForColumn(2, new NumberDelegate(table_));
  table_->setItemDelegateForColumn(3, new NumberDelegate(table_));
  table_->setAccessibleName(QStringLiteral("Devices"));
  table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setTabKeyNavigation(false);
  table_->setColumnWidth(0, 110);
  table_->setColumnWidth(2, 110);
  table_->setColumnWidth(3, 110);
  table_->setColumnWidth(4, 250);
  table_->horizontalHeader()->setStretchLastSection(false);
  table_->horizontalHeader()->setSectionResizeMode(1, QHeaderView::Stretch);
  auto* body = new QWidget(this);
  auto* column = new QVBoxLayout(body);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* line = new QHBoxLayout;
  line->setContentsMargins(12, 10, 12, 10);
  line->setSpacing(12);
  line->addWidget(new ThemedLabel(QStringLiteral("CPU use, last two minutes"), FontRole::Text, Token::Text2));
  history_->setFixedSize(240, 24);
  history_->setAccessibleName(QStringLiteral("CPU use over the last two minutes"));
  line->addWidget(history_);
  line->addWidget(use_);
  line->addStretch();
  column->addLayout(line);
  column->addWidget(table_, 1);
  setBody(body);
  connect(&context.monitor, &SystemMonitor::sampled, this, &DevicesPanel::refresh);
  refresh();
}

void DevicesPanel::refresh() {
  const SystemMonitor& monitor = context().monitor;
  const auto& devices = monitor.sample().devices;
  if (model_->rowCount() != static_cast<int>(devices.size())) model_->setRowCount(static_cast<int>(devices.size()));
  for (int row = 0; row < static_cast<int>(devices.size()); ++row) {
    const DeviceInfo& device = devices[static_cast<std::size_t>(row)];
    QStringList precisions;
    for (const std::string& one : device.precisions) precisions.push_back(QString::fromStdString(one));
    const bool usable = device.unavailable.empty();
    QStringList known{QString::fromStdString(device.description)};
    for (const std::string& remark : device.remarks) known.push_back(QString::fromStdString(remark));
    for (const std::string& peer : device.peers) known.push_back("reaches " + QString::fromStdString(peer));
    if (device.busy_percent >= 0) known.push_back(formatPercent(device.busy_percent / 100.0, 0) + " busy");
    const QString texts[] = {QString::fromStdString(device.name),
                             usable ? known.join("; ") : "Not usable: " + QString::fromStdString(device.unavailable),
                             usable ? formatBytes(static_cast<double>(device.free_bytes)) : QString(kMissing),
                             usable ? formatBytes(static_cast<double>(device.memory_bytes)) : QString(kMissing), precisions.join("  ")};
    for (int column = 0; column < 5; ++column) {
      const QModelIndex index = model_->index(row, column);
      if (index.data().toString() != texts[column]) model_->setData(index, texts[column], Qt::DisplayRole);
      if (column == 1) model_->setData(index, texts[column], Qt::ToolTipRole);
      model_->setData(index, static_cast<int>(usable ? CellTone::Normal : CellTone::Muted), ToneRole);
      if (column == 0) model_->setData(index, device.name.starts_with("cuda") ? "gpu-card" : "cpu", IconRole);
    }
  }
  use_->setText(monitor.hasSample() ? formatPercent(monitor.sample().cpuUse, 0) : QString(kMissing));
  history_->setValues(monitor.useHistory());
  sayGivenUp();
}

void DevicesPanel::sayGivenUp() {
  const SystemMonitor::Sample& sample = context().monitor.sample();
  QStringList lines;
  for (const DeviceInfo& device : sample.devices) {
    const auto mine = sample.givenUp.find(device.description);
    if (mine == sample.givenUp.end()) continue;
    for (const auto& [kernel, record] : mine->second)
      lines << QStringLiteral("%1 of %2 runs %3: %4.")
                   .arg(QString::fromStdString(kernel), QString::fromStdString(device.name), QString(kernel_use_words(record.use)),
                        QString::fromStdString(record.why));
  }
  const QString text = lines.join(' ');
  if (text == said_) return;
  said_ = text;
  if (text.isEmpty()) return messages().clear();
  const auto trust = [this] {
    context().actions.startJob<bool>(
        QStringLiteral("Trust all kernels"), this,
        [](std::stop_token, const ProjectActions::Progress&) -> Result<bool> {
          DSW_TRY(reset_kernel_records(kernel_records_file()));
          return true;
        },
        [this](const Result<bool>& done) {
          if (!done)
            messages().showMessage(MessageLevel::Error, QString::fromStdString(done.error().message),
                                   QString::fromStdString(done.error().hint));
        });
  };
  messages().showMessage(MessageLevel::Warning, QStringLiteral("Kernels were given up."), text,
                         {{QStringLiteral("Trust them again"), trust,
                           QStringLiteral("After a new driver or another card: runs from now on use the device's own kernels")}},
                         false);
}

QWidget* DevicesPanel::mainFocus() { return table_; }

}  // namespace dsw
