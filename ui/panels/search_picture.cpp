// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/search_picture.h"

#include <QToolButton>
#include <QVBoxLayout>

#include "ui/models/run_data.h"
#include "ui/models/search_model.h"
#include "ui/panels/search_legend.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/graph/graph_scene.h"
#include "ui/widgets/graph_view.h"
#include "ui/widgets/pane.h"
#include "ui/widgets/segmented_control.h"

namespace dsw {

namespace {
constexpr int kTitleHeight = 30;
}

SearchPicture::SearchPicture(RunData& run, SearchModel& search, QWidget* parent)
    : QWidget(parent),
      run_(run),
      search_(search),
      tabs_(new SegmentedControl(this)),
      title_(new ElidedLabel({}, this)),
      note_(new ElidedLabel({}, this, Token::Text2)),
      view_(new GraphView(this)),
      legend_(new SearchLegend(this)) {
  setBackgroundRole(QPalette::Base);
  setAutoFillBackground(true);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* head = new QHBoxLayout;
  head->setContentsMargins(12, 3, 8, 3);
  head->setSpacing(8);
  title_->setFont(themeFont(FontRole::Strong));
  note_->setFont(themeFont(FontRole::Hint));
  tabs_->setFixedHeight(24);
  tabs_->hide();
  head->addWidget(title_);
  head->addWidget(tabs_);
  head->addWidget(note_, 1);
  QToolButton* save = iconButton("download", tr("Export the picture"), this);
  head->addWidget(save);
  column->addLayout(head);
  column->addWidget(view_, 1);
  column->addWidget(legend_);
  column->addSpacing(4);
  view_->setAccessibleName(tr("Searched space"));
  view_->setMinimumHeight(220);
  title_->setFixedHeight(kTitleHeight - 6);
  connect(save, &QToolButton::clicked, this, &SearchPicture::exportDialog);
  connect(tabs_, &SegmentedControl::chosen, this, &SearchPicture::showPage);
  connect(view_, &GraphView::nodeSelected, this, [this](const QString& id, const QString& target) {
    if (drawing_) return;
    const int choice = std::max(choiceOfNode(id), choiceOfNode(target));
    if (choice == selected_) return;
    selected_ = choice;
    emit selectionMoved(choice);
  });
  connect(view_, &GraphView::nodeActivated, this, [this](const QString& id) {  // a web that the network shows closed
    for (std::size_t k = 0; k < pages_.size(); ++k)
      if (pages_[k].cell >= 0 && search_.data().space().cells[static_cast<std::size_t>(pages_[k].cell)].id == id)
        showPage(static_cast<int>(k));
  });
  connect(&search_, &SearchModel::dataChanged, this, &SearchPicture::refreshSpace);
  connect(&search_, &SearchModel::epochChanged, this, &SearchPicture::refreshEpoch);
  connect(&run_, &RunData::rowChanged, this, &SearchPicture::refreshSpace);
  refreshSpace();
}

void SearchPicture::refreshSpace() {
  const SearchSpaceInfo& space = search_.data().space();
  view_->setEmptyText(!search_.isRead() || !run_.isLoaded() ? QString()
                      : run_.isActive()                     ? tr("The space is drawn here when the search starts.")
                                                            : tr("This search ended before it began: it told of no space."));
  if (!search_.data().hasSpace()) {
    title_->setText(tr("Space"));
    return;
  }
  if (drawn_) return;  // the space is told once
  drawn_ = true;
  pages_ = searchPages(space);
  places_.clear();
  QStringList titles;
  for (const SearchPage& page : pages_) {
    titles << page.title;
    places_.push_back(page.cell >= 0 ? webPlaces(space, page.cell) : WebPlaces());
  }
  tabs_->setOptions(titles);
  tabs_->setVisible(pages_.size() > 1);
  title_->setVisible(pages_.size() == 1);
  showPage(0);
}

void SearchPicture::showPage(int page) {
  page_ = page;
  const SearchPage& shown = pages_[static_cast<std::size_t>(page)];
  const SearchSpaceInfo& space = search_.data().space();
  tabs_->setCurrent(page);
  title_->setText(shown.title);
  const bool web = shown.cell >= 0;
  note_->setText(web ? tr("edge colour: entropy, width: largest probability") : tr("bars: probabilities of what is open"));
  legend_->setSpace(space, web ? space.cells[static_cast<std::size_t>(shown.cell)].id : QString(), web);
  refreshEpoch();
}

void SearchPicture::refreshEpoch() {
  if (!drawn_) return;
  const SearchSpaceInfo& space = search_.data().space();
  const auto page = static_cast<std::size_t>(page_);
  const bool ended = search_.isLive() && !search_.data().derived().model.empty();
  drawing_ = true;
  view_->setGraph(searchGraph(space, pages_[page], places_[page], search_.now(), ended));
  const QString chosen = selected_ >= 0 ? choiceNodeId(selected_) : QString();
  if (view_->selectedNode() != chosen) view_->selectNode(chosen);
  drawing_ = false;
}

int SearchPicture::pageOf(int choice) const {
  const SearchSpaceInfo& space = search_.data().space();
  const SearchChoice& what = space.choices[static_cast<std::size_t>(choice)];
  for (std::size_t k = 0; k < pages_.size(); ++k)
    if (what.isEdge() ? pages_[k].cell >= 0 && space.cells[static_cast<std::size_t>(pages_[k].cell)].id == what.cell : pages_[k].cell < 0)
      return static_cast<int>(k);
  return page_;
}

void SearchPicture::select(int choice) {
  if (!drawn_ || choice >= static_cast<int>(search_.data().space().choices.size())) return;
  selected_ = choice;
  if (choice >= 0 && pageOf(choice) != page_) return showPage(pageOf(choice));
  drawing_ = true;
  view_->selectNode(choice >= 0 ? choiceNodeId(choice) : QString());
  drawing_ = false;
}

Figure SearchPicture::figure() {
  const SearchEpoch* now = search_.now();
  Provenance from;
  from["run"] = QString::fromStdString(run_.row().short_name + " " + run_.row().id);
  from["version"] = QString::fromStdString(run_.row().experiment_name) + " v" + QString::number(run_.row().version);
  from["epoch"] = now ? QString::number(now->epoch) : QString(QChar(0x2013));
  const QString title = drawn_ ? pages_[static_cast<std::size_t>(page_)].title : tr("Space");
  const QRectF scene = view_->sceneRect();
  const QSize size(
      std::max(320, static_cast<int>(std::ceil(scene.width()))),
      std::max(120, static_cast<int>(std::ceil(scene.height()))) + legend_->heightForWidth(std::max(320, static_cast<int>(scene.width()))));
  const auto paint = [this, scene, size](QPainter& p) {
    p.fillRect(QRectF(QPointF(), size), themeColor(Token::Surface2));
    const int below = legend_->heightForWidth(size.width());
    view_->graphScene()->render(&p, QRectF(0, 0, size.width(), size.height() - below), scene);
    p.save();
    p.translate(0, size.height() - below);
    legend_->paintInto(&p, size.width());
    p.restore();
  };
  return {tr("%1, epoch %2").arg(title, from["epoch"]), QStringLiteral("search-%1").arg(title), from, size, paint, {}};
}

void SearchPicture::exportDialog() {
  QString failed;
  const QString path = exportFigure(this, figure(), &failed);
  if (!path.isEmpty()) emit exported(path);
  if (!failed.isEmpty()) emit exportFailed(failed);
}

}  // namespace dsw
