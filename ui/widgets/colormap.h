// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QColor>
#include <QVector>

namespace dsw {

enum class Colormap { Viridis, Cividis, Diverging };

/// 256 colours from low to high. Diverging follows the current theme, zero stands at index 127.5.
QVector<QRgb> colormapTable(Colormap map);
/// Colour at t in 0..1 (clamped).
QColor colormapColor(Colormap map, double t);
/// Black or white, whichever reads better on `ground`.
QColor readableOn(const QColor& ground);

}  // namespace dsw
