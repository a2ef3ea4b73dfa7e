// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/formats/state_dict.h"

#include <algorithm>
#include <map>
#include <set>

namespace dsw {
namespace {

using Outcome = StateRow::Result;

bool starts_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }
bool ends_with(const std::string& text, const std::string& suffix) {
  return text.size() >= suffix.size() && text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

std::string without_wrappers(std::string name) {
  for (const char* prefix : {"module.", "_orig_mod."}) {
    if (starts_with(name, prefix)) name.erase(0, std::string(prefix).size());
  }
  return name;
}

/// Why a tensor that no parameter wants is of no matter; empty when it is unknown.
std::string needless(const std::string& name, const std::map<std::string, Parameter*>& parameters) {
  if (ends_with(name, "attn.bias") || ends_with(name, "attn.masked_bias")) return "causal mask, not needed";
  if (ends_with(name, "num_batches_tracked")) return "counter, not needed";
  if (name == "lm_head.weight" && parameters.count("transformer.wte.weight") != 0) return "tied to the token embedding";
  if (starts_with(name, "optimizer.") || starts_with(name, "trainer.")) return "state of the training, not needed";
  return {};
}

bool is_conv1d(const std::string& name) {
  return ends_with(name, "c_attn.weight") || ends_with(name, "c_proj.weight") || ends_with(name, "c_fc.weight");
}

Shape turned(const Shape& shape) { return shape.rank() == 2 ? Shape{shape[1], shape[0]} : shape; }

std::string words(const Shape& shape) {
  if (shape.rank() == 0) return "a single number";
  std::string text;
  for (const std::int64_t length : shape) text += (text.empty() ? "" : " × ") + std::to_string(length);
  return text;
}

/// Hugging Face stores GPT-2's layers as [in, out]. c_attn is never square, so it shows which way the whole file is.
bool file_is_turned(const TensorFile& file, const std::map<std::string, Parameter*>& parameters) {
  for (const StoredTensor& tensor : file.tensors) {
    std::string name = without_wrappers(tensor.name);
    if (!ends_with(name, "c_attn.weight")) continue;
    auto at = parameters.find(name);
    if (at == parameters.end()) at = parameters.find("transformer." + name);
    if (at != parameters.end()) return tensor.shape != at->second->shape && turned(tensor.shape) == at->second->shape;
  }
  return false;
}

}  // namespace

bool StateMatch::fits() const {
  return std::none_of(rows.begin(), rows.end(), [](const StateRow& row) {
    return row.result == Outcome::Missing || row.result == Outcome::WrongShape || row.result == Outcome::Unknown;
  });
}

StateMatch match_state(Module& model, const TensorFile& file) {
  std::map<std::string, Parameter*> parameters;
  const std::vector<Module::Named> named = model.parameters();
  for (const Module::Named& entry : named) parameters[entry.name] = entry.parameter;
  const bool turned_file = file_is_turned(file, parameters);
  StateMatch match;
  std::set<std::string> given;
  for (const StoredTensor& tensor : file.tensors) {
    StateRow row;
    row.file_name = tensor.name;
    row.dtype = tensor.dtype;
    row.file_shape = tensor.shape;
    std::string name = without_wrappers(tensor.name);
    auto at = parameters.find(name);
    if (at == parameters.end()) at = parameters.find("transformer." + name);
    if (at == parameters.end() || !given.insert(at->first).second) {
      row.note = needless(name, parameters);
      row.result = row.note.empty() ? Outcome::Unknown : Outcome::LeftOut;
      match.rows.push_back(std::move(row));
      continue;
    }
    row.parameter = at->first;
    row.wanted = at->second->shape;
    const bool turn = turned_file && is_conv1d(name);
    if ((turn ? turned(tensor.shape) : tensor.shape) != row.wanted) {
      row.result = Outcome::WrongShape;
    } else if (turn) {
      row.result = Outcome::Transposed;
    }
    match.rows.push_back(std::move(row));
  }
  for (const Module::Named& entry : named) {
    if (given.count(entry.name) != 0) continue;
    StateRow row;
    row.result = Outcome::Missing;
    row.parameter = entry.name;
    row.wanted = entry.parameter->shape;
    match.rows.push_back(std::move(row));
  }
  return match;
}

Result<void> load_state(Module& model, const TensorFile& file, Device& device) {
  const StateMatch match = match_state(model, file);
  const auto wrong = std::find_if(match.rows.begin(), match.rows.end(), [](const StateRow& row) { return row.result >= Outcome::Unknown; });
  if (wrong != match.rows.end()) {
    const auto others = std::count_if(wrong + 1, match.rows.end(), [](const StateRow& row) { return row.result >= Outcome::Unknown; });
    std::string hint = "Nothing was loaded.";
    if (others > 0) hint = fmt::format("{} more {} not fit. Nothing was loaded.", others, others == 1 ? "does" : "do");
    switch (wrong->result) {
      case Outcome::Missing:
        return fail(ErrorCode::BadFormat, fmt::format("`{}`, {}, is not in the file", wrong->parameter, words(wrong->wanted)), hint);
      case Outcome::WrongShape:
        return fail(ErrorCode::ShapeMismatch,
                    fmt::format("`{}` is {}; the model needs {}", wrong->file_name, words(wrong->file_shape), words(wrong->wanted)), hint);
      default:
        return fail(ErrorCode::BadFormat, fmt::format("`{}` belongs to no part of the model", wrong->file_name), hint);
    }
  }
  model.materialize(device, 0);
  std::map<std::string, Parameter*> parameters;
  for (const Module::Named& entry : model.parameters()) parameters[entry.name] = entry.parameter;
  for (std::size_t i = 0; i < match.rows.size(); ++i) {  // rows of the file's tensors come first and in their order
    const StateRow& row = match.rows[i];
    if (row.parameter.empty()) continue;
    const Tensor stored = to_tensor(file.tensors[i], device);
    copy_into(row.result == Outcome::Transposed ? stored.view_permute({1, 0}) : stored, parameters.at(row.parameter)->value.detach());
  }
  return {};
}

}  // namespace dsw
