// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/catalog.h"

namespace dsw {

void Catalog::freeze() {
  devices.freeze();
  ops.freeze();
  layers.freeze();
  models.freeze();
  optimizers.freeze();
  lr_schedules.freeze();
  datasets.freeze();
  tasks.freeze();
}

}  // namespace dsw
