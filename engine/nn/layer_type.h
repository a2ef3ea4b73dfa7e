// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/nn/model_type.h"
#include "engine/nn/module.h"

namespace dsw {

/// A module of several inputs. With one input it is an ordinary module.
class JoinModule : public Module {
 public:
  virtual Tensor join(const std::vector<Tensor>& inputs, Forward& pass) = 0;
  virtual Shape join_shape(const std::vector<Shape>& inputs) const = 0;  ///< throws Error{ShapeMismatch}
  virtual Cost join_cost(const std::vector<Shape>& inputs) const = 0;
  Tensor forward(const Tensor& x, Forward& pass) override { return join({x}, pass); }
  Shape output_shape(const Shape& input) const override { return join_shape({input}); }
  Cost cost(const Shape& input) const override { return join_cost({input}); }
};

/// What a layer does where only the first channels of its input are there and the others are 0 (open widths of searches): Follows, in the
/// first channels of its output it gives what a narrower layer would give; Masked, it does once it is told the mask (OpenSizes, "width").
enum class Narrowing { Refused, Follows, Masked };

/// A layer of `graph` models with the settings that it was made from; Catalog::layers holds the makers with their schemas.
struct LayerType {
  std::string kind;   ///< of NetworkNode
  std::string title;  ///< "conv 3×3"
  std::size_t least_inputs = 1, most_inputs = 1;
  bool wants_ids = false;  ///< reads token ids; all others read numbers
  bool masks = false;      ///< may have a second input, the token ids that the network reads, and leaves their padding out
  /// The layer for inputs of these shapes, batch included. Throws Error{ShapeMismatch} with a sentence that says what would fit.
  std::function<std::unique_ptr<Module>(const std::vector<Shape>& shapes, const InputSpec& input)> make;
  Narrowing narrowing = Narrowing::Refused;
  std::string narrowing_wish;  ///< what would have to be set so that it is not refused: "head_width has to be given"
};

/// Fills Catalog::layers: linear, logits, conv2d, norms, activation, dropout, pools, flatten, embedding, positions, attention, mlp,
/// transformer-block, mean-tokens, add, multiply, concat.
void register_layers(Catalog& catalog);

}  // namespace dsw
