// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QByteArray>
#include <QString>
#include <functional>

namespace dsw {

/// Writes a file as a whole: on another thread `bytes` is called and what it gives is put on the disk, while this one goes on drawing and
/// leaves keys and clicks waiting. For the end of a save dialog; `bytes` touches no widget. UI thread only.
/// @return false where the file could not be written; an existing one is then left as it was
bool writeApart(const QString& path, const std::function<QByteArray()>& bytes);

}  // namespace dsw
