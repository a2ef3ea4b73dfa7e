// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/run/experiment.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/run/document_scan.h"
#include "engine/run/launcher.h"
#include "engine/run/task.h"
#include "engine/tensor/precision.h"

namespace dsw {
namespace {

/// The keys that every task's document has.
ParamSchema common_schema(const Catalog& catalog, const std::string& task) {
  Param version = required(int_param("deepshock", "Document version", std::nullopt, 1, 1, "Version of the document's form"));
  Param task_param = required(choice_param("task", "Task", task, catalog.tasks.names(), "The kind of work"));
  task_param.default_text.clear();
  ParamSchema schema;
  schema.add(advanced(std::move(version)));
  schema.add(advanced(std::move(task_param)));
  schema.add(string_param("name", "Name", std::string("experiment"), "What the navigator and the run table show"));
  schema.add(int_param("seed", "Seed", 1, 0, 9007199254740991.0, "Start of every random stream: same seed, same numbers"));
  Param device = string_param("device", "Device", std::string("auto"), "auto takes the fastest one that is there");
  device.choices = {"auto"};
  for (const std::string& name : catalog.devices.names()) device.choices.push_back(name);
  schema.add(std::move(device));
  schema.add(
      choice_param("precision", "Precision", "auto", {"auto", "float32", "bfloat16", "float16", "float8"},
                   "Number format of the arithmetic; weights and their optimizer stay float32. auto takes the device's fastest and "
                   "changes when it does not suffice; float8 multiplies 8-bit numbers in linear layers and computes the rest in bfloat16"));
  return schema;
}

/// "~1" → "/", "~0" → "~".
std::string key_of_token(const std::string& token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1'))
      out += token[++i] == '0' ? '~' : '/';
    else
      out += token[i];
  }
  return out;
}

std::string all_sentences(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems)
    if (!problem.warning) text += (text.empty() ? "" : "\n") + problem.sentence();
  return text;
}

/// Whether the device of the document computes in its precision. Float32 does every device.
void check_precision(const Catalog& catalog, const Json& document, const std::string& precision, std::vector<Problem>& problems) {
  if (precision != "bfloat16" && precision != "float16" && precision != "float8") return;
  const auto wanted = document.find("device");
  const auto name = choose_device(catalog, wanted != document.end() && wanted->is_string() ? wanted->get<std::string>() : "auto");
  if (!name) return;  // said at /device
  const auto device = make_device(catalog, *name, 1);
  if (!device || offers_precision((*device)->info(), precision)) return;
  std::string offered;
  for (const std::string& one : (*device)->info().precisions) offered += (offered.empty() ? "" : ", ") + one;
  problems.push_back({"/precision",
                      fmt::format("is \"{}\", in which the device {} does not compute; it offers {}", precision, *name, offered),
                      {{"Use float32", "/precision", "\"float32\"", "", false}},
                      false});
}

}  // namespace

Result<Json> parse_document(const std::string& text) {
  if (const auto places = scan_document(text); !places) return fail(places.error());
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);  // the scan left nothing that could fail
  if (!json.is_object())
    return fail(ErrorCode::InvalidDocument, "The document is no object", "It begins with { and ends with }.", "line 1, column 1");
  return json;
}

Result<ParamSchema> document_schema(const Catalog& catalog, const std::string& task) {
  DSW_TRY_ASSIGN(const auto* entry, catalog.tasks.get(task));
  ParamSchema schema = common_schema(catalog, task);
  schema.summary = entry->summary;
  for (const Param& param : entry->schema.params) schema.add(param);
  return schema;
}

