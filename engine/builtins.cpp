// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/data/dataset.h"
#include "engine/nas/comparison_task.h"
#include "engine/nas/search_task.h"
#include "engine/nn/model_type.h"
#include "engine/nn/op_info.h"
#include "engine/optim/optimizer.h"
#include "engine/tensor/cuda_device.h"
#include "engine/tensor/device.h"
#include "engine/train/train_task.h"
#include "engine/workspace.h"

namespace dsw {
namespace {

void register_cuda(Catalog& catalog, int number) {
  const std::string name = "cuda:" + std::to_string(number);
  catalog.devices.add({name, "An NVIDIA graphics processor", ParamSchema{}, [number, name](const Json&) -> Result<std::unique_ptr<Device>> {
                         if (number >= cuda_devices().count) return fail(ErrorCode::Unsupported, cuda_devices().unavailable);
                         DSW_TRY_ASSIGN(const DswDeviceModule* module, cuda_module());
                         return make_module_device(*module, number, name);
                       }});
}

/// From the slowest to the fastest: "auto" takes the last one. Without a usable CUDA device cuda:0 comes first, to be listed with the
/// reason.
void register_devices(Catalog& catalog) {
  const int cuda = cuda_devices().count;
  if (cuda == 0) register_cuda(catalog, 0);
  catalog.devices.add(
      {"cpu", "The processor",
       ParamSchema{int_param("threads", "Threads", 0, 0, 4096, "0: all cores but one where there are more than two")},
       [](const Json& settings) -> Result<std::unique_ptr<Device>> { return make_cpu_device(settings.value("threads", 0)); }});
  for (int number = cuda; number-- > 0;) register_cuda(catalog, number);
}

}  // namespace

void register_builtins(Catalog& catalog) {
  register_devices(catalog);
  register_ops(catalog);
  register_models(catalog);
  register_optimizers(catalog);
  register_datasets(catalog);
  register_train_task(catalog);  // tasks come last: their schemas list what is registered by then
  register_search_task(catalog);
  register_comparison_task(catalog);
}

}  // namespace dsw
