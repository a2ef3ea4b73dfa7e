// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "engine/core/catalog.h"
#include "engine/core/result.h"
#include "engine/data/dataset.h"
#include "engine/run/experiment.h"
#include "engine/tensor/device.h"

namespace dsw {

/// Where a run goes on, settled when it starts.
struct RunPlace {
  int threads = 1;           ///< that its device has
  int threads_asked = 0;     ///< 0: left to the device
  std::string device_asked;  ///< by the document or the command; "auto" was settled by choose_device
  std::string precision;     ///< that it begins in; the document's may be "auto"
  bool isolated = false;
};

/// The place on an open device. What was asked for is kept as it was given.
RunPlace run_place(const Device& device, const std::string& device_asked, const std::string& precision_asked, int threads_asked,
                   bool isolated);

/// What else has to be known to repeat a run: {"program", "threads", "precision", "asked": {"device", "threads", "precision"},
/// "isolated", "machine", "data_files": [{"path", "sha256", "bytes"}]}, and what views show without building the model: {"parameters",
/// "step_flops", "steps_per_epoch"}.
struct RecordedRun {
  int threads = 0;  ///< 0 in records of earlier programs: left to the device
  bool isolated = false;
  std::vector<DataFile> files;
};

/// JSON text. Reads the experiment's data, if it has any.
Result<std::string> run_record(const Catalog& catalog, DatasetCache& data, const Experiment& experiment, const RunPlace& place);
Result<RecordedRun> read_run_record(const std::string& text);
/// Error{InvalidArgument} names the first data file whose content is no longer what the run began with.
Result<void> check_recorded_data(DatasetCache& data, const Experiment& experiment, const RecordedRun& recorded);

/// The version of this program ("0.1.0").
const char* program_version();

}  // namespace dsw
