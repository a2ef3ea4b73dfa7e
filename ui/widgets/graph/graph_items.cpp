// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/graph/graph_items.h"

#include "ui/widgets/icons.h"
#include "ui/widgets/proxy_style.h"
#include "ui/widgets/theme.h"

namespace dsw {
namespace {

constexpr qreal kHead = 26, kRowHeight = 18, kFoot = 20, kPort = 9, kRadius = 4, kBar = 34, kPointSize = 22, kBorderPort = 12;
constexpr qreal kNameRoom = 120;                                  // beside a port on a border
constexpr qreal kLeastText = 8;                                   // device px below which text is not drawn
constexpr qreal kSmallName = 9.5, kLeastName = 8.5, kStripe = 3;  // px on the screen, at every zoom

QFont nameFont() {
  QFont font = themeFont(FontRole::Hint);
  font.setWeight(QFont::DemiBold);
  return font;
}
QFont plainFont() { return themeFont(FontRole::Hint); }
QFont footFont() { return themeFont(FontRole::NumberSmall); }

bool isCompact(const GraphNode& node) {
  return node.kind == GraphNodeKind::Box && node.rows.empty() && node.icon.isEmpty() && !node.inlet && !node.outlet;
}
bool onBorder(const GraphNode& node) { return node.kind == GraphNodeKind::Entry || node.kind == GraphNodeKind::Exit; }

qreal widestValue(const GraphNode& node) {
  const QFontMetricsF foot(footFont());
  qreal wide = 0;
  for (const GraphRow& row : node.rows) wide = std::max(wide, foot.horizontalAdvance(row.value));
  return wide;
}

qreal zoomOf(const QPainter& p) {
  const QTransform t = p.worldTransform();
  return std::hypot(t.m11(), t.m12());
}

/// Device px of one scene px; SVG and picture exports count as full detail.
qreal devicePxOf(const QPainter& p) {
  const QTransform t = p.deviceTransform();
  return std::hypot(t.m11(), t.m12());
}

QColor nodeGround() { return themeColor(Token::Surface3); }

void drawErrorMark(QPainter& p, QPointF at) {
  p.setPen(Qt::NoPen);
  p.setBrush(themeColor(Token::Surface2));
  p.drawEllipse(at, 8, 8);
  drawIcon(p, QStringLiteral("x-octagon-fill"), QRectF(at.x() - 7, at.y() - 7, 14, 14), themeColor(Token::Failed));
}

}  // namespace

GraphDetail detailAt(qreal zoom) {
  return zoom >= 0.7 ? GraphDetail::All : zoom >= 0.3 ? GraphDetail::Names : zoom >= 0.15 ? GraphDetail::Shapes : GraphDetail::Frames;
}

QSizeF graphNodeSize(const GraphNode& node) {
  if (node.kind == GraphNodeKind::Point) return {kPointSize, kPointSize};
  if (onBorder(node)) return {kBorderPort, kBorderPort};
  if (node.kind == GraphNodeKind::Circle) return {kGraphCircle, kGraphCircle};
  if (node.kind == GraphNodeKind::Plate) return kGraphPlate;
  const auto rounded = [](qreal v) { return std::ceil(v / 8) * 8; };
  const QFontMetricsF name(nameFont()), plain(plainFont()), foot(footFont());
  if (isCompact(node)) {
    const qreal width = std::max(plain.horizontalAdvance(node.name), foot.horizontalAdvance(node.foot)) + 20;
    return {rounded(std::max(72.0, width)), node.foot.isEmpty() ? 28.0 : 40.0};
  }
  qreal width = std::max((node.icon.isEmpty() ? 20 : 40) + name.horizontalAdvance(node.name), 20 + foot.horizontalAdvance(node.foot));
  const qreal values = widestValue(node);
  for (const GraphRow& row : node.rows)
    width =
        std::max(width, 20 + (row.checked ? 20 : 0) + plain.horizontalAdvance(row.text) + (row.share >= 0 ? kBar + 10 : 0) + values + 10);
  const qreal rows = static_cast<qreal>(node.rows.size()) * kRowHeight;
  return {rounded(std::max(104.0, width)), kHead + rows + (node.rows.empty() ? 0 : 4) + (node.foot.isEmpty() ? 0 : kFoot)};
}

GraphNodeItem::GraphNodeItem(const GraphNode& node, QSizeF size)
    : node_(node), size_(size), compact_(isCompact(node)), values_wide_(node.rows.empty() ? 0 : widestValue(node)) {
  setFlag(ItemIsSelectable);
  setZValue(2);
  if (!node.tooltip.isEmpty() || !node.error.isEmpty()) setToolTip(node.error.isEmpty() ? node.tooltip : node.error);
}

QRectF GraphNodeItem::errorBox() const {
  constexpr qreal kBeside = 18;  // nodes stand further apart than twice this
  return QRectF(-kBeside, size_.height() + 4, size_.width() + 2 * kBeside, 32);
}

QRectF GraphNodeItem::boundingRect() const {
  QRectF r = box().adjusted(-8, -10, 10, 4);
  if (onBorder(node_)) r = box().adjusted(-kNameRoom, -20, kNameRoom, 4);
  if (!node_.error.isEmpty()) {
    r = r.united(errorBox());
  }
  return r;
}

QPainterPath GraphNodeItem::shape() const {
  QPainterPath path;
  path.addRect(box());
  return path;
}

QPointF GraphNodeItem::port(bool out) const {
  if (onBorder(node_)) return box().center();
  return QPointF(out ? size_.width() : 0, compact_ || node_.kind == GraphNodeKind::Point ? size_.height() / 2 : kHead / 2);
}

int GraphNodeItem::rowAt(QPointF at) const {
  const qreal y = at.y() - kHead - 2;
  const int row = static_cast<int>(std::floor(y / kRowHeight));
  return node_.rows.empty() || y < 0 || row >= static_cast<int>(node_.rows.size()) ? -1 : row;
}

void GraphNodeItem::setPorts(bool in, bool out) {
  if (in == port_in_ && out == port_out_) return;
  port_in_ = in;
  port_out_ = out;
  update();
}

void GraphNodeItem::setPortLook(bool out, GraphPort look) {
  GraphPort& mine = out ? look_out_ : look_in_;
  if (mine == look) return;
  mine = look;
  update();
}

void GraphNodeItem::setHovered(bool on) {
  if (on == hovered_) return;
  hovered_ = on;
  update();
}

void GraphNodeItem::paint(QPainter* p, const QStyleOptionGraphicsItem*, QWidget*) {
  const qreal zoom = zoomOf(*p), px = devicePxOf(*p);
  const GraphDetail detail = detailAt(std::max(zoom, px >= 1 && zoom < 0.01 ? px : zoom));
  if (detail == GraphDetail::Frames) return;
  const bool failed = !node_.error.isEmpty(), chosen = isSelected();
  if (detail == GraphDetail::Shapes) {
    const QColor kind = node_.color < 0 ? themeColor(Token::LineStrong) : Theme::current().series(node_.color).color;
    if (node_.kind == GraphNodeKind::Plate) return;
    p->fillRect(box(), failed || chosen ? themeColor(failed ? Token::Failed : Token::Accent) : kind);
    return;
  }
  p->setRenderHint(QPainter::Antialiasing);
  if (onBorder(node_)) return paintBorderPort(*p, px);
  if (node_.muted) p->setOpacity(0.4);
  const QPen frame(themeColor(failed ? Token::Failed : chosen ? Token::Accent : Token::LineStrong), failed || chosen ? 2 : 1);
  const QRectF edge = box().adjusted(0.5, 0.5, -0.5, -0.5);
  p->setPen(frame);
  p->setBrush(hovered_ && !chosen ? themeColor(Token::Hover) : nodeGround());
  if (node_.kind == GraphNodeKind::Point || node_.kind == GraphNodeKind::Circle) {
    p->drawEllipse(edge);
    p->setPen(themeColor(Token::Text1));
    p->setFont(node_.kind == GraphNodeKind::Circle ? nameFont() : plainFont());
    if (kPointSize * px * 0.5 >= kLeastText * 0.7) p->drawText(box(), Qt::AlignCenter, node_.name);
    if (look_in_ != GraphPort::Plain) {
      p->setBrush(Qt::NoBrush);
      p->setOpacity(look_in_ == GraphPort::Legal ? 1 : 0.4);
      p->setPen(QPen(themeColor(look_in_ == GraphPort::Legal ? Token::Accent : Token::LineStrong), 2));
      p->drawEllipse(edge.adjusted(-3, -3, 3, 3));
      p->setOpacity(1);
    }
  } else if (node_.kind == GraphNodeKind::Plate) {
    p->drawRoundedRect(edge, kRadius, kRadius);
    paintPlate(*p, detail, px);
  } else {
    p->drawRoundedRect(edge, kRadius, kRadius);
    paintStripe(*p, zoom);
    if (compact_ || (detail == GraphDetail::Names && zoom < 0.66))
      paintCompact(*p, zoom, px);
    else
      paintFull(*p, detail, px);
  }
  if (failed) {
    drawErrorMark(*p, box().topRight() + QPointF(-1, 1));
    if (11 * px >= kLeastText) {
      p->setPen(themeColor(Token::Failed));
      p->setFont(themeFont(FontRole::Tick));
      // Two lines of it; the rest is in the tooltip.
      const QRectF at = errorBox();
      const QString text = QFontMetricsF(p->font()).elidedText(node_.error, Qt::ElideRight, 1.85 * at.width());
      p->drawText(at, Qt::AlignHCenter | Qt::AlignTop | Qt::TextWordWrap, text);
    }
  }
}

/// The colour of its kind, as wide on the screen at every zoom.
void GraphNodeItem::paintStripe(QPainter& p, qreal zoom) const {
  if (node_.color < 0) return;
  QPainterPath round, left;
  round.addRoundedRect(box().adjusted(1, 1, -1, -1), kRadius - 1, kRadius - 1);
  left.addRect(QRectF(0, 0, 1 + std::max(kStripe, kStripe / std::max(zoom, 0.05)), size_.height()));
  p.fillPath(round.intersected(left), Theme::current().series(node_.color).color);
}

/// Far out the name grows against the zoom so that it stays readable, and gets shorter where the box has no room for all of it.
void GraphNodeItem::paintCompact(QPainter& p, qreal zoom, qreal px) const {
  QRectF area = box();
  if (node_.color >= 0) area.setLeft(area.left() + kStripe / std::min(1.0, zoom));
  p.setPen(themeColor(Token::Text1));
  QFont font = plainFont();
  if (12 * zoom < kSmallName) {
    const QString head = node_.name.section(QLatin1Char(','), 0, 0);
    const QStringList names{node_.name, head, node_.brief.isEmpty() ? head : node_.brief};
    const auto fits = [&](const QString& name, qreal size) {
      font.setPixelSize(static_cast<int>(std::lround(size / zoom)));
      return QFontMetricsF(font).horizontalAdvance(name) <= area.width() - 4 / zoom;
    };
    for (const QString& name : names)
      for (const qreal size : {kSmallName, kLeastName})
        if (fits(name, size)) return p.setFont(font), p.drawText(area, Qt::AlignCenter | Qt::TextSingleLine, name);
    p.setFont(font);
    p.drawText(area, Qt::AlignCenter | Qt::TextSingleLine,
               QFontMetricsF(font).elidedText(names.back(), Qt::ElideRight, area.width() - 4 / zoom));
    return;
  }
  p.setFont(font);
  if (node_.foot.isEmpty() || 11 * px < kLeastText) {  // the foot would be too small
    p.drawText(area, Qt::AlignCenter | Qt::TextSingleLine, node_.name);
    return;
  }
  p.drawText(QRectF(area.left(), area.top() + 4, area.width(), 17), Qt::AlignCenter | Qt::TextSingleLine, node_.name);
  p.setFont(footFont());
  p.setPen(themeColor(Token::Text2));
  p.drawText(QRectF(area.left(), area.top() + 20, area.width(), 16), Qt::AlignCenter | Qt::TextSingleLine, node_.foot);
}

void GraphNodeItem::paintFull(QPainter& p, GraphDetail detail, qreal px) const {
  const QRectF area = box();
  const QColor ink = themeColor(Token::Text1), soft = themeColor(Token::Text2);
  const bool text = 11 * px >= kLeastText;
  qreal x = 10;
  if (!node_.icon.isEmpty()) {
    drawIcon(p, node_.icon, QRectF(x, 6, 14, 14), soft);
    x += 20;
  }
  if (12 * px >= kLeastText) {
    p.setFont(nameFont());
    p.setPen(ink);
    p.drawText(QRectF(x, 0, area.width() - x - 6, kHead), Qt::AlignVCenter | Qt::TextSingleLine, node_.name);
  }
  qreal y = kHead;
  p.setPen(QPen(themeColor(Token::Line), 1));
  if (!node_.rows.empty() || !node_.foot.isEmpty()) p.drawLine(QPointF(1, y), QPointF(area.width() - 1, y));
  if (detail == GraphDetail::All) paintRows(p, y + (node_.rows.empty() ? 0 : 2), text);
  if (!node_.foot.isEmpty() && text) {
    p.setFont(footFont());
    p.setPen(soft);
    p.drawText(QRectF(10, area.height() - kFoot, area.width() - 16, kFoot), Qt::AlignVCenter | Qt::TextSingleLine, node_.foot);
  }
  if (port_in_) paintPort(p, false);
  if (port_out_) paintPort(p, true);
}

void GraphNodeItem::paintRows(QPainter& p, qreal y, bool text) const {
  const qreal wide = size_.width();
  for (const GraphRow& row : node_.rows) {
    qreal left = 10;
    const bool off = row.checked.has_value() && !*row.checked;
    if (row.checked) {
      drawCheckBox(p, QRectF(left - 1, y, 14, kRowHeight), *row.checked ? Qt::Checked : Qt::Unchecked, true);
      left += 19;
    }
    if (text) {
      p.setFont(row.strong ? nameFont() : plainFont());
      p.setPen(themeColor(off ? Token::TextOff : Token::Text1));
      p.drawText(QRectF(left, y, wide - left, kRowHeight), Qt::AlignVCenter | Qt::TextSingleLine, row.text);
      p.setFont(footFont());
      p.setPen(themeColor(off ? Token::TextOff : Token::Text2));
      p.drawText(QRectF(0, y, wide - 8, kRowHeight), Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, row.value);
    }
    if (row.share >= 0) {
      const QRectF bar(wide - 8 - values_wide_ - 8 - kBar, y + 7, kBar, 4);
      p.setPen(Qt::NoPen);
      p.setBrush(themeColor(Token::Grid));
      p.drawRoundedRect(bar, 2, 2);
      p.setBrush(row.color < 0 ? themeColor(Token::Accent) : Theme::current().series(row.color).color);
      if (row.share > 0) p.drawRoundedRect(QRectF(bar.topLeft(), QSizeF(std::max(2.0, kBar * std::min(1.0, row.share)), 4)), 2, 2);
    }
    y += kRowHeight;
  }
}

void GraphNodeItem::paintPort(QPainter& p, bool out) const {
  const GraphPort look = out ? look_out_ : look_in_;
  const bool legal = look == GraphPort::Legal;
  p.setOpacity(look == GraphPort::Illegal ? 0.4 : 1);
  p.setPen(QPen(themeColor(legal ? Token::Accent : Token::LineStrong), 1.2));
  p.setBrush(legal ? themeColor(Token::Accent) : nodeGround());
  const qreal r = kPort / 2 + (legal ? 1 : 0);
  p.drawEllipse(port(out), r, r);
  p.setOpacity(1);
}

/// A port on the border of a frame, its name above and inside.
void GraphNodeItem::paintBorderPort(QPainter& p, qreal px) const {
  const bool in = node_.kind == GraphNodeKind::Entry;
  paintPort(p, in);
  if (isSelected()) {
    p.setBrush(Qt::NoBrush);
    p.setPen(QPen(themeColor(Token::Accent), 2));
    p.drawEllipse(box().adjusted(-1, -1, 1, 1));
  }
  if (11 * px < kLeastText) return;
  p.setFont(themeFont(FontRole::Tick));
  p.setPen(themeColor(Token::Text2));
  const QRectF name(in ? box().right() - 2 : box().left() + 2 - kNameRoom, -18, kNameRoom, 16);
  p.drawText(name, (in ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter | Qt::TextSingleLine, node_.name);
}

GraphEdgeItem::GraphEdgeItem(const GraphEdge& edge, const QVector<QPointF>& way, bool smooth, bool arrow)
    : edge_(edge), arrow_(arrow), arrow_wanted_(arrow) {
  setZValue(1);
  setWay(way, smooth);
}

QPainterPath graphCurve(QPointF from, QPointF to) {
  QPainterPath path(from);
  const qreal ahead = to.x() - from.x();
  const qreal dx = ahead > 0 ? std::max(12.0, ahead / 2) : std::clamp(40 - ahead / 4, 40.0, 160.0);
  path.cubicTo(from + QPointF(dx, 0), to - QPointF(dx, 0), to);
  return path;
}

void GraphEdgeItem::setWay(const QVector<QPointF>& way, bool smooth) {
  if (way == way_ && smooth == smooth_) return;
  prepareGeometryChange();
  way_ = way;
  smooth_ = smooth;
  path_ = QPainterPath();
  if (way.size() < 2) return;
  if (smooth && way.size() == 2) {
    path_ = graphCurve(way.first(), way.last());
    return;
  }
  path_.moveTo(way.first());
  if (edge_.through) {
    path_.quadTo(2 * way[1] - (way.front() + way.back()) / 2, way.back());
    arrow_ = false;
    return;
  }
  if (smooth) {
    for (qsizetype k = 1; k < way.size(); ++k) {
      const qreal dx = std::max(12.0, std::abs(way[k].x() - way[k - 1].x()) / 2);
      path_.cubicTo(way[k - 1] + QPointF(dx, 0), way[k] - QPointF(dx, 0), way[k]);
    }
    return;
  }
  // Straight pieces with rounded corners.
  constexpr qreal kCorner = 6;
  for (qsizetype k = 1; k + 1 < way.size(); ++k) {
    const QLineF in(way[k], way[k - 1]), out(way[k], way[k + 1]);
    const qreal r = std::min({kCorner, in.length() / 2, out.length() / 2});
    if (r < 0.5) continue;
    path_.lineTo(in.pointAt(r / in.length()));
    path_.quadTo(way[k], out.pointAt(r / out.length()));
  }
  path_.lineTo(way.last());
}

QRectF GraphEdgeItem::boundingRect() const { return path_.boundingRect().adjusted(-7, -7, 7, 7); }

QPainterPath GraphEdgeItem::shape() const {
  QPainterPathStroker stroker;
  stroker.setWidth(10);
  return stroker.createStroke(path_);
}

void GraphEdgeItem::setLit(bool on) {
  if (on == lit_) return;
  lit_ = on;
  update();
}

void GraphEdgeItem::setMarked(bool on) {
  if (on == marked_) return;
  marked_ = on;
  update();
}

void GraphEdgeItem::paint(QPainter* p, const QStyleOptionGraphicsItem*, QWidget*) {
  const GraphDetail detail = detailAt(zoomOf(*p));
  if (detail == GraphDetail::Frames || way_.size() < 2) return;
  const bool bold = lit_ || marked_;
  const QColor ink = bold ? themeColor(Token::Accent) : edge_.entropy ? entropyColor(*edge_.entropy) : themeColor(Token::LineStrong);
  if (edge_.dropped) p->setOpacity(0.2);
  QPen pen(ink, marked_ ? edge_.width + 1 : edge_.width, Qt::SolidLine, Qt::FlatCap);
  if (edge_.kind == GraphEdgeKind::Residual) pen.setDashPattern({2 / 1.5, 3 / 1.5});
  p->setPen(pen);
  p->setBrush(Qt::NoBrush);
  if (detail == GraphDetail::Shapes) {
    p->setRenderHint(QPainter::Antialiasing, false);
    p->drawLine(way_.first(), way_.last());
    return;
  }
  p->setRenderHint(QPainter::Antialiasing);
  p->drawPath(path_);
  if (arrow_) {
    const QPointF tip = way_.last(), before = way_[way_.size() - 2];
    const bool upward = std::abs(tip.x() - before.x()) < 1;
    p->setPen(Qt::NoPen);
    p->setBrush(ink);
    if (upward)
      p->drawPolygon(QPolygonF{tip, tip + QPointF(-3.5, tip.y() < before.y() ? 7 : -7), tip + QPointF(3.5, tip.y() < before.y() ? 7 : -7)});
    else
      p->drawPolygon(QPolygonF{tip, tip + QPointF(-7, -3.5), tip + QPointF(-7, 3.5)});
  }
  if (!edge_.label.isEmpty() && 11 * devicePxOf(*p) >= kLeastText) {
    p->setFont(themeFont(FontRole::Tick));
    p->setPen(themeColor(Token::Text3));
    QPointF at = path_.pointAtPercent(0.5);
    for (qsizetype k = 0; k + 1 < way_.size(); ++k)  // on the longest level piece, where there is one
      if (std::abs(way_[k].y() - way_[k + 1].y()) < 1 && std::abs(way_[k].x() - way_[k + 1].x()) > 60) at = (way_[k] + way_[k + 1]) / 2;
    p->drawText(QRectF(at.x() - 80, at.y() + 1, 160, 16), Qt::AlignHCenter | Qt::AlignVCenter, edge_.label);
  }
}

GraphFrameItem::GraphFrameItem(const GraphFrame& frame, const QRectF& rect) : frame_(frame), rect_(rect) { setZValue(0); }

void GraphFrameItem::setMarked(bool on) {
  if (on == marked_) return;
  marked_ = on;
  update();
}

void GraphFrameItem::paint(QPainter* p, const QStyleOptionGraphicsItem*, QWidget*) {
  const GraphDetail detail = detailAt(zoomOf(*p));
  const qreal px = devicePxOf(*p);
  p->setRenderHint(QPainter::Antialiasing);
  QPen pen(themeColor(Token::LineStrong), 1);
  pen.setDashPattern({4, 3});
  if (detail == GraphDetail::Frames || !frame_.target.isEmpty()) pen.setStyle(Qt::SolidLine);
  if (marked_ || !frame_.error.isEmpty()) pen = QPen(themeColor(marked_ ? Token::Accent : Token::Failed), 2);
  p->setPen(pen);
  p->setBrush(themeColor(detail == GraphDetail::Frames ? Token::SelectIdle : Token::Surface1));
  p->drawRoundedRect(rect_.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5);
  if (11 * px < kLeastText || detail == GraphDetail::Frames) return;
  QRectF head(rect_.left() + 12, rect_.top() + 5, rect_.width() - 24, 18);
  if (!frame_.target.isEmpty()) {
    drawIcon(*p, QStringLiteral("chevron-down"), QRectF(head.left() - 2, head.top() + 3, 12, 12), themeColor(Token::Text2));
    head.setLeft(head.left() + 16);
  }
  p->setFont(nameFont());
  p->setPen(themeColor(Token::Text2));
  p->drawText(head, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, frame_.title);
  const qreal used = QFontMetricsF(p->font()).horizontalAdvance(frame_.title) + 16;
  p->setFont(footFont());
  p->setPen(themeColor(Token::Text3));
  if (QFontMetricsF(p->font()).horizontalAdvance(frame_.note) <= head.width() - used)
    p->drawText(head, Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, frame_.note);
}

}  // namespace dsw
