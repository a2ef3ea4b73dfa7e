// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/machine_panel.h"

#include <QDateTime>
#include <QPushButton>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>
#include <nlohmann/json.hpp>

#include "ui/models/app_settings.h"
#include "ui/models/job_list_model.h"
#include "ui/models/machine_rates_model.h"
#include "ui/models/number_format.h"
#include "ui/models/project_actions.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/name_column.h"
#include "ui/widgets/scatter_view.h"
#include "ui/widgets/shell/panel_header.h"

namespace dsw {
namespace {

const QString kKept = QStringLiteral("machine/rates");
constexpr double kSecondsEach = 0.4;  // for each limit and kernel

}  // namespace

MachinePanel::MachinePanel(PanelContext& context, const ObjectRef& ref, QWidget* parent)
    : DocumentPanel(context, ref, parent),
      model_(new MachineRatesModel(this)),
      table_(new QTableView),
      roofline_(new ScatterView),
      limits_(new ThemedLabel({}, FontRole::Text, Token::Text2)),
      start_(new QPushButton(tr("Measure"))) {
  setTitle(tr("Speed of this machine"));
  setTabIcon("speedometer2");
  start_->setDefault(true);
  start_->setToolTip(tr("Measures arithmetic, memory and the engine's kernels: about ten seconds on all threads"));
  connect(start_, &QPushButton::clicked, this, &MachinePanel::measure);
  header().addWidget(start_);

  table_->setModel(model_);
  installTableLook(table_);
  table_->setItemDelegateForColumn(MachineRatesModel::OfBound, new BarDelegate(table_));
  for (const int column : {MachineRatesModel::Time, MachineRatesModel::Arithmetic, MachineRatesModel::Memory})
    table_->setItemDelegateForColumn(column, new NumberDelegate(table_));
  new NameColumn(table_, MachineRatesModel::Kernel, MachineRatesModel::OfBound);
  table_->setAccessibleName(tr("Kernels with their time and speed"));
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setTabKeyNavigation(false);
  roofline_->setNamed(true);
  roofline_->setEmptyText(
      tr("Measure shows how fast this machine computes and reads memory, and how close the engine's kernels come to it."));
  connect(roofline_, &ScatterView::activated, this, [this](const QString& name) {
    for (int row = 0; row < model_->rowCount(); ++row)
      if (model_->index(row, MachineRatesModel::Kernel).data().toString() == name) table_->selectRow(row);
  });
  connect(roofline_, &ScatterView::exportFailed, this, [this](const QString& path) {
    messages().showMessage(MessageLevel::Error, tr("%1 was not written.").arg(path),
                           tr("Choose another folder, or free some space on its disk."));
  });

  auto* body = new QWidget(this);
  auto* column = new QVBoxLayout(body);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  limits_->setContentsMargins(12, 10, 12, 10);
  limits_->setWordWrap(true);
  limits_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  column->addWidget(limits_);
  auto* halves = new QSplitter(Qt::Vertical);
  halves->addWidget(roofline_);
  halves->addWidget(table_);
  halves->setChildrenCollapsible(false);
  halves->setStretchFactor(0, 3);
  halves->setStretchFactor(1, 2);
  column->addWidget(halves, 1);
  setBody(body);
  readKept();
}

MachinePanel::~MachinePanel() {
  if (job_ != 0) context().workspace.stop_job(job_);
}

QWidget* MachinePanel::mainFocus() { return model_->rowCount() > 0 ? static_cast<QWidget*>(roofline_) : start_; }

void MachinePanel::readKept() {
  table_->setVisible(false);
  limits_->setText(tr("Not measured yet. Close other programs first: they make every number smaller."));
  const QString kept = context().settings.value(kKept).toString();
  if (kept.isEmpty()) return;
  if (const auto rates = machine_rates_from_json(Json::parse(kept.toStdString(), nullptr, false))) show(*rates);
}

void MachinePanel::measure() {
  if (job_ != 0) {
    context().workspace.stop_job(job_);
    start_->setEnabled(false);
    start_->setText(tr("Stopping…"));
    return;
  }
  messages().clear();
  if (context().jobs.running() > 0)
    messages().showMessage(MessageLevel::Warning, tr("A run is going on."), tr("What is measured now is slower than the machine alone."));
  start_->setText(tr("Stop"));
  job_ = context().actions.startJob<MachineRates>(
      tr("Measure this machine"), this,
      [](std::stop_token stop, const ProjectActions::Progress& progress) {
        return measure_machine(0, kSecondsEach, std::move(stop), progress);
      },
      [this](Result<MachineRates> result) { ended(result); });
}

void MachinePanel::ended(const Result<MachineRates>& result) {
  job_ = 0;
  start_->setEnabled(true);
  start_->setText(tr("Measure"));
  if (result) {
    context().settings.setValue(kKept, QString::fromStdString(machine_rates_json(*result).dump()));
    show(*result);
  } else if (result.error().code != ErrorCode::Stopped) {
    messages().showMessage(MessageLevel::Error, QString::fromStdString(result.error().message),
                           QString::fromStdString(result.error().hint));
  }
}

void MachinePanel::show(const MachineRates& rates) {
  model_->setRates(rates);
  table_->setVisible(true);
  const QString when = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(rates.measured_at * 1000)).toString("d MMM yyyy");
  limits_->setText(tr("%1, %2 threads: %3 GFLOP/s in float32, %4 GB/s read from memory. Measured on %5.")
                       .arg(QString::fromStdString(rates.processor))
                       .arg(rates.threads)
                       .arg(formatNumber(rates.peak_flops / 1e9, 3), formatNumber(rates.read_bytes_per_second / 1e9, 3), when));
  std::vector<ScatterPoint> points;
  for (const KernelRate& kernel : rates.kernels) {
    const QString name = QString::fromStdString(kernel.name);
    if (kernel.bytes > 0)
      points.push_back({name, name, kernel.flops / kernel.bytes, kernel.flops_per_second() / 1e9, kernel.name.ends_with("-f32") ? 0 : 1});
  }
  const auto gflops = [](double v) { return formatNumber(v, 3) + QStringLiteral(" GFLOP/s"); };
  const auto intensity = [](double v) { return formatNumber(v, 3) + QStringLiteral(" FLOP a byte"); };
  roofline_->setProvenance({{"processor", QString::fromStdString(rates.processor)}, {"measured", when}});
  roofline_->setBound({tr("what float32 arithmetic and memory allow"), [rates](double flops_a_byte) {
                         return std::min(rates.peak_flops, flops_a_byte * rates.read_bytes_per_second) / 1e9;
                       }});
  roofline_->setData(std::move(points), {tr("FLOP for each byte of memory"), {}, true, intensity}, {tr("GFLOP/s"), {}, true, gflops});
}

}  // namespace dsw
