// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/core/rng.h"
#include "engine/tensor/precision.h"
#include "engine/tensor/tensor.h"

namespace dsw {

/// How a parameter starts.
struct Init {
  enum class Kind { Zeros, Ones, Normal, Uniform } kind = Kind::Zeros;
  double a = 0;  ///< Normal: standard deviation; Uniform: bound
  static Init zeros() { return {Kind::Zeros, 0}; }
  static Init ones() { return {Kind::Ones, 0}; }
  static Init normal(double sd) { return {Kind::Normal, sd}; }
  static Init uniform(double bound) { return {Kind::Uniform, bound}; }
};

/// A named weight or buffer. Declared without memory, so a model of any size can be described while a person edits;
/// `value` exists after Module::materialize.
struct Parameter {
  std::string name;  ///< within its module: "weight"
  Shape shape;
  Init init;
  bool trainable = true;  ///< false: a buffer (running statistics)
  bool decay = true;      ///< weight decay applies (matrices yes; biases and norms no)
  Tensor value;
};

/// Blocks [begin, end) of a network's chain (nn/block_chain.h) that are computed again in the backward pass.
struct RecomputedBlocks {
  std::size_t begin = 0, end = 0;
  bool operator==(const RecomputedBlocks&) const = default;
};
class BlockProbe;  // nn/block_chain.h

/// What one forward pass carries besides data.
struct Forward {
  bool training = false;       ///< dropout on, batch statistics
  Rng* dropout_rng = nullptr;  ///< needed when training with dropout
  Compute compute;
  /// `x` in the dtype of activations; `x` itself where it has it, is no float, or that is F32.
  Tensor activation(const Tensor& x) const;
  /// A weight as products read it. Its copy is made once a pass and gives a float32 gradient.
  Tensor weight(const Tensor& master);
  /// Called with every named intermediate ("blocks.0.attention.probabilities") where set; DeepInsight and tests look through it.
  std::function<void(const std::string& name, const Tensor& value)> observe;
  /// Full name of the module that runs now. Kept only while somebody observes.
  std::string scope;
  const std::vector<RecomputedBlocks>* recomputed = nullptr;  ///< in order, apart from each other; null: none
  BlockProbe* probe = nullptr;                                ///< measures a chain of which every block is computed again
  bool again = false;                                         ///< a second pass over the same input: nothing may change a second time

  std::unordered_map<const void*, Tensor> copies;  ///< of weights, by Tensor::id

  /// Shows an intermediate of the running module to the observer, if there is one.
  void see(const char* name, const Tensor& value) {
    if (observe) observe(scope.empty() ? std::string(name) : scope + "." + name, value);
  }
};

/// Names the intermediates of a child while it runs. Costs nothing while nobody observes.
class ForwardScope {
 public:
  ForwardScope(Forward& pass, const std::string& name) : pass_(pass), length_(pass.scope.size()) {
    if (!pass.observe) return;
    if (length_ != 0) pass.scope += '.';
    pass.scope += name;
  }
  ~ForwardScope() { pass_.scope.resize(length_); }
  ForwardScope(const ForwardScope&) = delete;
  ForwardScope& operator=(const ForwardScope&) = delete;

 private:
  Forward& pass_;
  std::size_t length_;
};

/// Costs of one forward pass. FLOPs count a multiply and an add as two.
struct Cost {
  double flops = 0;
  double parameters = 0;
  double activation_bytes = 0;  ///< kept for the backward pass, float32
  Cost& operator+=(const Cost& o) {
    flops += o.flops;
    parameters += o.parameters;
    activation_bytes += o.activation_bytes;
    return *this;
  }
};

/// A layer, block or whole network. Parameters and children are declared in the constructor, in order; full names join with dots.
class Module {
 public:
  virtual ~Module() = default;
  virtual Tensor forward(const Tensor& x, Forward& pass) = 0;
  /// Output shape for an input shape; throws Error{ShapeMismatch} with a sentence that says what fits.
  virtual Shape output_shape(const Shape& input) const = 0;
  /// Own cost and that of the children, for an input of this shape (batch included), from shapes alone.
  virtual Cost cost(const Shape& input) const = 0;

  /// Allocates and fills every parameter: each from its own stream of `seed` by its full name, so adding one shifts no other.
  void materialize(Device& device, std::uint64_t seed, DType dtype = DType::F32);
  struct Named {
    std::string name;
    Parameter* parameter;
  };
  std::vector<Named> parameters();  ///< trainable ones and buffers, in order of declaration; shared ones once
  std::int64_t trainable_elements();

  /// Of a whole network: how its passes compute, in float32 until it is said.
  void compute_in(const Compute& compute) { compute_ = compute; }
  const Compute& compute() const { return compute_; }
  /// Such a pass, for evaluation.
  Forward new_pass() const {
    Forward pass;
    pass.compute = compute_;
    return pass;
  }
  const std::vector<std::pair<std::string, Module*>>& children() const { return children_; }

 protected:
  Parameter& declare(std::string name, Shape shape, Init init, bool decay);
  Parameter& declare_buffer(std::string name, Shape shape, Init init);
  /// Trainable elements declared by this module itself.
  double own_parameters() const;
  /// Runs a child under its name; the observer sees its output as "NAME".
  static Tensor call(const std::string& name, Module& child, const Tensor& x, Forward& pass);
  template <class M>
  M& adopt(std::string name, std::unique_ptr<M> child) {
    M& reference = *child;
    children_.emplace_back(std::move(name), child.get());
    owned_.push_back(std::move(child));
    return reference;
  }

 private:
  std::vector<std::unique_ptr<Parameter>> own_;
  std::vector<std::pair<std::string, Module*>> children_;
  std::vector<std::unique_ptr<Module>> owned_;
  Compute compute_;
};

}  // namespace dsw
