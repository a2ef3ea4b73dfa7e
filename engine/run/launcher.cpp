// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/run/launcher.h"

#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/run/run_context.h"
#include "engine/run/task.h"
#include "engine/tensor/guarded_device.h"
#include "engine/tensor/kernel_watch.h"

namespace dsw {
namespace {

class LocalLauncher : public Launcher {
 public:
  explicit LocalLauncher(const Catalog& catalog) : catalog_(catalog) {}

  Result<void> run(const LaunchRequest& request, std::stop_token stop, const std::function<void(Event)>& sink) override {
    std::error_code error;
    std::filesystem::create_directories(request.folder, error);
    if (error)
      return fail(ErrorCode::Io, fmt::format("The run's folder could not be made ({})", error.message()), "", request.folder.string());
    RunContext* running = nullptr;
    DSW_TRY_ASSIGN(const std::unique_ptr<Device> device, make_device(catalog_, request.device, request.threads, tell_run(running)));
    RunContext context(catalog_, request.experiment, *device, request.folder, std::move(stop), sink, request.first_seq);
    context.resume_from = request.resume_from;
    context.data = request.data;
    running = &context;
    const auto result = execute(context);
    running = nullptr;
    return result;
  }

 private:
  const Catalog& catalog_;
};

void absolute_value(const Param& param, Json& value, const std::filesystem::path& base);

void absolute_members(const ParamSchema& schema, Json& object, const std::filesystem::path& base) {
  if (!object.is_object()) return;
  for (const Param& param : schema.params)
    if (const auto member = object.find(param.name); member != object.end()) absolute_value(param, *member, base);
}

void absolute_value(const Param& param, Json& value, const std::filesystem::path& base) {
  switch (param.type) {
    case ParamType::Path:
      if (value.is_string()) {
        const auto text = value.get<std::string>();
        if (!text.empty() && !text.starts_with("builtin:")) value = (base / text).lexically_normal().string();
      } else if (value.is_array()) {
        for (Json& item : value) absolute_value(param, item, base);
      }
      return;
    case ParamType::List:
      if (!param.element) return;
      if (value.is_array())
        for (Json& item : value) absolute_value(*param.element, item, base);
      else
        absolute_value(*param.element, value, base);  // one alone may stand without brackets
      return;
    case ParamType::Object:
      if (param.object) absolute_members(*param.object, value, base);
      return;
    case ParamType::Variant: {
      if (!value.is_object()) return;
      const auto type = value.find("type");
      const std::string name = type != value.end() && type->is_string() ? type->get<std::string>() : param.default_alternative;
      for (const auto& [alternative, schema] : param.alternatives)
        if (alternative == name) absolute_members(*schema, value, base);
      return;
    }
    default:
      return;
  }
}

}  // namespace

std::unique_ptr<Launcher> make_local_launcher(const Catalog& catalog) { return std::make_unique<LocalLauncher>(catalog); }

Result<std::string> choose_device(const Catalog& catalog, const std::string& wanted) {
  const std::vector<std::string>& names = catalog.devices.names();
  if (wanted.empty() || wanted == "auto") {
    if (names.empty()) return fail(ErrorCode::Unsupported, "There is no device to run on");
    return names.back();
  }
  if (catalog.devices.find(wanted)) return wanted;
  std::string known;
  for (const std::string& name : names) known += (known.empty() ? "" : ", ") + name;
  return fail(ErrorCode::Unsupported, fmt::format("There is no device named \"{}\" here; there is {}", wanted, known),
              "`deepshock devices` says why one cannot be used.");
}

Result<std::unique_ptr<Device>> make_device(const Catalog& catalog, const std::string& name, int threads,
                                            std::function<void(const std::string&)> tell) {
  DSW_TRY_ASSIGN(const auto* entry, catalog.devices.get(name));
  DSW_TRY_ASSIGN(std::unique_ptr<Device> device, entry->make(Json{{"threads", threads}}));
  if (!device->host_memory()) {
    KernelRecords records(kernel_records_file(), device->info().description);
    device = std::make_unique<GuardedDevice>(std::move(device), std::move(records), std::move(tell));
  }
  return std::make_unique<WatchedDevice>(std::move(device));
}

std::string absolute_document(const Catalog& catalog, const Experiment& experiment) {
  Json document = Json::parse(experiment.resolved);
  if (const auto schema = document_schema(catalog, experiment.task)) absolute_members(*schema, document, experiment.base);
  return document.dump(2);
}

}  // namespace dsw
