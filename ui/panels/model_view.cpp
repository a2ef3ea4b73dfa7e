// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/model_view.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QSplitter>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "engine/workspace.h"
#include "ui/models/command_registry.h"
#include "ui/models/layer_table_model.h"
#include "ui/models/navigator.h"
#include "ui/models/number_format.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/models/query_runner.h"
#include "ui/models/store_watcher.h"
#include "ui/panels/model_evaluations.h"
#include "ui/panels/model_export.h"
#include "ui/panels/model_facts.h"
#include "ui/panels/model_try.h"
#include "ui/panels/network_graph.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/graph_view.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/name_column.h"
#include "ui/widgets/pane.h"
#include "ui/widgets/shell/panel_header.h"

namespace dsw {

ModelView::ModelView(PanelContext& context, const ObjectRef& ref, QWidget* parent)
    : DocumentPanel(context, ref, parent),
      session_(context.workspace, context.queries, context.actions, ref.id),
      inspector_(new FactSheet(this)) {
  inspector_->hide();
  inspector_->setAccessibleName(tr("Facts about the model"));
  setTabIcon("box");
  header().addCommand("model.evaluate");
  header().addCommand("run.export-model");
  for (const char* id : {"model.try", "object.source", "object.rename", "object.note", "object.archive"}) header().addOverflow(id);
  setBody(buildBody());
  connect(&session_, &ModelSession::changed, this, &ModelView::refresh);
  connect(&session_, &ModelSession::busyChanged, this, &ModelView::commandsChanged);
  connect(&session_, &ModelSession::failed, this, [this](const Error& error) {
    messages().showMessage(MessageLevel::Error, tr("This model cannot be read."), QString::fromStdString(error.sentence()),
                           {{tr("Try again"),
                             [this] {
                               messages().clear();
                               session_.load(wanted_);
                             },
                             {}}},
                           false);
  });
  connect(&session_, &ModelSession::workFailed, this, [this](const Error& error) {
    messages().showMessage(MessageLevel::Error, QString::fromStdString(error.message), QString::fromStdString(error.hint));
  });
  connect(&session_, &ModelSession::busyChanged, this, [this] {
    if (session_.busy()) messages().clear();
  });
  connect(&context.project, &ProjectData::experimentsChanged, this, &ModelView::refresh);
  connect(&context.watcher, &StoreWatcher::committed, this, [this](const QStringList& ids) {
    if (!imported() && ids.contains(this->ref().id)) session_.load(wanted_);  // a run saves more checkpoints
  });
  refresh();
  session_.load(wanted_);
}

ModelView::~ModelView() = default;

bool ModelView::imported() const { return context().project.model(ref().id) != nullptr; }

QWidget* ModelView::buildBody() {
  // Everything has its parent from the beginning: a widget that moves is styled again, with all that it holds.
  auto* body = new QWidget(this);
  auto* column = new QVBoxLayout(body);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);

  auto* first = new QWidget(body);
  first->setFixedHeight(32);
  auto* line = new QHBoxLayout(first);
  line->setContentsMargins(12, 0, 12, 0);
  line->setSpacing(8);
  summary_ = new ElidedLabel;
  summary_->setFont(themeFont(FontRole::Number));
  summary_->setAccessibleName(tr("What the model is"));
  line->addWidget(summary_, 1);
  checkpoint_label_ = new ThemedLabel(tr("Checkpoint"), FontRole::Text, Token::Text2);
  checkpoint_ = new QComboBox;
  checkpoint_->setAccessibleName(tr("Checkpoint"));
  checkpoint_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  checkpoint_label_->setBuddy(checkpoint_);
  line->addWidget(checkpoint_label_);
  line->addWidget(checkpoint_);
  connect(checkpoint_, &QComboBox::activated, this, [this] {
    wanted_ = checkpoint_->currentData().toString();
    session_.load(wanted_);
  });
  column->addWidget(first);

