// SPDX-License-Identifier: GPL-3.0-or-later
// Icons from resources/icons, drawn in the colours of the theme at device resolution. UI thread only.
#pragma once
#include <QIcon>
#include <QPixmap>
#include <optional>
#include "ui/widgets/theme.h"

class QPainter;

namespace dsw {

/// Icon by its file name without ".svg". Normal mode text-2, active and selected text-1, on (checked) accent, disabled text-off.
/// Follows theme changes by itself. An unknown name is a programming error: the icon is empty and a warning is logged.
QIcon themeIcon(const QString& name);
/// The same in one fixed token for normal, active and on (disabled stays text-off).
QIcon themeIcon(const QString& name, Token token);
/// Icon of a run status in the colour of that status.
QIcon stateIcon(const QString& status);
/// One picture, `size` logical px square, for painting by hand.
QPixmap iconPixmap(const QString& name, int size, const QColor& color, qreal dpr);
/// Draws the icon into `rect` (logical px) at the painter's device resolution.
void drawIcon(QPainter& p, const QString& name, const QRectF& rect, const QColor& color);

/// Path of an SVG file in the given colour, for style sheets (which know no QIcon). Written once into the program's temporary folder.
QString themeIconFile(const QString& name, const QColor& color);

}  // namespace dsw
