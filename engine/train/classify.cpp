// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/classify.h"

#include <algorithm>
#include <cmath>

#include "engine/autograd/node.h"

namespace dsw {
namespace {

std::string class_name(const std::vector<std::string>& classes, std::size_t k) {
  return k < classes.size() ? classes[k] : fmt::format("class {}", k);
}

/// softmax of each row of logits [B, K], sorted.
std::vector<std::vector<ClassScore>> scores_of(const Tensor& logits, const std::vector<std::string>& classes) {
  const auto rows = static_cast<std::size_t>(logits.shape()[0]), count = static_cast<std::size_t>(logits.shape()[1]);
  const std::vector<float> values = logits.to_vector<float>();
  std::vector<std::vector<ClassScore>> all(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(i * count), end = begin + static_cast<std::ptrdiff_t>(count);
    const double most = *std::max_element(begin, end);
    double sum = 0;
    for (auto it = begin; it != end; ++it) sum += std::exp(static_cast<double>(*it) - most);
    for (std::size_t k = 0; k < count; ++k)
      all[i].push_back({class_name(classes, k), std::exp(static_cast<double>(begin[static_cast<std::ptrdiff_t>(k)]) - most) / sum});
    std::stable_sort(all[i].begin(), all[i].end(), [](const ClassScore& a, const ClassScore& b) { return a.probability > b.probability; });
  }
  return all;
}

Result<Tensor> logits_of(const RunModel& model, const Tensor& input) {
  try {
    const NoGradScope no_grad;
    Forward pass = model.model->new_pass();
    return model.model->forward(input, pass);
  } catch (const Error& error) {
    return fail(error);
  }
}

}  // namespace

Result<ClassifiedPage> classify_examples(const Catalog& catalog, const RunModel& model, const EvaluateRequest& request, std::int64_t page,
                                         std::int64_t per_page, Device& device, std::stop_token stop) {
  if (model.input.kind == InputSpec::Kind::Tokens)
    return fail(ErrorCode::InvalidArgument, "A language model does not classify", "Let it write text instead.");
  DSW_TRY_ASSIGN(const EvaluationData data, load_evaluation_data(catalog, model, request, stop));
  ClassifiedPage result;
  result.part = split_name(data.split);
  result.images = model.input.kind == InputSpec::Kind::Image;
  result.total = data.data->size(data.split);
  const std::int64_t pages = (result.total + per_page - 1) / per_page;
  page = std::clamp<std::int64_t>(page, 0, pages - 1);
  result.first = page * per_page;
  const std::vector<std::string> classes = data.data->class_names();
  const Batch batch = data.data->eval_batch(data.split, page, per_page, device);
  DSW_TRY_ASSIGN(const Tensor logits, logits_of(model, batch.input));
  const auto scores = scores_of(logits, model.classes.empty() ? classes : model.classes);
  const std::vector<std::int32_t> truth = batch.target.to_vector<std::int32_t>();
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const std::int64_t example = i < batch.examples.size() ? batch.examples[i] : result.first + static_cast<std::int64_t>(i);
    result.examples.push_back(
        {example, data.data->example(data.split, example), class_name(classes, static_cast<std::size_t>(truth[i])), scores[i]});
  }
  return result;
}

Result<std::vector<ClassScore>> classify_text(const RunModel& model, const std::string& text, Device& device) {
  if (model.input.kind != InputSpec::Kind::TokenSequence || !model.tokenizer)
    return fail(ErrorCode::InvalidArgument, "This model does not read texts", "Take a text classifier.");
  DSW_TRY_ASSIGN(std::vector<std::int32_t> ids, model.tokenizer->encode(text));
  if (ids.empty()) return fail(ErrorCode::InvalidArgument, "The text is empty", "Type a few words.");
  ids.resize(static_cast<std::size_t>(model.input.context), 0);  // cut, or padded with 0, as its data was
  DSW_TRY_ASSIGN(const Tensor logits, logits_of(model, from_host(ids, {1, model.input.context}, device)));
  return scores_of(logits, model.classes).front();
}

}  // namespace dsw
