// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/template_card.h"

#include <QPainter>
#include <QPainterPath>
#include <QTextLayout>
#include <cmath>

#include "ui/widgets/chip.h"
#include "ui/widgets/theme.h"

namespace dsw {

namespace {

constexpr int kPicture = 188, kPad = 10;

/// Two falling curves, training and validation.
void drawCurves(QPainter& p, const QRectF& at, double gap) {
  for (int series = 0; series < 2; ++series) {
    QPainterPath path;
    for (int i = 0; i <= 40; ++i) {
      const double x = i / 40.0;
      const double y = std::exp(-3.6 * x) * (1 - 0.25 * gap * series) + gap * series * (0.35 * x);
      const QPointF point(at.left() + x * at.width(), at.bottom() - y * at.height() * 0.9);
      if (i == 0)
        path.moveTo(point);
      else
        path.lineTo(point);
    }
    SeriesStyle style = Theme::current().series(series);
    if (series == 1) style.dash_px = {7, 3};
    p.setPen(seriesPen(style));
    p.drawPath(path);
  }
}

/// Digits in seven segments.
void drawDigits(QPainter& p, const QRectF& at) {
  static const int kSegments[] = {0b1111001, 0b0110000, 0b1011011, 0b1110000};  // 3 1 5 7: a b c d e f g from the left
  p.setPen(QPen(themeColor(Token::Text1), 3.5, Qt::SolidLine, Qt::SquareCap));
  const double w = 17, h = 30, gap = (at.width() - 4 * w) / 5;
  for (int digit = 0; digit < 4; ++digit) {
    const double x = at.left() + gap + digit * (w + gap), y = at.center().y() - h / 2;
    const QLineF lines[7] = {
        {x, y, x + w, y},         {x + w, y, x + w, y + h / 2}, {x + w, y + h / 2, x + w, y + h}, {x, y + h, x + w, y + h},
        {x, y + h / 2, x, y + h}, {x, y, x, y + h / 2},         {x, y + h / 2, x + w, y + h / 2}};
    for (int segment = 0; segment < 7; ++segment)
      if (kSegments[digit] & (1 << (6 - segment))) p.drawLine(lines[segment]);
  }
}

/// Nodes with edges of different weight.
void drawGraph(QPainter& p, const QRectF& at) {
  const QPointF nodes[] = {{at.left() + 6, at.center().y()},
                           {at.left() + at.width() * 0.36, at.top() + 8},
                           {at.left() + at.width() * 0.36, at.bottom() - 8},
                           {at.left() + at.width() * 0.7, at.center().y()},
                           {at.right() - 6, at.center().y()}};
  const struct {
    int from, to;
    double width;
  } edges[] = {{0, 1, 3.5}, {0, 2, 1}, {1, 3, 3.5}, {2, 3, 1}, {0, 3, 1}, {3, 4, 3.5}};
  for (const auto& edge : edges) {
    QPainterPath path(nodes[edge.from]);
    const double middle = (nodes[edge.from].x() + nodes[edge.to].x()) / 2;
    path.cubicTo({middle, nodes[edge.from].y()}, {middle, nodes[edge.to].y()}, nodes[edge.to]);
    p.setPen(QPen(edge.width > 2 ? Theme::current().series(0).color : themeColor(Token::LineStrong), edge.width));
    p.setBrush(Qt::NoBrush);
    p.drawPath(path);
  }
  p.setPen(QPen(themeColor(Token::Text1), 1.5));
  p.setBrush(themeColor(Token::Surface2));
  for (const QPointF& node : nodes) p.drawEllipse(node, 6, 6);
}

void drawPicture(QPainter& p, const QRectF& at, const DocumentTemplate& entry) {
  p.save();
  p.setRenderHint(QPainter::Antialiasing);
  if (entry.name.find("mnist") != std::string::npos)
    drawDigits(p, at);
  else if (entry.task == "train")
    drawCurves(p, at, entry.name.find("gpu") != std::string::npos ? 0.15 : 0.45);
  else
    drawGraph(p, at);
  p.restore();
}

}  // namespace

TemplateCard::TemplateCard(DocumentTemplate entry, QWidget* parent) : QAbstractButton(parent), entry_(std::move(entry)) {
  setFocusPolicy(Qt::StrongFocus);
  setCursor(Qt::PointingHandCursor);
  setAttribute(Qt::WA_Hover);
  setFixedHeight(112);
  setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
  setAccessibleName(QString::fromStdString(entry_.name));
  setAccessibleDescription(QString::fromStdString(entry_.summary));
  setToolTip(QString("New experiment from %1").arg(QString::fromStdString(entry_.name)));
}

bool TemplateCard::matches(const QString& filter) const {
  const QString all = QString::fromStdString(entry_.name + ' ' + entry_.task + ' ' + entry_.summary);
  for (const QString& word : filter.split(' ', Qt::SkipEmptyParts))
    if (!all.contains(word, Qt::CaseInsensitive)) return false;
  return true;
}

void TemplateCard::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) return click();  // Enter opens everywhere
  QAbstractButton::keyPressEvent(event);
}

