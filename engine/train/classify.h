// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <stop_token>
#include <string>
#include <vector>

#include "engine/train/run_evaluation.h"

namespace dsw {

/// How sure a model is of a class.
struct ClassScore {
  std::string name;
  double probability = 0;
};
/// One example with what the model says of it, the likeliest class first.
struct ClassifiedExample {
  std::int64_t example = 0;  ///< its number in the part
  std::string content;       ///< PNG bytes of a picture, or a text
  std::string truth;
  std::vector<ClassScore> scores;
};
struct ClassifiedPage {
  std::string part;
  bool images = false;
  std::int64_t first = 0, total = 0;
  std::vector<ClassifiedExample> examples;
};

/// Examples `page * per_page` … of a part of the data, as EvaluateRequest names it. Errors as evaluate_model gives them.
Result<ClassifiedPage> classify_examples(const Catalog& catalog, const RunModel& model, const EvaluateRequest& request, std::int64_t page,
                                         std::int64_t per_page, Device& device, std::stop_token stop);
/// What a text classifier says of a text that a person typed. Error{InvalidArgument} for other models and characters it does not know.
Result<std::vector<ClassScore>> classify_text(const RunModel& model, const std::string& text, Device& device);

}  // namespace dsw
