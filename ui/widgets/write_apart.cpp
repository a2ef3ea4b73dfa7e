// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/write_apart.h"

#include <QEventLoop>
#include <QSaveFile>
#include <future>

namespace dsw {

bool writeApart(const QString& path, const std::function<QByteArray()>& bytes) {
  QEventLoop waiting;
  std::future<bool> written = std::async(std::launch::async, [&] {
    QSaveFile file(path);
    const QByteArray content = file.open(QIODevice::WriteOnly) ? bytes() : QByteArray();
    const bool done = file.isOpen() && file.write(content) == content.size() && file.commit();
    QMetaObject::invokeMethod(&waiting, &QEventLoop::quit, Qt::QueuedConnection);
    return done;
  });
  waiting.exec(QEventLoop::ExcludeUserInputEvents);
  return written.get();  // the loop also ends where the program quits: the file is finished first
}

}  // namespace dsw
