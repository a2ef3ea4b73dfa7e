// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/designer/space_status.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>
#include <nlohmann/json.hpp>

#include "ui/models/number_format.h"
#include "ui/models/space/space_facts.h"
#include "ui/models/spec_document.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/theme.h"

namespace dsw {
namespace {

/// 1.68 × 10¹⁰ from 100,000 on.
QString countText(double n) {
  if (n < 1e5) return formatCount(n);
  if (!std::isfinite(n)) return QStringLiteral("∞");
  int power = static_cast<int>(std::floor(std::log10(n)));
  static const QString kDigits = QStringLiteral("⁰¹²³⁴⁵⁶⁷⁸⁹");
  QString raised;
  for (const QChar digit : QString::number(power)) raised += kDigits[digit.digitValue()];
  return QStringLiteral("%1 × 10%2").arg(formatFixed(n / std::pow(10, power), 2), raised);
}

QString targetText(const Json& document, const SpaceFacts& facts) {
  const Json search = document.value("search", Json::object());
  const Json cost = search.is_object() ? search.value("cost", Json::object()) : Json::object();
  if (!cost.is_object()) return {};
  const Json target = cost.value("target", Json()), share = cost.value("target_share", Json());
  const Json metric = cost.value("metric", Json("flops"));
  const QString unit = metric == "latency" ? QStringLiteral(" ms")
                       : metric == "flops" ? QString()
                                           : " " + QString::fromStdString(metric.is_string() ? metric.get<std::string>() : "");
  if (target.is_number()) {
    const double largest = facts.whole && metric == "flops" ? facts.largest.flops : 0;
    const double v = target.get<double>();
    return formatCount(v) + unit + (largest > 0 ? QObject::tr(" (%1 × largest)").arg(formatFixed(v / largest, 2)) : QString());
  }
  if (share.is_number()) {
    const QString of = facts.whole && metric == "flops" ? formatCount(share.get<double>() * facts.largest.flops) + " " : QString();
    return QObject::tr("%1(%2 × largest)").arg(of, formatFixed(share.get<double>(), 2));
  }
  return {};
}

}  // namespace

SpaceStatus::SpaceStatus(QWidget* parent) : QWidget(parent), problems_(new QPushButton(this)) {
  setFixedHeight(36);
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(12, 0, 8, 0);
  row->addStretch(1);
  problems_->setFlat(true);
  problems_->setIcon(themeIcon("x-octagon-fill", Token::Failed));
  row->addWidget(problems_);
  connect(problems_, &QPushButton::clicked, this, &SpaceStatus::problemsClicked);
  connect(&Theme::current(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void SpaceStatus::setValues(const SpecDocument& document, const SpaceFacts* facts) {
  values_.clear();
  const bool known = facts && facts->whole;
  const auto add = [&](const QString& name, const QString& value, const QString& tip) {
    values_.push_back({name, value.isEmpty() ? QString(kMissing) : value, tip});
  };
  add(tr("Architectures"), known ? countText(facts->architectures) : QString(), tr("How many networks the choices make"));
  add(tr("FLOPs"), known ? tr("%1 to %2").arg(formatCount(facts->smallest.flops), formatCount(facts->largest.flops)) : QString(),
      tr("Smallest and largest architecture, one example and one forward pass"));
  add(tr("Target"), facts ? targetText(document.json(), *facts) : QString(), tr("From the section search"));
  add(tr("Supernet"), known ? formatCount(facts->supernet_parameters) : QString(), tr("Parameters of all candidates together"));
  const Estimate* estimate = document.estimate();
  const double bytes = known && estimate && document.estimateIsCurrent() ? estimate->peak_bytes : known ? facts->all_bytes : 0;
  add(tr("Memory"), bytes > 0 ? formatBytes(bytes) : QString(),
      tr("Of a search step: weights, gradients, optimizer state and activations"));
  const int errors = document.errorCount();
  problems_->setVisible(errors > 0);
  problems_->setText(errors == 1 ? tr("1 problem") : tr("%1 problems").arg(errors));
  problems_->setToolTip(tr("Go to the first one (F8)"));
  setAccessibleName(text());
  update();
}

QString SpaceStatus::text() const {
  QStringList parts;
  for (const Value& v : values_) parts << v.name + ' ' + v.value;
  if (!problems_->isHidden()) parts << problems_->text();
  return parts.join(QStringLiteral(", "));
}

void SpaceStatus::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.fillRect(rect(), themeColor(Token::Surface1));
  p.setPen(themeColor(Token::Line));
  p.drawLine(0, 0, width(), 0);
  const int end = problems_->isHidden() ? width() - 12 : problems_->x() - 8;
  int x = 12;
  const QFontMetrics names(themeFont(FontRole::Hint)), numbers(themeFont(FontRole::Number));
  for (const Value& v : values_) {
    const int name = names.horizontalAdvance(v.name), value = numbers.horizontalAdvance(v.value);
    if (x + name + 8 + value > end) return;  // what has no room is not cut in the middle
    p.setFont(themeFont(FontRole::Hint));
    p.setPen(themeColor(Token::Text2));
    p.drawText(QRect(x, 0, name + 2, height()), Qt::AlignVCenter, v.name);
    p.setFont(themeFont(FontRole::Number));
    p.setPen(themeColor(Token::Text1));
    p.drawText(QRect(x + name + 8, 0, value + 2, height()), Qt::AlignVCenter, v.value);
    x += name + value + 8 + 20;
  }
}

}  // namespace dsw
