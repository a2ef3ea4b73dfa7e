// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/node.h"

#include <atomic>

#include "engine/tensor/tensor_impl.h"

namespace dsw {
namespace {

thread_local bool recording = true;
std::atomic<std::uint64_t> next_sequence{1};

/// What dying nodes held. Emptied by the outermost ~Node, so a chain of any length is freed by a loop.
struct Remains {
  std::vector<Tensor> inputs;
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

Tensor with_grad(Tensor y, std::vector<Tensor> inputs, BackwardFn backward, const char* name) {
  if (!recording) return y;
  bool wanted = false;
  std::uint64_t versions = 0;
  for (const Tensor& input : inputs) {
    if (!input) continue;
    wanted = wanted || input.requires_grad();
    versions += input.impl()->storage->version;
  }
  if (!wanted) return y;
  auto node = std::make_shared<Node>();
  node->name = name;
  node->inputs = std::move(inputs);
  node->backward = std::move(backward);
  node->sequence = next_sequence.fetch_add(1, std::memory_order_relaxed);
  node->input_versions = versions;
  y.impl()->node = std::move(node);
  return y;
}

Tensor with_slice_grad(Tensor y, const Tensor& x, Node::Range range) {
  y = with_grad(
      std::move(y), {x}, [](const Tensor& dy) { return Grads{dy}; }, "slice");
  if (y.node()) y.node()->range = range;
  return y;
}

bool recording_gradients() { return recording; }
NoGradScope::NoGradScope() : before_(recording) { recording = false; }
NoGradScope::~NoGradScope() { recording = before_; }

}  // namespace dsw
