// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/run/templates.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/core/registry.h"
#include "engine/core/resource_folder.h"

namespace dsw {

namespace {

Result<std::string> read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) return fail(ErrorCode::NotFound, path.string() + " cannot be read", "Install the program again.");
  return text.str();
}

}  // namespace

Result<std::vector<DocumentTemplate>> document_templates() {
  DSW_TRY_ASSIGN(const std::filesystem::path resources, resource_folder());
  const std::filesystem::path folder = resources / "templates";
  DSW_TRY_ASSIGN(const std::string text, read_text(folder / "index.json"));
  const Json index = Json::parse(text, nullptr, false);
  std::vector<DocumentTemplate> list;
  const auto word = [](const Json& entry, const char* key) {
    const auto it = entry.find(key);
    return it != entry.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  for (const Json& entry : index.is_array() ? index : Json::array()) {
    DocumentTemplate one;
    one.name = word(entry, "name");
    one.task = word(entry, "task");
    one.summary = word(entry, "summary");
    one.facts = word(entry, "facts");
    if (const auto draft = entry.find("draft"); draft != entry.end()) one.draft = *draft == true;
    one.path = folder / (one.name + ".json");
    if (!one.name.empty()) list.push_back(std::move(one));
  }
  if (list.empty())
    return fail(ErrorCode::BadFormat, (folder / "index.json").string() + " lists no templates", "Install the program again.");
  return list;
}

Result<std::string> template_document(const std::string& name) {
  DSW_TRY_ASSIGN(const std::vector<DocumentTemplate> list, document_templates());
  std::vector<std::string> names;
  for (const DocumentTemplate& one : list) {
    if (one.name == name) return read_text(one.path);
    names.push_back(one.name);
  }
  const std::string near = nearest_name(name, names);
  return fail(ErrorCode::NotFound, "There is no template named \"" + name + "\"",
              near.empty() ? std::string() : "Nearest name: " + near + ".");
}

}  // namespace dsw
