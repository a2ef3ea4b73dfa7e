// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/core/catalog.h"
#include "engine/core/json.h"
#include "engine/formats/tensor_file.h"
#include "engine/nn/model_type.h"
#include "engine/store/project.h"
#include "engine/train/run_evaluation.h"
#include "engine/train/run_model.h"

namespace dsw {

/// Weights that a project holds: an imported model, or one checkpoint of a run. A value.
struct ProjectModel {
  std::string id;              ///< of the model or of the run
  bool of_run = false;         ///< else imported
  std::string name;            ///< "r-0001", or the model's name
  std::string source;          ///< the experiment's name, or the file that was imported
  std::filesystem::path path;  ///< the weights' file
  std::filesystem::path base;  ///< what its document's relative paths are relative to
  std::string document;        ///< of a run: JSON text with defaults
  std::string sha256;
  std::uint64_t bytes = 0;
  std::int64_t step = 0;  ///< of a checkpoint
  bool best = false;      ///< the run's best checkpoint so far
  double time = 0;        ///< when it was saved or imported
  /// What its run's document would read that nobody agreed to yet: see ExperimentRow::outside_files.
  std::vector<std::string> outside_files;
};

/// `model` is a model's id or name, or a run; `checkpoint` "last", "best" or the step of one. Error{NotFound}; Error{InvalidArgument} of a
/// run that holds no network of its own, such as a search.
Result<ProjectModel> find_project_model(ProjectReader& reader, const std::filesystem::path& project, const std::string& model,
                                        const std::string& checkpoint = "last");

/// What a model file says of itself, without building the network.
struct ModelFacts {
  std::string family;   ///< "gpt"
  std::string section;  ///< its settings with defaults, JSON text
  InputSpec input;
  NetworkPlan network;                ///< of a batch of one
  std::vector<StoredTensor> tensors;  ///< names, types and shapes; their bytes are not kept
  std::string tokenizer;              ///< "char"; empty: none
  std::int64_t symbols = 0;           ///< of the tokenizer
  std::vector<std::string> classes;
  std::string data;  ///< the data section that it learned from, JSON text; empty: not known
};
/// Reads the whole file; not for the UI thread. Errors as read_model_file and check of the description give them.
Result<ModelFacts> model_facts(const Catalog& catalog, const std::filesystem::path& path);

/// Error{InvalidArgument} names the files where an imported document would read what nobody agreed to.
Result<void> check_outside_files(const std::string& name, const std::vector<std::string>& files);

/// `data` is "/data", the data that the model learned from, or a file; see EvaluateRequest. Error{InvalidArgument} where the former
/// would read something outside that was not agreed to.
Result<EvaluateRequest> evaluate_request(const ProjectModel& model, const RunModel& loaded, const std::string& data,
                                         const std::string& part);
/// Metrics of `model` on that data.
Result<ModelEvaluation> evaluate_project_model(const Catalog& catalog, const ProjectModel& model, const RunModel& loaded,
                                               const std::string& data, const std::string& part, Device& device, std::stop_token stop);
/// The row that keeps an evaluation in the project; `data` as a person reads it.
EvaluationRow evaluation_row(const ProjectModel& model, const RunModel& loaded, const ModelEvaluation& evaluation, const std::string& data);

/// The formats that export_model writes, the first one first offered: "safetensors", "onnx".
const std::vector<std::string>& model_export_formats();
/// Writes the weights with their description. Error{Unsupported} for a format that is not among the above.
Result<void> export_model(const Catalog& catalog, const std::filesystem::path& from, const std::string& format,
                          const std::filesystem::path& to);

}  // namespace dsw
