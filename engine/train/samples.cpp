// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/samples.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/train/text_sample.h"

namespace dsw {
namespace {

std::string as_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Result<SampleBody> text_sample(RunContext& context, TrainState& state) {
  TextRequest request;
  request.prompt = state.settings.sample_prompt;
  request.tokens = state.settings.sample_tokens;
  request.temperature = state.settings.sample_temperature;
  request.seed = context.experiment().seed;
  DSW_TRY_ASSIGN(const std::string text,
                 generate_text(*state.model, *state.data->tokenizer(), request, context.device(), context.stop_token()));
  return SampleBody{state.step, "text", as_text({{"prompt", request.prompt}, {"text", text}, {"temperature", request.temperature}}), {}};
}

SampleBody confusion_sample(const TrainState& state, const Evaluation& evaluation, Split split) {
  return {state.step,
          "confusion",
          as_text({{"classes", state.data->class_names()}, {"counts", evaluation.confusion}, {"split", split_name(split)}}),
          {}};
}

SampleBody wrong_sample(const RunContext& context, const TrainState& state, const Evaluation& evaluation, Split split) {
  const std::vector<std::string> classes = state.data->class_names();
  const bool images = state.data->input_spec().kind == InputSpec::Kind::Image;
  SampleBody sample{state.step, "misclassified", {}, {}};
  Json items = Json::array();
  for (const WrongExample& wrong : evaluation.wrong) {
    const std::string content = state.data->example(split, wrong.example);
    Json item;
    if (images) {
      const std::string file = fmt::format("{}-{}.png", split_name(split), wrong.example);
      const auto path = context.folder() / file;
      if (!std::filesystem::exists(path)) {
        std::ofstream out(path, std::ios::binary);
        out.write(content.data(), static_cast<std::streamsize>(content.size()));
        out.close();
        if (!out) {  // a picture less; the run goes on
          std::error_code ignored;
          std::filesystem::remove(path, ignored);
          continue;
        }
      }
      item["file"] = file;
      sample.files.push_back(file);
    } else {
      item["text"] = content;
    }
    item["truth"] = classes.at(static_cast<std::size_t>(wrong.truth));
    item["guess"] = classes.at(static_cast<std::size_t>(wrong.guess));
    item["probability"] = wrong.probability;
    item["example"] = wrong.example;
    items.push_back(std::move(item));
  }
  sample.data = as_text({{"items", items}, {"split", split_name(split)}});
  return sample;
}

}  // namespace

Result<std::vector<SampleBody>> make_samples(RunContext& context, TrainState& state, const Evaluation& evaluation, Split split) {
  std::vector<SampleBody> samples;
  if (state.data->input_spec().kind == InputSpec::Kind::Tokens) {
    if (state.settings.sample_tokens == 0 || !state.data->tokenizer() || state.document.at("model").at("type") != "gpt")
      return samples;  // a `graph` has no text of its own
    DSW_TRY_ASSIGN(SampleBody text, text_sample(context, state));
    samples.push_back(std::move(text));
    return samples;
  }
  samples.push_back(confusion_sample(state, evaluation, split));
  samples.push_back(wrong_sample(context, state, evaluation, split));
  return samples;
}

}  // namespace dsw
