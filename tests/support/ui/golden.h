// SPDX-License-Identifier: GPL-3.0-or-later
// Golden pictures: tests/golden/NAME.png. DSW_UPDATE_GOLDEN=1 rewrites them; a person looks at each new picture.
#pragma once
#include <gtest/gtest.h>
#include <QImage>
#include <QString>

class QWidget;

namespace dsw::test {

/// Equal where at most 0.1 % of the pixels differ by more than 2 levels in any channel and the sizes agree.
/// On a difference the picture as drawn and the difference are written to build/golden-differences/.
testing::AssertionResult matchesGolden(const QImage& picture, const QString& name);

/// The widget at `size` (logical px) and `scale` device px each, drawn without a window; layouts and polish done, events delivered.
QImage drawn(QWidget& widget, QSize size, qreal scale = 1);

/// drawn + matchesGolden.
testing::AssertionResult looksAsGolden(QWidget& widget, QSize size, const QString& name, qreal scale = 1);

/// Number of pixels of exactly this colour: for tests that ask whether something is drawn at all.
int countPixels(const QImage& picture, QRgb color);

}  // namespace dsw::test
