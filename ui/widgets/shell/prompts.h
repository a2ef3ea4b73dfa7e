// SPDX-License-Identifier: GPL-3.0-or-later
// Small questions to the person, as modal dialogs that give the focus back. UI thread only.
#pragma once
#include <QString>
#include <QStringList>
#include <optional>

class QWidget;

namespace dsw {

/// One line of text; nullopt when the person cancelled.
std::optional<QString> askText(QWidget* parent, const QString& title, const QString& label, const QString& value, const QString& ok);
/// Tags parted by commas, completed from `known`.
std::optional<QStringList> askTags(QWidget* parent, const QString& object, const QStringList& tags, const QStringList& known);
/// Several lines. Ctrl+Enter is OK.
std::optional<QString> askNote(QWidget* parent, const QString& object, const QString& note);

/// A sentence and buttons with verbs; the last one cancels (also Esc). Gives the index of the button. `primary` is the one that Enter
/// presses; -1: none is, and Enter cancels, where a key pressed too early would give something away.
int askChoice(QWidget* parent, const QString& head, const QString& text, const QStringList& buttons, int primary);

}  // namespace dsw
