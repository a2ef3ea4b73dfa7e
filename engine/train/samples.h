// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "engine/run/run_context.h"
#include "engine/train/evaluation.h"
#include "engine/train/train_state.h"

namespace dsw {

/// Sample outputs of a step: of language models a generated text, of labelled sets the confusion matrix and the surest mistakes with
/// their pictures or texts (files in the run's folder). Error{Stopped} when a stop request comes while text is generated.
Result<std::vector<SampleBody>> make_samples(RunContext& context, TrainState& state, const Evaluation& evaluation, Split split);

}  // namespace dsw
