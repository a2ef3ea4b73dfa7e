// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli_commands.h"
#include "engine/run/launcher.h"
#include "engine/run/templates.h"
#include "engine/tensor/device.h"
#include "engine/tensor/kernel_records.h"

namespace dsw {
namespace {

Catalog builtinCatalog() {
  Catalog catalog;
  register_builtins(catalog);
  catalog.freeze();
  return catalog;
}

Result<int> listDevices(bool json, bool trust_kernels) {
  if (trust_kernels) DSW_TRY(reset_kernel_records(kernel_records_file()));
  const auto given_up = given_up_kernels(kernel_records_file());
  const Catalog catalog = builtinCatalog();
  Json list = Json::array();
  for (const std::string& name : catalog.devices.names()) {
    DeviceInfo info;
    if (const auto device = make_device(catalog, name, 0))
      info = (*device)->info();
    else
      info.unavailable = device.error().sentence();
    info.name = name;
    Json elsewhere = Json::array();
    if (const auto mine = given_up.find(info.description); mine != given_up.end())
      for (const auto& [kernel, record] : mine->second)
        elsewhere.push_back({{"kernel", kernel}, {"runs", kernel_use_words(record.use)}, {"why", record.why}});
    list.push_back({{"device", name},
                    {"description", info.description},
                    {"memory_bytes", info.memory_bytes},
                    {"free_bytes", info.free_bytes},
                    {"busy_percent", info.busy_percent >= 0 ? Json(info.busy_percent) : Json()},
                    {"peers", info.peers},
                    {"remarks", info.remarks},
                    {"precisions", info.precisions},
                    {"available", info.unavailable.empty()},
                    {"unavailable", info.unavailable},
                    {"given_up", elsewhere}});
  }
  if (json) {
    printJson({{"devices", list}});
    return kDone;
  }
  for (const Json& row : list) {
    const auto name = row["device"].get<std::string>();
    if (!row["available"].get<bool>()) {
      fmt::print("{:<8} cannot be used: {}\n", name, row["unavailable"].get<std::string>());
      continue;
    }
    std::string precisions;
    for (const Json& one : row["precisions"]) precisions += (precisions.empty() ? "" : ", ") + one.get<std::string>();
    fmt::print("{:<8} {}, {:.1f} GiB, {}\n", name, row["description"].get<std::string>(),
               static_cast<double>(row["memory_bytes"].get<std::uint64_t>()) / (1u << 30), precisions);
    for (const Json& remark : row["remarks"]) fmt::print("         {}\n", remark.get<std::string>());
    for (const Json& one : row["given_up"])
      fmt::print("         {} runs {}: {}\n", one["kernel"].get<std::string>(), one["runs"].get<std::string>(),
                 one["why"].get<std::string>());
  }
  return kDone;
}

Result<int> listTemplates(bool json) {
  DSW_TRY_ASSIGN(const auto templates, document_templates());
  Json list = Json::array();
  for (const DocumentTemplate& one : templates)
    list.push_back({{"template", one.name}, {"task", one.task}, {"summary", one.summary}, {"facts", one.facts}, {"draft", one.draft}});
  if (json)
    printJson({{"templates", list}});
  else
    for (const DocumentTemplate& one : templates) fmt::print("{:<22} {}\n{:<22} {}\n", one.name, one.summary, "", one.facts);
  return kDone;
}

Result<int> newDocument(const std::string& name, const std::string& out) {
  DSW_TRY_ASSIGN(std::string text, template_document(name));
  if (text.empty() || text.back() != '\n') text += '\n';
  if (out.empty() || out == "-") {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return kDone;
  }
  if (std::filesystem::exists(out))
    return fail(ErrorCode::InvalidArgument, "The file is there already and stays as it is", "Give another name.", out);
  std::ofstream file(out, std::ios::binary);
  file << text;
  file.close();
  if (!file) return fail(ErrorCode::Io, "The document could not be written", "Check the place and its free space.", out);
  return kDone;
}

Result<int> showSchema(const std::string& task) {
  const Catalog catalog = builtinCatalog();
  DSW_TRY_ASSIGN(const ParamSchema schema, document_schema(catalog, task));
  printJson(schema_to_json(schema));
  return kDone;
}

Json problemToJson(const Problem& problem) {
  Json fixes = Json::array();
  for (const Fix& fix : problem.fixes) {
    Json one{{"label", fix.label}, {"pointer", fix.pointer}};
    if (!fix.rename.empty())
      one["rename"] = fix.rename;
    else if (fix.remove)
      one["remove"] = true;
    else
      one["value"] = Json::parse(fix.value, nullptr, false);
    fixes.push_back(std::move(one));
  }
  return {{"pointer", problem.pointer},
          {"message", problem.message},
          {"sentence", problem.sentence()},
          {"warning", problem.warning},
          {"fixes", fixes}};
}

Result<int> validate(const std::string& name, const std::vector<std::string>& settings, bool json) {
  DSW_TRY_ASSIGN(const NamedDocument named, readNamedDocument(name));
  auto document = parse_document(named.text);
  if (!document) {
    if (!json) return fail(document.error());
    printJson({{"valid", false},
               {"problems",
                {{{"pointer", ""},
                  {"message", document.error().message},
                  {"sentence", document.error().sentence()},
                  {"where", document.error().where}}}}});
    return kWrongUsage;
  }
  DSW_TRY(applySettings(*document, settings));
  const Catalog catalog = builtinCatalog();
  DatasetCache data(catalog);
  const std::vector<Problem> problems = validate_document(catalog, *document, named.base, &data);
  const bool valid = std::all_of(problems.begin(), problems.end(), [](const Problem& p) { return p.warning; });
  if (json) {
    Json list = Json::array();
    for (const Problem& problem : problems) list.push_back(problemToJson(problem));
    printJson({{"valid", valid}, {"problems", list}});
  } else {
    for (const Problem& problem : problems) std::fprintf(stderr, "%s%s\n", problem.warning ? "warning: " : "", problem.sentence().c_str());
    if (valid) fmt::print("{}: valid\n", name);
  }
  return valid ? kDone : kWrongUsage;
}

}  // namespace

Result<void> applySettings(Json& document, const std::vector<std::string>& settings) {
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos)
      return fail(ErrorCode::InvalidArgument, fmt::format("--set {} has no =", setting), "Write it as --set /optimizer/lr=1e-3.");
    DSW_TRY(set_pointer(document, setting.substr(0, equals), setting.substr(equals + 1)));
  }
  return {};
}

