// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/start_page.h"

#include <QAction>
#include <QGridLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QTableView>

#include <QVBoxLayout>

#include "engine/workspace.h"
#include "ui/models/command_registry.h"
#include "ui/models/job_list_model.h"
#include "ui/models/navigator.h"
#include "ui/models/number_format.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/models/system_monitor.h"
#include "ui/models/work_pool.h"
#include "ui/panels/template_card.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/fact_sheet.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/shell/panel_header.h"

namespace dsw {

namespace {

constexpr int kMargin = 24, kMostRecentRows = 6;

QPushButton* commandButton(CommandRegistry& commands, const QString& id, const QString& text, bool primary, QWidget* parent) {
  auto* button = new QPushButton(text, parent);
  const Command* command = commands.find(id);
  if (!command->icon.isEmpty()) button->setIcon(primary ? themeIcon("plus-lg", Token::OnAccent) : themeIcon(command->icon));
  if (primary) button->setProperty("primary", true);
  QAction* action = commands.action(id);
  QObject::connect(button, &QPushButton::clicked, action, &QAction::trigger);
  button->setToolTip(command->help);
  button->setFocusPolicy(Qt::StrongFocus);
  return button;
}

}  // namespace

StartPage::StartPage(PanelContext& context, const ObjectRef& ref, QWidget* parent)
    : DocumentPanel(context, ref, parent), recent_(context.settings) {
  setTitle(QStringLiteral("Start"));
  setTabIcon("house");
  header().hide();
  auto* body = new QWidget(this);
  auto* row = new QHBoxLayout(body);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(0);
  row->addWidget(buildMain(body), 1);
  auto* line = new QWidget(body);
  line->setObjectName(QStringLiteral("hairline"));
  line->setAttribute(Qt::WA_StyledBackground);
  line->setFixedWidth(1);
  row->addWidget(line);
  row->addWidget(buildSide(body));
  setBody(body);
  connect(&recent_, &QAbstractItemModel::modelReset, this, &StartPage::refreshRecent);
  connect(&context.jobs, &JobListModel::countsChanged, this, &StartPage::fillSide);
  connect(&context.monitor, &SystemMonitor::sampled, this, [this] {
    if (isVisible()) fillSide();
  });
  connect(&context.project, &ProjectData::reset, this, &StartPage::fillSide);
  refreshRecent();
  fillSide();
  loadTemplates();
}

QWidget* StartPage::buildMain(QWidget* parent) {
  auto* scroll = new QScrollArea(parent);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  main_ = new QWidget(scroll->viewport());
  main_->setObjectName(QStringLiteral("page"));
  main_->setAttribute(Qt::WA_StyledBackground);
  auto* column = new QVBoxLayout(main_);
  column->setContentsMargins(kMargin, 16, kMargin, kMargin);
  column->setSpacing(8);

  auto* buttons = new QHBoxLayout;
  buttons->setSpacing(8);
  CommandRegistry& commands = context().commands;
  newProject_ = commandButton(commands, "file.new-project", "New project", true, main_);
  buttons->addWidget(newProject_);
  buttons->addWidget(commandButton(commands, "file.open", "Open…", false, main_));
  auto* import = commandButton(commands, "file.import", "Import .dsz…", false, main_);
  QAction* importAction = commands.action("file.import");
  import->setEnabled(importAction->isEnabled());
  connect(importAction, &QAction::changed, import, [import, importAction] {
    import->setEnabled(importAction->isEnabled());
    import->setToolTip(importAction->toolTip());
  });
  buttons->addWidget(import);
  auto* drop = new ElidedLabel(QStringLiteral("Drop a .dsx, .dsz, document or data file anywhere"), main_, Token::Text3);
  drop->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  buttons->addWidget(drop, 1);
  column->addLayout(buttons);

  column->addSpacing(4);
  column->addWidget(new ThemedLabel(QStringLiteral("Recent projects"), FontRole::Strong, Token::Text1, main_));
  table_ = new QTableView(main_);
  table_->setModel(&recent_);
  installTableLook(table_);
  table_->horizontalHeader()->hide();
  table_->setItemDelegateForColumn(4, new StateDelegate(table_));
  table_->setItemDelegateForColumn(3, new NumberDelegate(table_));
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setTabKeyNavigation(false);
  table_->setAccessibleName(QStringLiteral("Recent projects"));
  table_->horizontalHeader()->setStretchLastSection(false);
  table_->horizontalHeader()->setSectionResizeMode(1, QHeaderView::Stretch);
  table_->setColumnWidth(0, 200);
  table_->setColumnWidth(2, 130);
  table_->setColumnWidth(3, 110);
  table_->setColumnWidth(4, 130);
  table_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  table_->installEventFilter(this);
  table_->setContextMenuPolicy(Qt::CustomContextMenu);
  connect(table_, &QTableView::clicked, this, [this](const QModelIndex& index) { openRecent(index.row()); });
  connect(table_, &QWidget::customContextMenuRequested, this, [this](const QPoint& pos) {
    const QModelIndex index = table_->indexAt(pos);
    if (!index.isValid()) return;
    QMenu menu(this);
    menu.addAction(QStringLiteral("Open"), this, [this, row = index.row()] { openRecent(row); });
    menu.addAction(QStringLiteral("Take off this list"), this,
                   [this, path = recent_.path(index.row())] { context().settings.removeRecentProject(path); });
    menu.exec(table_->viewport()->mapToGlobal(pos));
  });
  column->addWidget(table_);
  noRecent_ = new ThemedLabel(QStringLiteral("No project yet. A template below makes one; every run of it is kept there."), FontRole::Text,
                              Token::Text2, main_);
  noRecent_->setWordWrap(true);
  column->addWidget(noRecent_);

  column->addSpacing(8);
  auto* heads = new QHBoxLayout;
  heads->setSpacing(8);
  heads->addWidget(new ThemedLabel(QStringLiteral("Templates"), FontRole::Strong, Token::Text1, main_));
  heads->addWidget(new ElidedLabel(QStringLiteral("Take one, change what you like, run it"), main_, Token::Text2), 1);
  filter_ = new QLineEdit(main_);
  filter_->setPlaceholderText(QStringLiteral("Filter templates"));
  filter_->setAccessibleName(QStringLiteral("Filter templates"));
  filter_->addAction(themeIcon("funnel"), QLineEdit::LeadingPosition);
  filter_->setClearButtonEnabled(true);
  filter_->setFixedWidth(180);
  connect(filter_, &QLineEdit::textChanged, this, &StartPage::placeCards);
  heads->addWidget(filter_);
  column->addLayout(heads);
  templatesNote_ = new ThemedLabel({}, FontRole::Text, Token::Text2, main_);
  templatesNote_->hide();
  column->addWidget(templatesNote_);
  cardsHost_ = new QWidget(main_);
  cardsGrid_ = new QGridLayout(cardsHost_);
  cardsGrid_->setContentsMargins(0, 0, 0, 0);
  cardsGrid_->setSpacing(10);
  column->addWidget(cardsHost_);
  column->addStretch();
  scroll->setWidget(main_);
  return scroll;
}

QWidget* StartPage::buildSide(QWidget* parent) {
  side_ = new FactSheet(parent);
  side_->setFixedWidth(320);
  side_->setAccessibleName(QStringLiteral("What is going on, devices and keys"));
  return side_;
}

void StartPage::fillSide() {
  std::vector<FactSection> sections;
  FactSection running{"Left running", {}, {}, nullptr};
  const JobListModel& jobs = context().jobs;
  for (int row = 0; row < jobs.rowCount(); ++row) {
    const JobInfo& job = jobs.job(row);
    if (job.run_id.empty() || (job.status != RunStatus::Running && job.status != RunStatus::Queued)) continue;
    const double share = job.total > 0 ? static_cast<double>(job.done) / static_cast<double>(job.total) : 0;
    running.facts.push_back(
        linkFact(QString::fromStdString(job.title), formatPercent(share, 0),
                 [this, ref = ObjectRef{kind::kRun, QString::fromStdString(job.run_id), {}}] { context().navigator.open(ref); }));
  }
  int interrupted = 0;
  for (const RunPtr& run : context().project.runs()) {
    if (run->status != RunStatus::Interrupted || ++interrupted > 3) continue;
    running.facts.push_back(
        linkFact(QString("%1 %2").arg(QString::fromStdString(run->short_name), runTitle(*run)), QStringLiteral("interrupted"),
                 [this, ref = ObjectRef{kind::kRun, QString::fromStdString(run->id), {}}] { context().navigator.open(ref); }));
  }
  if (!running.facts.empty()) sections.push_back(std::move(running));

  FactSection devices{"Devices", "memory free", {}, nullptr};
  for (const DeviceInfo& device : context().monitor.sample().devices) {
    const QString name = QString::fromStdString(device.name);
    if (!device.unavailable.empty()) {
      devices.facts.push_back(valueFact(name, QString(kMissing)));
      devices.facts.push_back(textFact("Not usable: " + QString::fromStdString(device.unavailable), Token::Text3));
      continue;
    }
    Fact fact = valueFact(
        name, QString("%1 of %2")
                  .arg(formatBytes(static_cast<double>(device.free_bytes)), formatBytes(static_cast<double>(device.memory_bytes))));
    fact.tooltip = QString::fromStdString(device.description);
    devices.facts.push_back(fact);
    devices.facts.push_back(textFact(QString::fromStdString(device.description), Token::Text3));
  }
  if (devices.facts.empty()) devices.facts.push_back(textFact(QStringLiteral("Looking for devices…"), Token::Text3));
  sections.push_back(std::move(devices));

  FactSection keys{"Keys", {}, {}, nullptr};
  for (const char* id : {"view.palette", "file.new-experiment", "run.start", "run.stop", "view.next-pane", "help.keys"}) {
    QString text = context().commands.find(id)->text;
    text.remove('&');
    if (text.endsWith(QChar(0x2026))) text.chop(1);
    const auto bound = context().commands.keys(id);
    keys.facts.push_back(valueFact(text, bound.isEmpty() ? QString(kMissing) : bound.front().toString(QKeySequence::NativeText)));
  }
  sections.push_back(std::move(keys));

  FactSection learn{"Learn", {}, {}, nullptr};
  learn.facts.push_back(linkFact({}, QStringLiteral("Your first run in one minute"), [this] {
    context().navigator.open({kind::kHelp, {}, "first-run"});
  }));
  learn.facts.push_back(linkFact({}, QStringLiteral("All commands and keys"), [this] { context().navigator.open({kind::kKeys, {}, {}}); }));
  sections.push_back(std::move(learn));
  side_->setSections(std::move(sections));
}

void StartPage::refreshRecent() {
  const int rows = std::min(recent_.rowCount(), kMostRecentRows);
  table_->setVisible(rows > 0);
  table_->setFixedHeight(rows * 24 + 1);
  noRecent_->setVisible(rows == 0);
  if (rows > 0 && !table_->currentIndex().isValid()) table_->setCurrentIndex(recent_.index(0, 0));
}

void StartPage::openRecent(int row) {
  if (row < 0 || row >= recent_.rowCount()) return;
  context().navigator.open({kind::kProjectFile, recent_.path(row), {}});
}

void StartPage::loadTemplates() {
  workPool().start([self = QPointer<StartPage>(this)] {
    auto list = std::make_shared<Result<std::vector<DocumentTemplate>>>(document_templates());
    QMetaObject::invokeMethod(
        qApp,
        [self, list] {
          if (!self) return;
          if (!*list) {
            self->templatesNote_->setText(QString::fromStdString(list->error().sentence()));
            self->templatesNote_->show();
            return;
          }
          for (DocumentTemplate& entry : **list) {
            auto* card = new TemplateCard(std::move(entry), self->cardsHost_);
            connect(card, &QAbstractButton::clicked, self, [page = self.data(), name = QString::fromStdString(card->entry().name)] {
              page->context().navigator.open({kind::kTemplate, name, {}});
            });
            setTabOrder(self->cards_.isEmpty() ? static_cast<QWidget*>(self->filter_) : self->cards_.back(), card);
            self->cards_.push_back(card);
          }
          self->filter_->setPlaceholderText(QString("Filter %1 templates").arg(self->cards_.size()));
          self->placeCards();
        },
        Qt::QueuedConnection);
  });
}

void StartPage::placeCards() {
  while (cardsGrid_->count() > 0) delete cardsGrid_->takeAt(0);
  const int columns = std::clamp((width() - side_->width() - 2 * kMargin + 10) / 430, 1, 3);
  int shown = 0;
  for (TemplateCard* card : cards_) {
    const bool match = card->matches(filter_->text());
    card->setVisible(match);
    if (!match) continue;
    cardsGrid_->addWidget(card, shown / columns, shown % columns);
    ++shown;
  }
  for (int column = 0; column < 3; ++column) cardsGrid_->setColumnStretch(column, column < columns ? 1 : 0);
  templatesNote_->setVisible(shown == 0 && !cards_.isEmpty());
  if (shown == 0 && !cards_.isEmpty()) templatesNote_->setText(QStringLiteral("No template has these words."));
}

QWidget* StartPage::mainFocus() {
  if (recent_.rowCount() > 0) return table_;
  return cards_.isEmpty() ? newProject_ : static_cast<QWidget*>(cards_.front());
}

void StartPage::showPlace(const QString& place) {
  if (place != "templates") return;
  if (cards_.isEmpty())
    filter_->setFocus();
  else
    cards_.front()->setFocus(Qt::TabFocusReason);
}

CommandState StartPage::commandState(const QString& id) const {
  if (id == "edit.find") return {true, true, {}, {}, false};
  return DocumentPanel::commandState(id);
}

void StartPage::runCommand(const QString& id) {
  if (id == "edit.find") filter_->setFocus(Qt::ShortcutFocusReason);
}

void StartPage::resizeEvent(QResizeEvent* event) {
  DocumentPanel::resizeEvent(event);
  side_->setFixedWidth(width() >= 1400 ? 385 : 300);
  table_->setColumnHidden(2, width() < 1000);
  QMetaObject::invokeMethod(this, &StartPage::placeCards, Qt::QueuedConnection);
}

bool StartPage::eventFilter(QObject* watched, QEvent* event) {
  if (watched == table_ && event->type() == QEvent::KeyPress) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_Return || key == Qt::Key_Enter) {
      openRecent(table_->currentIndex().row());
      return true;
    }
  }
  return DocumentPanel::eventFilter(watched, event);
}

}  // namespace dsw
