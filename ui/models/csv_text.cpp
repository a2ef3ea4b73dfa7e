// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/csv_text.h"

namespace dsw {

QString csvCell(const QString& text) {
  QString cell = text;
  bool number = false;
  cell.toDouble(&number);
  if (!number && !cell.isEmpty() && QStringLiteral("=+-@").contains(cell[0])) cell.prepend(QLatin1Char('\''));
  if (cell.contains(QLatin1Char(',')) || cell.contains(QLatin1Char('"')) || cell.contains(QLatin1Char('\n')) ||
      cell.contains(QLatin1Char('\r')))
    cell = QLatin1Char('"') + cell.replace(QLatin1Char('"'), QLatin1String("\"\"")) + QLatin1Char('"');
  return cell;
}

}  // namespace dsw
