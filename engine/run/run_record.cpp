// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/run/run_record.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "engine/core/catalog.h"
#include "engine/data/dataset_cache.h"
#include "engine/run/task.h"
#include "engine/tensor/precision.h"

namespace dsw {
namespace {

Result<std::vector<DataFile>> data_files(DatasetCache& data, const Experiment& experiment) {
  const Json document = Json::parse(experiment.resolved);
  const auto section = document.find("data");
  if (section == document.end()) return std::vector<DataFile>();
  DSW_TRY_ASSIGN(const auto set, data.get(*section, experiment.base, experiment.seed));
  return set->files();
}

/// What the task expects of a step; nothing where it cannot say.
void add_costs(const Catalog& catalog, DatasetCache& data, const Experiment& experiment, Json& record) {
  const auto* entry = catalog.tasks.find(experiment.task);
  if (!entry) return;
  const auto task = entry->make(Json::object());
  if (!task) return;
  const Json document = Json::parse(experiment.resolved);
  const auto costs = (*task)->estimate(catalog, document, experiment.base, &data, {});
  if (!costs) return;
  record["parameters"] = costs->parameters;
  record["step_flops"] = costs->step_flops;
  const Json::json_pointer batch("/training/batch");
  if (!document.contains("data") || !document.contains(batch)) return;
  if (const auto set = data.get(document["data"], experiment.base, experiment.seed)) {
    record["steps_per_epoch"] = (*set)->batches_per_epoch(document.at(batch).get<std::int64_t>());
    if (const Json facts = (*set)->facts(); facts.contains("notes")) record["data_notes"] = facts["notes"];
  }
}

}  // namespace

const char* program_version() { return DSW_VERSION; }

RunPlace run_place(const Device& device, const std::string& device_asked, const std::string& precision_asked, int threads_asked,
                   bool isolated) {
  return {device.threads(), threads_asked, device_asked.empty() ? "auto" : device_asked,
          precisions_of_run(device.info(), precision_asked).front(), isolated};
}

Result<std::string> run_record(const Catalog& catalog, DatasetCache& data, const Experiment& experiment, const RunPlace& place) {
  DSW_TRY_ASSIGN(const std::vector<DataFile> files, data_files(data, experiment));
  Json record;
  record["program"] = program_version();
  record["threads"] = place.threads;
  record["precision"] = place.precision;
  record["asked"] = {{"device", place.device_asked}, {"threads", place.threads_asked}, {"precision", experiment.precision}};
  record["isolated"] = place.isolated;
  utsname system{};
  ::uname(&system);
  record["machine"] = {{"host", system.nodename},
                       {"system", std::string(system.sysname) + " " + system.release},
                       {"architecture", system.machine},
                       {"cores", std::thread::hardware_concurrency()}};
  record["data_files"] = Json::array();
  for (const DataFile& file : files) record["data_files"].push_back({{"path", file.path}, {"sha256", file.sha256}, {"bytes", file.bytes}});
  add_costs(catalog, data, experiment, record);
  return record.dump(2, ' ', false, Json::error_handler_t::replace);
}

Result<RecordedRun> read_run_record(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    RecordedRun record;
    record.threads = std::clamp(json.value("threads", 0), 0, 4096);
    record.isolated = json.value("isolated", false);
    for (const Json& file : json.value("data_files", Json::array()))
      record.files.push_back(
          {file.at("path").get<std::string>(), file.at("sha256").get<std::string>(), file.at("bytes").get<std::uint64_t>()});
    return record;
  } catch (const Json::exception&) {
    return fail(ErrorCode::Damaged, "The run's record cannot be read");
  }
}

Result<void> check_recorded_data(DatasetCache& data, const Experiment& experiment, const RecordedRun& recorded) {
  DSW_TRY_ASSIGN(const std::vector<DataFile> now, data_files(data, experiment));
  for (const DataFile& then : recorded.files) {
    const bool same = std::any_of(now.begin(), now.end(), [&](const DataFile& file) { return file.sha256 == then.sha256; });
    if (!same)
      return fail(ErrorCode::InvalidArgument, "The file is not the one that the run began with",
                  "Put the old file back, or run the experiment again.", then.path);
  }
  return {};
}

}  // namespace dsw
