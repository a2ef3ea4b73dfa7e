// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/op_trace.h"

namespace dsw {
namespace {

thread_local OpTrace* innermost = nullptr;

}  // namespace

OpTrace::OpTrace() : outer_(innermost) { innermost = this; }
OpTrace::~OpTrace() { innermost = outer_; }
bool OpTrace::standing() { return innermost != nullptr; }

void OpTrace::note(const char* name, const std::vector<Tensor>& inputs, const Tensor& output, std::initializer_list<OpSetting> settings) {
  if (!innermost) return;
  OpCall call{name, inputs, output, {}, {}};
  for (const OpSetting& setting : settings) {
    if (setting.list)
      call.lists[setting.name] = *setting.list;
    else
      call.numbers[setting.name] = setting.value;
  }
  innermost->calls_.push_back(std::move(call));
}

}  // namespace dsw
