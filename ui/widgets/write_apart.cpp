// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/write_apart.h"

#include <QEventLoop>
#include <QSaveFile>
#include <QThreadPool>

namespace dsw {

bool writeApart(const QString& path, const std::function<QByteArray()>& bytes) {
  QEventLoop waiting;
  bool done = false;
  QThreadPool::globalInstance()->start([&] {
    QSaveFile file(path);
    if (file.open(QIODevice::WriteOnly)) {
      const QByteArray content = bytes();
      done = file.write(content) == content.size() && file.commit();
    }
    QMetaObject::invokeMethod(&waiting, &QEventLoop::quit, Qt::QueuedConnection);
  });
  waiting.exec(QEventLoop::ExcludeUserInputEvents);
  return done;
}

}  // namespace dsw