std::vector<Problem> validate_document(const Catalog& catalog, const Json& document, const std::filesystem::path& base, DatasetCache* data,
                                       std::stop_token stop) {
  if (!document.is_object()) return {Problem{"", "is no object; a document begins with { and ends with }", {}, false}};
  const auto task = document.find("task");
  if (task == document.end() || !task->is_string()) {
    const bool missing = task == document.end();
    Problem problem{"/task", missing ? "is missing; it names the kind of work" : "is no text; it names the kind of work", {}, false};
    for (const std::string& name : catalog.tasks.names())
      problem.fixes.push_back({fmt::format("Use {}", name), "/task", Json(name).dump(), "", false});
    return {problem};
  }
  const auto name = task->get<std::string>();
  const auto schema = document_schema(catalog, name);
  if (!schema) {
    Problem problem{"/task", fmt::format("is \"{}\", which is no task", name), {}, false};
    const std::string near = nearest_name(name, catalog.tasks.names());
    if (!near.empty()) {
      problem.message += fmt::format("; nearest name: `{}`", near);
      problem.fixes.push_back({fmt::format("Use {}", near), "/task", Json(near).dump(), "", false});
    }
    return {problem};
  }
  std::vector<Problem> problems = check_params(*schema, document);
  if (const auto device = document.find("device"); device != document.end() && device->is_string()) {
    const auto& wanted = device->get_ref<const std::string&>();
    if (wanted != "auto" && !catalog.devices.find(wanted)) {
      std::string known = "auto";
      for (const std::string& there : catalog.devices.names()) known += ", " + there;
      problems.push_back({"/device",
                          fmt::format("is \"{}\", which this machine does not have; it has {}", wanted, known),
                          {{"Use auto", "/device", "\"auto\"", "", false}},
                          false});
    }
  }
  if (const auto precision = document.find("precision"); precision != document.end() && precision->is_string())
    check_precision(catalog, document, precision->get<std::string>(), problems);
  // The task sees a document with every default. It checks only the sections that fit their schema.
  const auto found = (*catalog.tasks.get(name))->make(Json::object());
  if (!found) {
    problems.push_back({"/task", fmt::format("cannot run: {}", found.error().sentence()), {}, false});
    return problems;
  }
  for (Problem& problem : (*found)->validate(catalog, with_defaults(*schema, document), base, data, stop)) {
    const bool known = std::any_of(problems.begin(), problems.end(), [&](const Problem& p) { return p.pointer == problem.pointer; });
    if (!known) problems.push_back(std::move(problem));
  }
  return problems;
}

Result<Experiment> make_experiment(const Catalog& catalog, const Json& document, const std::filesystem::path& base, DatasetCache* data) {
  const std::vector<Problem> problems = validate_document(catalog, document, base, data);
  if (std::any_of(problems.begin(), problems.end(), [](const Problem& p) { return !p.warning; }))
    return fail(ErrorCode::InvalidDocument, all_sentences(problems));
  Experiment experiment;
  experiment.task = document.at("task").get<std::string>();
  DSW_TRY_ASSIGN(const ParamSchema schema, document_schema(catalog, experiment.task));
  const Json resolved = with_defaults(schema, document);
  experiment.document = document.dump(2);
  experiment.resolved = resolved.dump(2);
  experiment.name = resolved.at("name").get<std::string>();
  experiment.device = resolved.at("device").get<std::string>();
  experiment.precision = resolved.at("precision").get<std::string>();
  experiment.seed = resolved.at("seed").get<std::uint64_t>();
  experiment.base = std::filesystem::absolute(base.empty() ? std::filesystem::path(".") : base);
  return experiment;
}

Result<void> set_pointer(Json& document, const std::string& pointer, const std::string& value) {
  if (pointer.empty() || pointer.front() != '/')
    return fail(ErrorCode::InvalidArgument, fmt::format("\"{}\" is no JSON pointer", pointer),
                "It begins with a slash: /optimizer/lr=1e-3.");
  std::vector<std::string> keys;
  for (std::size_t begin = 1;;) {
    const std::size_t slash = pointer.find('/', begin);
    keys.push_back(key_of_token(pointer.substr(begin, slash == std::string::npos ? slash : slash - begin)));
    if (slash == std::string::npos) break;
    begin = slash + 1;
  }
  if (keys.size() > static_cast<std::size_t>(kMaxDocumentDepth))
    return fail(ErrorCode::InvalidArgument, "The JSON pointer is deeper than a document may be", "", pointer);
  Json* place = &document;
  for (const std::string& key : keys) {
    if (place->is_array()) {
      const bool digits =
          !key.empty() && key.size() < 10 && std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
      const std::size_t index = key == "-" ? place->size() : digits ? std::stoul(key) : place->size() + 1;
      if (index > place->size())
        return fail(ErrorCode::InvalidArgument, fmt::format("\"{}\" is no place in a list of {}", key, place->size()), "", pointer);
      if (index == place->size()) place->push_back(Json());
      place = &(*place)[index];
    } else if (place->is_object() || place->is_null()) {
      place = &(*place)[key];
    } else {
      return fail(ErrorCode::InvalidArgument, fmt::format("\"{}\" lies below a value that is neither object nor list", key), "", pointer);
    }
  }
  *place = scan_document(value) ? Json::parse(value) : Json(value);
  return {};
}

}  // namespace dsw
