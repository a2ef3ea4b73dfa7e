// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "engine/formats/tensor_file.h"
#include "engine/nn/module.h"

namespace dsw {

/// What becomes of one tensor of a file, or of one parameter that the file lacks: the rows of an import preview.
struct StateRow {
  enum class Result { Maps, Transposed, LeftOut, Unknown, Missing, WrongShape } result = Result::Maps;
  std::string file_name;  ///< empty: Missing
  std::string parameter;  ///< its full name in the model; empty: LeftOut, Unknown
  DType dtype = DType::F32;
  Shape file_shape, wanted;
  std::string note;  ///< "causal mask, not needed"
};
struct StateMatch {
  std::vector<StateRow> rows;  ///< in the file's order, then what is missing
  bool fits() const;           ///< nothing missing, wrong or unknown
};

/// Pairs the tensors of a file with a model's parameters by name. Known variations of names: the prefix "module." of
/// torch.nn.DataParallel and "_orig_mod." of torch.compile; Hugging Face's GPT-2 without "transformer." and with transposed
/// c_attn, c_fc and c_proj (Conv1D). Known to be needless: causal masks (attn.bias, attn.masked_bias), counters of batch norms, a
/// tied output layer, and what checkpoints keep beside the weights ("optimizer." …).
StateMatch match_state(Module& model, const TensorFile& file);

/// Allocates the model on `device` and fills it. Error{ShapeMismatch} or Error{BadFormat} names the first tensor that does not fit
/// and counts the others; the model is then not to be used.
Result<void> load_state(Module& model, const TensorFile& file, Device& device);

}  // namespace dsw
