// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/image_grid.h"

#include "ui/widgets/theme.h"

namespace dsw {
namespace {

constexpr int kMargin = 12, kGap = 8, kCaption = 18;

}  // namespace

ImageGrid::ImageGrid(QWidget* parent) : QAbstractScrollArea(parent) {
  setFrameShape(QFrame::NoFrame);
  setFocusPolicy(Qt::StrongFocus);
  setProperty("ownFocus", true);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  viewport()->setMouseTracking(true);
  setAccessibleName(tr("Pictures"));
  connect(&Theme::current(), &Theme::changed, viewport(), qOverload<>(&QWidget::update));
}

void ImageGrid::setImages(QVector<GridImage> images) {
  images_ = std::move(images);
  current_ = images_.isEmpty() ? -1 : std::clamp(current_, 0, static_cast<int>(images_.size()) - 1);
  setAccessibleDescription(tr("%1 pictures").arg(images_.size()));
  updateScroll();
  viewport()->update();
}

void ImageGrid::setThumbSize(int px) {
  thumb_ = px;
  updateScroll();
  viewport()->update();
}

void ImageGrid::setEmptyText(const QString& sentence) {
  empty_text_ = sentence;
  viewport()->update();
}

void ImageGrid::setCurrent(int index) {
  if (index < 0 || index >= images_.size() || index == current_) return;
  current_ = index;
  const QRect rect = cellRect(index);
  if (rect.top() < 0) verticalScrollBar()->setValue(verticalScrollBar()->value() + rect.top() - kGap);
  if (rect.bottom() > viewport()->height())
    verticalScrollBar()->setValue(verticalScrollBar()->value() + rect.bottom() - viewport()->height() + kGap);
  setAccessibleDescription(tr("%1 of %2: %3").arg(index + 1).arg(images_.size()).arg(images_[index].caption));
  emit currentChanged(index);
  viewport()->update();
}

QSize ImageGrid::cell() const {
  int width = thumb_;
  const QFontMetrics metrics(themeFont(FontRole::Hint));
  for (const GridImage& image : images_) width = std::max(width, std::min(metrics.horizontalAdvance(image.caption), thumb_ * 2));
  return {width, thumb_ + 4 + kCaption};
}

int ImageGrid::columns() const { return std::max(1, (viewport()->width() - 2 * kMargin + kGap) / (cell().width() + kGap)); }

QRect ImageGrid::cellRect(int index) const {
  const QSize size = cell();
  const int n = columns();
  return {kMargin + index % n * (size.width() + kGap), kMargin + index / n * (size.height() + kGap) - verticalScrollBar()->value(),
          size.width(), size.height()};
}

int ImageGrid::indexAt(QPoint pos) const {
  for (int i = 0; i < images_.size(); ++i)
    if (cellRect(i).contains(pos)) return i;
  return -1;
}

void ImageGrid::updateScroll() {
  const int rows = (static_cast<int>(images_.size()) + columns() - 1) / columns();
  const int height = 2 * kMargin + rows * (cell().height() + kGap) - kGap;
  verticalScrollBar()->setRange(0, std::max(0, height - viewport()->height()));
  verticalScrollBar()->setPageStep(viewport()->height());
  verticalScrollBar()->setSingleStep(cell().height() + kGap);
}

void ImageGrid::paintEvent(QPaintEvent*) {
  QPainter p(viewport());
  p.fillRect(viewport()->rect(), themeColor(Token::Surface2));
  if (images_.isEmpty()) {
    p.setPen(themeColor(Token::Text3));
    p.setFont(themeFont(FontRole::Text));
    p.drawText(viewport()->rect().adjusted(16, 16, -16, -16), Qt::AlignCenter | Qt::TextWordWrap, empty_text_);
    return;
  }
  const qreal dpr = p.device()->devicePixelRatioF();
  const QFont hint = themeFont(FontRole::Hint);
  const QFontMetrics metrics(hint);
  for (int i = 0; i < images_.size(); ++i) {
    const QRect rect = cellRect(i);
    if (!rect.intersects(viewport()->rect())) continue;
    const GridImage& entry = images_[i];
    const QRect box(rect.left() + (rect.width() - thumb_) / 2, rect.top(), thumb_, thumb_);
    if (!entry.image.isNull()) {
      const qreal scale = thumb_ * dpr / std::max(entry.image.width(), entry.image.height());
      const qreal used = (scale >= 1 ? std::floor(scale) : scale) / dpr;
      p.setRenderHint(QPainter::SmoothPixmapTransform, scale < 1);
      QRectF target(QPointF(), QSizeF(entry.image.size()) * used);
      target.moveCenter(QRectF(box).center());
      target.moveTopLeft(QPointF(std::round(target.left()), std::round(target.top())));
      p.drawImage(target, entry.image);
    }
    const bool current = i == current_;
    p.setPen(QPen(themeColor(current && hasFocus() ? Token::Focus : current ? Token::LineStrong : Token::Line), current ? 2 : 1));
    p.drawRect(QRectF(box).adjusted(-0.5, -0.5, 0.5, 0.5));
    p.setFont(hint);
    p.setPen(themeColor(entry.tone == CellTone::Worse ? Token::Failed : entry.tone == CellTone::Better ? Token::Finished : Token::Text2));
    p.drawText(QRect(rect.left(), box.bottom() + 4, rect.width(), kCaption), Qt::AlignHCenter | Qt::AlignVCenter | Qt::TextSingleLine,
               metrics.elidedText(entry.caption, Qt::ElideRight, rect.width()));
  }
}

void ImageGrid::resizeEvent(QResizeEvent*) { updateScroll(); }

void ImageGrid::mousePressEvent(QMouseEvent* event) { setCurrent(indexAt(event->pos())); }

void ImageGrid::mouseDoubleClickEvent(QMouseEvent* event) {
  const int i = indexAt(event->pos());
  if (i >= 0) emit activated(i);
}

void ImageGrid::keyPressEvent(QKeyEvent* event) {
  const int n = columns(), last = static_cast<int>(images_.size()) - 1;
  switch (event->key()) {
    case Qt::Key_Left:
      setCurrent(std::max(0, current_ - 1));
      break;
    case Qt::Key_Right:
      setCurrent(std::min(last, current_ + 1));
      break;
    case Qt::Key_Up:
      setCurrent(current_ >= n ? current_ - n : current_);
      break;
    case Qt::Key_Down:
      setCurrent(std::min(last, current_ + n));
      break;
    case Qt::Key_Home:
      setCurrent(0);
      break;
    case Qt::Key_End:
      setCurrent(last);
      break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (current_ >= 0) emit activated(current_);
      break;
    default:
      QAbstractScrollArea::keyPressEvent(event);
  }
}

bool ImageGrid::viewportEvent(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    auto* help = static_cast<QHelpEvent*>(event);
    const int i = indexAt(help->pos());
    if (i >= 0)
      QToolTip::showText(help->globalPos(), images_[i].tooltip.isEmpty() ? images_[i].caption : images_[i].tooltip, viewport(),
                         cellRect(i));
    else
      QToolTip::hideText();
    return true;
  }
  return QAbstractScrollArea::viewportEvent(event);
}

}  // namespace dsw
