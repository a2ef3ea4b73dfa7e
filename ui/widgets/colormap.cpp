// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/colormap.h"

#include <array>
#include <cmath>
#include "ui/widgets/theme.h"

namespace dsw {
namespace {

constexpr std::array<QRgb, 9> kViridis = {0xff440154, 0xff472D7B, 0xff3B528B, 0xff2C728E, 0xff21918C,
                                          0xff28AE80, 0xff5EC962, 0xffADDC30, 0xffFDE725};
constexpr std::array<QRgb, 9> kCividis = {0xff00224E, 0xff123570, 0xff3B496C, 0xff575D6D, 0xff707173,
                                          0xff8A8678, 0xffA59C74, 0xffC3B369, 0xffE1CC55};
constexpr QRgb kCividisEnd = 0xffFEE838;

QColor mix(const QColor& a, const QColor& b, double t) {
  const auto part = [t](int x, int y) { return static_cast<int>(std::lround(x + (y - x) * t)); };
  return QColor(part(a.red(), b.red()), part(a.green(), b.green()), part(a.blue(), b.blue()));
}

template <class Stops>
QColor along(const Stops& stops, double t) {
  const double at = std::clamp(t, 0.0, 1.0) * static_cast<double>(stops.size() - 1);
  const auto i = std::min(static_cast<std::size_t>(at), stops.size() - 2);
  return mix(QColor(stops[i]), QColor(stops[i + 1]), at - static_cast<double>(i));
}

}  // namespace

QColor colormapColor(Colormap map, double t) {
  switch (map) {
    case Colormap::Viridis:
      return along(kViridis, t);
    case Colormap::Cividis: {
      std::array<QRgb, 10> stops{};
      std::copy(kCividis.begin(), kCividis.end(), stops.begin());
      stops.back() = kCividisEnd;
      return along(stops, t);
    }
    case Colormap::Diverging:
      return along(Theme::current().colors().diverging(), t);
  }
  return {};
}

QVector<QRgb> colormapTable(Colormap map) {
  QVector<QRgb> table(256);
  for (int i = 0; i < 256; ++i) table[i] = colormapColor(map, i / 255.0).rgb();
  return table;
}

QColor readableOn(const QColor& ground) {
  const auto linear = [](double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
  const double luminance = 0.2126 * linear(ground.redF()) + 0.7152 * linear(ground.greenF()) + 0.0722 * linear(ground.blueF());
  return luminance > 0.179 ? QColor(0x10, 0x12, 0x14) : QColor(Qt::white);
}

}  // namespace dsw
