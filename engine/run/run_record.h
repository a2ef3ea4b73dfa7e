// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "engine/core/catalog.h"
#include "engine/core/result.h"
#include "engine/data/dataset.h"
#include "engine/run/experiment.h"

namespace dsw {

/// What else has to be known to repeat a run: {"program", "threads", "isolated", "machine", "data_files": [{"path", "sha256", "bytes"}]},
/// and what views show without building the model: {"parameters", "step_flops", "steps_per_epoch"}.
struct RecordedRun {
  int threads = 0;
  bool isolated = false;
  std::vector<DataFile> files;
};

/// JSON text. Reads the experiment's data, if it has any.
Result<std::string> run_record(const Catalog& catalog, DatasetCache& data, const Experiment& experiment, int threads, bool isolated);
Result<RecordedRun> read_run_record(const std::string& text);
/// Error{InvalidArgument} names the first data file whose content is no longer what the run began with.
Result<void> check_recorded_data(DatasetCache& data, const Experiment& experiment, const RecordedRun& recorded);

/// The version of this program ("0.1.0").
const char* program_version();

}  // namespace dsw
