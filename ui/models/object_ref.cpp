// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/object_ref.h"

#include <QUrl>

namespace dsw {

QString ObjectRef::href() const {
  const auto encoded = [](const QString& text) { return QString::fromLatin1(QUrl::toPercentEncoding(text)); };
  QString text = "dsw:" + encoded(kind) + '/' + encoded(id);
  if (!place.isEmpty()) text += '#' + encoded(place);
  return text;
}

ObjectRef ObjectRef::fromHref(const QString& href) {
  if (!href.startsWith("dsw:")) return {};
  const QString rest = href.mid(4);
  const qsizetype hash = rest.indexOf('#');
  const QString object = hash < 0 ? rest : rest.left(hash);
  const qsizetype slash = object.indexOf('/');
  if (slash < 0) return {};
  const auto decoded = [](const QString& text) { return QUrl::fromPercentEncoding(text.toLatin1()); };
  return {decoded(object.left(slash)), decoded(object.mid(slash + 1)), hash < 0 ? QString() : decoded(rest.mid(hash + 1))};
}

QString objectLink(const ObjectRef& ref, const QString& text) {
  return QStringLiteral("<a href=\"%1\" style=\"text-decoration:none\">%2</a>").arg(ref.href().toHtmlEscaped(), text.toHtmlEscaped());
}

}  // namespace dsw
