// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/node.h"

#include <algorithm>
#include <atomic>

#include "engine/tensor/tensor_impl.h"

namespace dsw {
namespace {

thread_local bool recording = true;
std::atomic<std::uint64_t> next_sequence{1};

/// What dying nodes held. Emptied by the outermost ~Node, so a chain of any length is freed by a loop.
struct Remains {
  std::vector<Edge> inputs;
  BackwardFn backward;
};
thread_local std::vector<Remains>* graveyard = nullptr;

}  // namespace

Node::~Node() {
  if (inputs.empty() && !backward) return;
  if (graveyard) {
    graveyard->push_back({std::move(inputs), std::move(backward)});
    return;
  }
  std::vector<Remains> remains;
  graveyard = &remains;
  remains.push_back({std::move(inputs), std::move(backward)});
  while (!remains.empty()) {
    const Remains last = std::move(remains.back());
    remains.pop_back();
  }
  graveyard = nullptr;
}

Tensor with_grad(Tensor y, const std::vector<Tensor>& inputs, BackwardFn backward, const char* name,
                 std::initializer_list<OpSetting> settings) {
  OpTrace::note(name, inputs, y, settings);
  if (!recording || std::none_of(inputs.begin(), inputs.end(), [](const Tensor& input) { return input.requires_grad(); })) return y;
  auto node = std::make_shared<Node>();
  node->name = name;
  node->inputs.resize(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i]) continue;
    const Tensor::Impl& input = *inputs[i].impl();
    Edge& edge = node->inputs[i];
    edge.node = input.node;
    if (input.requires_grad) edge.leaf = inputs[i];
    edge.shape = input.shape;
    edge.storage = input.storage;
    edge.version = input.storage->version;
  }
  node->backward = std::move(backward);
  node->sequence = next_sequence.fetch_add(1, std::memory_order_relaxed);
  y.impl()->node = std::move(node);
  return y;
}

Tensor with_slice_grad(Tensor y, const Tensor& x, Node::Range range) {
  y = with_grad(
      std::move(y), {x}, [](const Tensor& dy) { return Grads{dy}; }, "slice",
      {{"axis", static_cast<double>(range.axis)}, {"begin", static_cast<double>(range.begin)}, {"end", static_cast<double>(range.end)}});
  if (y.node()) y.node()->range = range;
  return y;
}

bool recording_gradients() { return recording; }
RecordingScope::RecordingScope(bool on) : before_(recording) { recording = on; }
RecordingScope::~RecordingScope() { recording = before_; }

}  // namespace dsw