void addDocumentCommands(CLI::App& app, CommandContext& context) {
  struct Options {
    bool json = false, trust_kernels = false;
    std::string name, out;
    std::vector<std::string> settings;
  };
  const auto options = std::make_shared<Options>();

  CLI::App* devices = app.add_subcommand("devices", "List what can compute here");
  devices->add_flag("--json", options->json, "One JSON object");
  devices->add_flag("--trust-kernels", options->trust_kernels, "Forget which kernels failed: each device uses all of its own again");
  devices->callback([&context, options] { context.chosen = [options] { return listDevices(options->json, options->trust_kernels); }; });

  CLI::App* templates = app.add_subcommand("templates", "List the built-in experiment documents");
  templates->add_flag("--json", options->json, "One JSON object");
  templates->callback([&context, options] { context.chosen = [options] { return listTemplates(options->json); }; });

  CLI::App* create = app.add_subcommand("new", "Write a built-in experiment document");
  create->add_option("TEMPLATE", options->name, "Name of a template")->required();
  create->add_option("-o,--out", options->out, "File to write; without it: stdout");
  create->callback([&context, options] { context.chosen = [options] { return newDocument(options->name, options->out); }; });

  CLI::App* schema = app.add_subcommand("schema", "Print the schema of a task's document");
  schema->add_option("TASK", options->name, "train, …")->required();
  schema->add_flag("--json", options->json, "One JSON object (the only form there is)");
  schema->callback([&context, options] { context.chosen = [options] { return showSchema(options->name); }; });

  CLI::App* check = app.add_subcommand("validate", "Name every error of a document at once");
  check->add_option("DOC", options->name, "A file, - for stdin, or template:NAME")->required();
  check->add_option("--set", options->settings, "POINTER=VALUE, changes the document first")->allow_extra_args(false);
  check->add_flag("--json", options->json, "One JSON object");
  check->callback(
      [&context, options] { context.chosen = [options] { return validate(options->name, options->settings, options->json); }; });
}

}  // namespace dsw
