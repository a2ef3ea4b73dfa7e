// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/data/dataset.h"
#include "engine/nn/model_type.h"
#include "engine/nn/op_info.h"
#include "engine/optim/optimizer.h"
#include "engine/tensor/device.h"
#include "engine/train/train_task.h"
#include "engine/workspace.h"

namespace dsw {
namespace {

/// From the slowest to the fastest: "auto" takes the last one.
void register_devices(Catalog& catalog) {
  catalog.devices.add(
      {"cpu", "The processor",
       ParamSchema{int_param("threads", "Threads", 0, 0, 4096, "0: all cores but one where there are more than two")},
       [](const Json& settings) -> Result<std::unique_ptr<Device>> { return make_cpu_device(settings.value("threads", 0)); }});
}

}  // namespace

void register_builtins(Catalog& catalog) {
  register_devices(catalog);
  register_ops(catalog);
  register_models(catalog);
  register_optimizers(catalog);
  register_datasets(catalog);
  register_train_task(catalog);  // tasks come last: their schemas list what is registered by then
}

}  // namespace dsw