void TemplateCard::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.setRenderHint(QPainter::Antialiasing);
  const bool focus = hasFocus(), lifted = underMouse() || isDown();
  QPainterPath frame;
  const QRectF border = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
  frame.addRoundedRect(border, 4, 4);
  p.fillPath(frame, themeColor(lifted ? Token::Hover : Token::Surface2));
  p.save();
  p.setClipPath(frame);
  p.fillRect(QRectF(0, 0, kPicture, height()), themeColor(Token::Surface1));
  p.fillRect(QRectF(kPicture, 0, 1, height()), themeColor(Token::Line));
  p.restore();
  drawPicture(p, QRectF(10, 24, kPicture - 20, height() - 48), entry_);
  p.setPen(QPen(themeColor(focus ? Token::Focus : lifted ? Token::LineStrong : Token::Line), focus ? 2 : 1));
  p.setBrush(Qt::NoBrush);
  p.drawPath(frame);

  const QRectF text(kPicture + kPad, 8, width() - kPicture - 2 * kPad, height() - 16);
  const QString task = QString::fromStdString(entry_.task);
  const qreal chip = chipWidth(task);
  drawChip(p, text.right() - chip, text.top() + 9, task);
  QFont strong = themeFont(FontRole::Strong);
  p.setFont(strong);
  p.setPen(themeColor(Token::Text1));
  const QString name = QString::fromStdString(entry_.name);
  p.drawText(QRectF(text.left(), text.top(), text.width() - chip - 8, 18), Qt::AlignLeft | Qt::AlignVCenter,
             QFontMetrics(strong).elidedText(name, Qt::ElideRight, static_cast<int>(text.width() - chip - 8)));
  // Three lines at most; the last one elides.
  const QFont body = themeFont(FontRole::Control);
  const QFontMetrics metrics(body);
  const QString summary = QString::fromStdString(entry_.summary);
  QTextLayout layout(summary, body);
  layout.beginLayout();
  p.setFont(body);
  p.setPen(themeColor(Token::Text2));
  qreal y = text.top() + 21;
  for (int line = 0; line < 3; ++line) {
    QTextLine row = layout.createLine();
    if (!row.isValid()) break;
    row.setLineWidth(text.width());
    const QString part = line == 2 ? metrics.elidedText(summary.mid(row.textStart()), Qt::ElideRight, static_cast<int>(text.width()))
                                   : summary.mid(row.textStart(), row.textLength());
    p.drawText(QPointF(text.left(), y + metrics.ascent()), part);
    y += 16;
  }
  layout.endLayout();
  p.setFont(themeFont(FontRole::NumberSmall));
  p.setPen(themeColor(Token::Text2));
  p.drawText(QRectF(text.left(), text.bottom() - 16, text.width(), 16), Qt::AlignLeft | Qt::AlignVCenter,
             QString::fromStdString(entry_.facts));
}

}  // namespace dsw
