// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/work_pool.h"

namespace dsw {

QThreadPool& workPool() {
  static QThreadPool pool;
  return pool;
}

}  // namespace dsw