  auto* across = new QSplitter(Qt::Horizontal, body);
  auto* left = new QSplitter(Qt::Vertical, across);
  auto* right = new QSplitter(Qt::Vertical, across);
  column->addWidget(across, 1);
  auto* network_pane = new Pane(tr("Network"), {}, left);
  network_ = network_pane->hold(new GraphView(network_pane));
  network_->setMiniMapVisible(false);
  network_->setZoomControlVisible(false);
  network_->setAccessibleName(tr("Network"));
  auto* zoom_out = iconButton("zoom-out", tr("Zoom out"), network_pane->head());
  auto* zoom_in = iconButton("zoom-in", tr("Zoom in"), network_pane->head());
  auto* fit = iconButton("fullscreen", tr("Fit (F)"), network_pane->head());
  for (QToolButton* button : {zoom_out, zoom_in, fit}) network_pane->head()->line()->addWidget(button);
  connect(zoom_out, &QToolButton::clicked, network_, [this] { network_->setZoom(network_->zoom() / 1.25); });
  connect(zoom_in, &QToolButton::clicked, network_, [this] { network_->setZoom(network_->zoom() * 1.25); });
  connect(fit, &QToolButton::clicked, network_, &GraphView::fit);

  auto* layers_pane = new Pane(tr("Layers"), {}, left);
  layers_ = new LayerTableModel(this);
  layer_table_ = layers_pane->hold(new QTableView(layers_pane));
  layer_table_->setModel(layers_);
  installTableLook(layer_table_);
  for (const int c : {int(LayerTableModel::Output), int(LayerTableModel::Parameters), int(LayerTableModel::Flops)})
    layer_table_->setItemDelegateForColumn(c, new NumberDelegate(layer_table_));
  layer_table_->setItemDelegateForColumn(LayerTableModel::Share, new BarDelegate(layer_table_));
  layer_table_->setAccessibleName(tr("Layers with shapes and costs"));
  new NameColumn(layer_table_, LayerTableModel::Layer, LayerTableModel::Share);
  layers_note_ = new ThemedLabel({}, FontRole::Hint, Token::Text2, layers_pane->head());
  layers_pane->head()->line()->addWidget(layers_note_);
  // One selection in both.
  connect(layer_table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& now) {
    if (now.isValid() && network_->selectedNode() != layers_->node(now.row())) network_->selectNode(layers_->node(now.row()));
  });
  connect(network_, &GraphView::nodeSelected, this, [this](const QString& id) {
    if (const int row = layers_->rowOf(id); row >= 0) layer_table_->selectRow(row);
  });

  auto* try_pane = new Pane(tr("Try it"), {}, right);
  try_ = try_pane->hold(new ModelTry(session_, context().settings, try_pane));
  auto* evaluations_pane = new Pane(tr("Evaluations"), {}, right);
  evaluations_ = evaluations_pane->hold(new ModelEvaluations(session_, evaluations_pane));
  connect(evaluations_, &ModelEvaluations::written, this,
          [this](const QString& path) { context().navigator.notice(NoticeLevel::Success, tr("%1 was written.").arg(path)); });
  connect(evaluations_, &ModelEvaluations::writeFailed, this, [this](const QString& path) {
    messages().showMessage(MessageLevel::Error, tr("%1 was not written.").arg(path),
                           tr("Choose another folder, or free some space on its disk."));
  });

  left->setSizes({420, 320});
  right->setSizes({440, 300});
  across->setSizes({470, 490});
  across->setStretchFactor(0, 1);
  across->setStretchFactor(1, 1);
  for (QSplitter* split : {left, right, across}) split->setChildrenCollapsible(false);
  return body;
}

