// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QThreadPool>

namespace dsw {

/// Threads for checks and reads that the window asks for. Not QThreadPool::globalInstance(): Qt paints large areas in that one, and a paint
/// event then waits for what runs there.
QThreadPool& workPool();

}  // namespace dsw
