// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <stop_token>

#include "engine/core/registry.h"

namespace dsw {

// Interfaces that later folders define; the catalog only carries their makers.
class Device;      // engine/tensor/device.h
class Module;      // engine/nn/module.h
class Optimizer;   // engine/optim/optimizer.h
class LrSchedule;  // engine/optim/lr_schedule.h
class Dataset;     // engine/data/dataset.h
class Task;        // engine/run/task.h
struct OpInfo;     // engine/nn/op_info.h
struct LayerType;  // engine/nn/layer_type.h: a layer of `graph` models
struct ModelType;  // engine/nn/model_type.h: gpt, text-classifier, mlp, cnn, resnet, graph

/// Everything that can be named in a document. Filled by register_builtins(Catalog&) and plug-ins, then frozen and passed by
/// const reference; a test builds its own. Reading a frozen catalog needs no lock.
struct Catalog {
  Registry<Device> devices{"device"};
  Registry<OpInfo> ops{"op"};
  Registry<LayerType> layers{"layer"};
  Registry<ModelType> models{"model type"};
  Registry<Optimizer> optimizers{"optimizer"};  // settings of /optimizer
  Registry<LrSchedule> lr_schedules{"learning-rate schedule"};
  Registry<Dataset, const std::filesystem::path& /*base*/, std::uint64_t /*seed*/, std::stop_token> datasets{"data type"};
  Registry<Task> tasks{"task"};

  void freeze();
};

}  // namespace dsw
