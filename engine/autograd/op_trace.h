// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "engine/tensor/tensor.h"

namespace dsw {

/// A setting of an op call as with_grad hears it: a number, or a list (of axes). Costs nothing while nobody traces.
struct OpSetting {
  const char* name;
  double value = 0;
  const std::vector<int>* list = nullptr;
};

/// One call of an op: its name in Catalog::ops, what went in (undefined where left out), what came out.
struct OpCall {
  std::string name;
  std::vector<Tensor> inputs;
  Tensor output;
  std::map<std::string, double> numbers;
  std::map<std::string, std::vector<int>> lists;
};

/// While it stands, the op calls of this thread are kept in their order, whether or not gradients are recorded: a network's forward
/// pass as a list, for exporters. The tensors stay alive with it, so one Tensor::impl() is one value. The inner one of two counts.
class OpTrace {
 public:
  OpTrace();
  ~OpTrace();
  OpTrace(const OpTrace&) = delete;
  OpTrace& operator=(const OpTrace&) = delete;

  const std::vector<OpCall>& calls() const { return calls_; }
  /// Whether one stands on this thread. A fused kernel that is no op of its own then gives way to the ops that it stands for.
  static bool standing();
  /// Called by with_grad. Nothing happens where no trace stands.
  static void note(const char* name, const std::vector<Tensor>& inputs, const Tensor& output, std::initializer_list<OpSetting> settings);

 private:
  std::vector<OpCall> calls_;
  OpTrace* outer_;
};

}  // namespace dsw
