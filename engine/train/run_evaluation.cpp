// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/run_evaluation.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/core/file_bytes.h"
#include "engine/data/model_data.h"
#include "engine/run/experiment.h"

namespace dsw {
namespace {

struct DataSection {
  Json data;
  std::uint64_t seed = 1;
  std::filesystem::path base;
};

Result<DataSection> of_run(const EvaluateRequest& request) {
  if (request.run_document.empty())
    return fail(ErrorCode::InvalidArgument, fmt::format("An imported model has no document, so {} leads nowhere", request.data),
                "Name a document or a data file.");
  const Json document = Json::parse(request.run_document);
  const Json::json_pointer pointer(request.data);
  if (!document.contains(pointer))
    return fail(ErrorCode::NotFound, fmt::format("The run's document has nothing at {}", request.data), "Its data stands at /data.");
  return DataSection{document.at(pointer), document.value("seed", std::uint64_t{1}), request.run_base};
}

/// A document or a data section; nothing when the text is neither.
std::optional<DataSection> of_file(const std::string& text, const std::filesystem::path& path) {
  auto json = parse_document(text);
  if (!json) return std::nullopt;
  DataSection section;
  section.base = std::filesystem::absolute(path).parent_path();
  if (json->contains("data") && json->at("data").is_object()) {
    section.data = json->at("data");
    if (const auto seed = json->find("seed"); seed != json->end() && seed->is_number_unsigned()) section.seed = seed->get<std::uint64_t>();
    return section;
  }
  if (!json->contains("type")) return std::nullopt;
  section.data = std::move(*json);
  return section;
}

std::int64_t characters(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; });
}

/// Any text by a language model, in the model's own tokens: consecutive windows, every token but the first is a target once.
Result<ModelEvaluation> evaluate_text(const RunModel& model, const std::string& text, const std::string& name, Device& device,
                                      std::stop_token stop) {
  DSW_TRY_ASSIGN(const std::vector<std::int32_t> ids, model.tokenizer->encode(text));
  if (ids.size() < 2) return fail(ErrorCode::InvalidArgument, "The text has fewer than two tokens", "Take a longer one.", name);
  const auto targets = static_cast<std::int64_t>(ids.size()) - 1, length = model.input.context;
  const std::int64_t windows = (targets + length - 1) / length, batch = evaluation_batch(model.input, 1);
  // The last window is shorter; it makes a batch of its own.
  const std::int64_t whole = targets / length, batches = (whole + batch - 1) / batch;
  const auto batch_at = [&](std::int64_t i) {
    const std::int64_t first = i < batches ? i * batch : whole, count = i < batches ? std::min(batch, whole - first) : 1;
    const std::int64_t width = i < batches ? length : targets - whole * length;
    Batch made;
    const auto piece = [&](std::int64_t shift) {
      return from_host(std::span<const std::int32_t>(ids).subspan(static_cast<std::size_t>(first * length + shift),
                                                                  static_cast<std::size_t>(count * width)),
                       Shape{count, width}, device);
    };
    made.input = piece(0);
    made.target = piece(1);
    return made;
  };
  ModelEvaluation result{"text", {}, {}};
  DSW_TRY_ASSIGN(result.evaluation,
                 evaluate_batches(*model.model, batches + (windows > whole ? 1 : 0), batch_at, false, 0, std::move(stop)));
  const double per_token = static_cast<double>(characters(text)) / static_cast<double>(ids.size());
  for (const auto& [key, value] : evaluation_metrics(result.evaluation, InputSpec::Kind::Tokens, per_token))
    result.metrics.emplace_back("text/" + key, value);
  return result;
}

Result<void> check_fit(const RunModel& model, const Dataset& data) {
  const InputSpec &wants = model.input, &has = data.input_spec();
  const bool same = wants.kind == has.kind && wants.channels == has.channels && wants.height == has.height && wants.width == has.width &&
                    wants.classes == has.classes && wants.vocabulary == has.vocabulary && has.context <= wants.context;
  if (!same)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("The data gives {} and {} classes, the model wants {} and {}", has.input_shape(1).text(), has.classes,
                            wants.input_shape(1).text(), wants.classes));
  if (model.tokenizer && data.tokenizer() && model.tokenizer->to_json() != data.tokenizer()->to_json())
    return fail(ErrorCode::InvalidArgument, "The data's tokens are not those of the model",
                "Name the text file itself: it is then read by the model's tokenizer.");
  return {};
}

Result<EvaluationData> load_section(const Catalog& catalog, const RunModel& model, const DataSection& section, const std::string& part,
                                    std::stop_token stop) {
  EvaluationData loaded;
  DSW_TRY_ASSIGN(loaded.data, load_dataset_for_model(catalog, section.data, section.base, section.seed, model.description, stop));
  DSW_TRY(check_fit(model, *loaded.data));
  loaded.split = loaded.data->has(Split::Test) ? Split::Test : Split::Val;
  for (const Split named : {Split::Train, Split::Val, Split::Test})
    if (part == split_name(named)) loaded.split = named;
  if (!loaded.data->has(loaded.split))
    return fail(ErrorCode::InvalidArgument, fmt::format("The data has no {} part", split_name(loaded.split)), "Choose another part.");
  return loaded;
}

/// The section that a request names; nothing when it names a file that is no document.
Result<std::optional<DataSection>> named_section(const EvaluateRequest& request, std::string& text, std::stop_token stop) {
  std::error_code ignored;
  if (request.data.starts_with('/') && !std::filesystem::exists(request.data, ignored)) {
    DSW_TRY_ASSIGN(DataSection section, of_run(request));
    return std::optional<DataSection>(std::move(section));
  }
  DSW_TRY_ASSIGN(text, read_file(request.data, std::move(stop)));
  return of_file(text, request.data);
}

tl::unexpected<Error> no_section(const EvaluateRequest& request) {
  return fail(ErrorCode::InvalidArgument, "This file is neither a document nor a data section",
              "Write {\"type\": …, \"source\": …} into a file and name that.", request.data);
}

}  // namespace

Result<EvaluationData> load_evaluation_data(const Catalog& catalog, const RunModel& model, const EvaluateRequest& request,
                                            std::stop_token stop) {
  std::string text;
  DSW_TRY_ASSIGN(const std::optional<DataSection> section, named_section(request, text, stop));
  if (!section) return no_section(request);
  return load_section(catalog, model, *section, request.part, std::move(stop));
}

Result<ModelEvaluation> evaluate_model(const Catalog& catalog, const RunModel& model, const EvaluateRequest& request, Device& device,
                                       std::stop_token stop) {
  std::string text;
  DSW_TRY_ASSIGN(const std::optional<DataSection> section, named_section(request, text, stop));
  if (!section) {
    if (model.input.kind != InputSpec::Kind::Tokens || !model.tokenizer) return no_section(request);
    return evaluate_text(model, text, request.data, device, stop);
  }
  DSW_TRY_ASSIGN(const EvaluationData loaded, load_section(catalog, model, *section, request.part, stop));
  EvaluationRequest pass;
  pass.split = loaded.split;
  pass.batch = evaluation_batch(loaded.data->input_spec(), 1);
  ModelEvaluation result{split_name(loaded.split), {}, {}};
  DSW_TRY_ASSIGN(result.evaluation, evaluate(*model.model, *loaded.data, pass, device, std::move(stop)));
  for (const auto& [key, value] :
       evaluation_metrics(result.evaluation, loaded.data->input_spec().kind, loaded.data->characters_per_token(loaded.split)))
    result.metrics.emplace_back(result.part + "/" + key, value);
  return result;
}

}  // namespace dsw