void ModelView::refresh() {
  const ModelRow* row = context().project.model(ref().id);
  const RunPtr run = row ? nullptr : context().project.run(ref().id);
  if (row)
    setTitle(QString::fromStdString(row->name));
  else
    setTitle(run ? tr("Model of %1").arg(QString::fromStdString(run->short_name)) : tr("Model"));
  header().setChip(row && row->archived ? tr("archived") : QString());
  if (run)
    header().setLinks({tr("weights of %1").arg(objectLink({kind::kRun, ref().id, {}}, QString::fromStdString(run->short_name)))});
  else if (row)
    header().setLinks({tr("imported from %1").arg(QString::fromStdString(row->source).toHtmlEscaped())});
  checkpoint_->setVisible(!row);
  checkpoint_label_->setVisible(!row);
  emit commandsChanged();
  if (!session_.isLoaded()) {
    summary_->setText(tr("Reading the model…"));
    network_->setEmptyText(tr("The network appears here when the model is read."));
    return;
  }
  const ModelFacts& facts = session_.facts();
  summary_->setText(tr("%1,  %2 parameters,  %3 FLOPs forward,  %4")
                        .arg(sectionSummary(facts.section), formatCount(facts.network.total.parameters),
                             formatCount(facts.network.total.flops), formatBytes(static_cast<double>(session_.model().bytes))));
  if (const QString hash = QString::fromStdString(session_.model().sha256); hash != drawn_) {
    drawn_ = hash;
    network_->setGraph(networkGraph(facts.network, {}));
    layers_->setNetwork(facts.network);
    layers_note_->setText(tr("a batch of one"));
  }
  checkpoint_->clear();
  const auto& all = session_.checkpoints();
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    QString text = tr("step %1").arg(formatCountExact(it->step));
    if (it->best) text += tr(", best");
    if (it == all.rbegin()) text += tr(", last");
    checkpoint_->addItem(text, QString::number(it->step));
    if (it->step == session_.model().step) checkpoint_->setCurrentIndex(checkpoint_->count() - 1);
  }
  inspector_->setSections(modelFacts(
      session_, row, [this](const ObjectRef& target) { context().navigator.open(target); },
      context().project.readOnly() ? std::function<void(const QString&)>() : [this](const QString& id) { context().commands.run(id); }));
  refreshChoices();
}

void ModelView::refreshChoices() {
  const std::vector<ModelData> choices = session_.dataChoices(context().project);
  try_->setDataChoices(choices);
  evaluations_->setDataChoices(choices);
}

QString ModelView::place() const { return imported() ? QString() : QStringLiteral("checkpoint:%1").arg(wanted_); }

void ModelView::showPlace(const QString& place) {
  if (!place.startsWith(QLatin1String("checkpoint:")) || place.mid(11) == wanted_) return;
  wanted_ = place.mid(11);
  session_.load(wanted_);
}

QWidget* ModelView::mainFocus() {
  QWidget* focus = try_->mainFocus();
  return focus ? focus : layer_table_;
}

CommandState ModelView::commandState(const QString& id) const {
  CommandState state;
  state.handled = true;
  const auto enable = [&](bool possible, const QString& reason) {
    state.enabled = possible;
    if (!possible) state.reason = reason;
    return state;
  };
  const QString reading = tr("The model is being read.");
  if (id == "run.export-model" || id == "file.export") {
    state.text = tr("E&xport model…");
    return enable(session_.isLoaded(), reading);
  }
  if (id == "model.try") {
    if (session_.busy()) return enable(false, tr("%1 is going on.").arg(session_.busyWith()));
    if (session_.isLoaded()) state.text = session_.writesText() ? tr("&Generate text") : tr("&Classify examples");
    return enable(session_.reasonNotToTry().isEmpty(), session_.reasonNotToTry());
  }
  if (id == "model.evaluate") {
    if (session_.busy()) return enable(false, tr("%1 is going on.").arg(session_.busyWith()));
    return enable(session_.isLoaded(), reading);
  }
  if (id == "model.stop") return enable(session_.busy(), tr("The model does nothing that could be stopped."));
  if (id == "object.source") {
    state.text = tr("&Go to the run");
    return enable(!imported(), tr("It was imported; no run made it."));
  }
  return DocumentPanel::commandState(id);
}

void ModelView::runCommand(const QString& id) {
  if (id == "run.export-model" || id == "file.export") return exportModel();
  if (id == "model.try") return try_->act();
  if (id == "model.evaluate") return evaluations_->evaluate();
  if (id == "model.stop") return session_.stop();
  if (id == "object.source") return context().navigator.open({kind::kRun, ref().id, {}});
  DocumentPanel::runCommand(id);
}

void ModelView::exportModel() {
  const ProjectModel& model = session_.model();
  exportWeights(
      context(),
      {QString::fromStdString(model.of_run ? model.source + "-" + model.name : model.name), QString::fromStdString(model.name), model.path},
      this);
}

}  // namespace dsw
