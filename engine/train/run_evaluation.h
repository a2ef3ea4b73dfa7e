// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "engine/train/evaluation.h"
#include "engine/train/run_model.h"

namespace dsw {

/// What `deepshock evaluate` measures a model on.
struct EvaluateRequest {
  /// "/data" (a JSON pointer into `run_document`), or a file: an experiment document, a data section, or for language models any text.
  std::string data;
  std::string part;          ///< "train", "val", "test"; empty: test where there is one, else val
  std::string run_document;  ///< JSON text with defaults; empty for imported models
  std::filesystem::path run_base;
};

struct ModelEvaluation {
  std::string part;  ///< "test"; "text" for a text file
  Evaluation evaluation;
  std::vector<std::pair<std::string, double>> metrics;  ///< "test/loss" …
};

/// A part of labelled data or of a tokenised text, as the model sees it.
struct EvaluationData {
  std::unique_ptr<Dataset> data;
  Split split = Split::Val;
};
/// The data that `request` names, checked to fit. Error{InvalidArgument} for a text file that is no document: evaluate_model reads that.
Result<EvaluationData> load_evaluation_data(const Catalog& catalog, const RunModel& model, const EvaluateRequest& request,
                                            std::stop_token stop);

/// Error{InvalidArgument} when the data does not fit the model: other shape, other classes, other tokens.
Result<ModelEvaluation> evaluate_model(const Catalog& catalog, const RunModel& model, const EvaluateRequest& request, Device& device,
                                       std::stop_token stop);

}  // namespace dsw
