// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "engine/nn/model_type.h"
#include "engine/run/experiment.h"

namespace dsw {

class RunContext;  // engine/run/run_context.h; not included, since Qt claims the word emit

/// What the editor's inspector shows while a person edits ("One step costs", "Whole run", "FLOPs by part") and the network drawn.
struct Estimate {
  NetworkPlan network;
  double parameters = 0, step_flops = 0, activation_bytes = 0, peak_bytes = 0, checkpoint_bytes = 0;
  double steps = 0, examples_per_step = 0, examples_total = 0;
  std::string example_unit;  ///< "tokens", "images"
  double seconds = 0;        ///< on the CPU of this machine; 0: not known
};

/// A kind of work that a document can ask for. Registered with the schema of its own keys in Catalog::tasks; has no state.
class Task {
 public:
  virtual ~Task() = default;
  /// What the schema cannot see; pointers from the document's root. `stop` ends the reading of data.
  virtual std::vector<Problem> validate(const Catalog& catalog, const Json& document, const std::filesystem::path& base, DatasetCache* data,
                                        std::stop_token stop) const = 0;
  virtual Result<Estimate> estimate(const Catalog& catalog, const Json& document, const std::filesystem::path& base, DatasetCache* data,
                                    std::stop_token stop) const = 0;
  /// Runs to the end, to a stop request, or goes on from context.resume_from. Called by execute() alone.
  virtual Result<void> run(RunContext& context) const = 0;
};

/// The only way anything runs. Looks up the task, emits Running first and Finished, Stopped or Failed last, and catches what is thrown.
Result<void> execute(RunContext& context);

}  // namespace dsw
