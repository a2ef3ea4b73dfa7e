// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QString>

namespace dsw {

/// A cell of CSV text: quoted where it must be (RFC 4180), disarmed by an apostrophe where it is no number and begins like a formula
/// of a spreadsheet: = + - @.
QString csvCell(const QString& text);

}  // namespace dsw
