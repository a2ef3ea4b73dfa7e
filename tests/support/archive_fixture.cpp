// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/archive_fixture.h"

#include <sys/stat.h>
#include <zip.h>

#include <nlohmann/json.hpp>

#include "engine/core/json.h"
#include "engine/core/sha256.h"
#include "engine/store/database.h"

namespace dsw {
namespace fs = std::filesystem;

Content read_archive(const fs::path& path) {
  Content content;
  zip_t* zip = zip_open(path.c_str(), ZIP_RDONLY, nullptr);
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(zip_get_num_entries(zip, 0)); ++i) {
    zip_stat_t status;
    zip_stat_index(zip, i, 0, &status);
    std::string text(status.size, '\0');
    zip_file_t* file = zip_fopen_index(zip, i, 0);
    zip_fread(file, text.data(), text.size());
    zip_fclose(file);
    content[status.name] = text;
  }
  zip_discard(zip);
  return content;
}

void renew_manifest(Content& content) {
  Json manifest = Json::parse(content.at("manifest.json"));
  manifest["files"] = Json::array();
  for (const auto& [name, text] : content) {
    if (name != "manifest.json") manifest["files"].push_back({{"name", name}, {"bytes", text.size()}, {"sha256", sha256(text)}});
  }
  content["manifest.json"] = manifest.dump();
}

void write_archive_of(const fs::path& path, const std::vector<std::pair<std::string, std::string>>& content, const std::string& link) {
  fs::remove(path);
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE, nullptr);
  for (const auto& [name, text] : content) {
    const zip_int64_t place = zip_file_add(zip, name.c_str(), zip_source_buffer(zip, text.data(), text.size(), 0), 0);
    ASSERT_GE(place, 0) << name << ": " << zip_strerror(zip);
    if (name == link) zip_file_set_external_attributes(zip, static_cast<zip_uint64_t>(place), 0, ZIP_OPSYS_UNIX, (S_IFLNK | 0777U) << 16);
  }
  ASSERT_EQ(zip_close(zip), 0);
}

void write_archive_of(const fs::path& path, const Content& content, const std::string& link) {
  write_archive_of(path, std::vector<std::pair<std::string, std::string>>(content.begin(), content.end()), link);
}

void replace_bytes(const fs::path& path, const std::string& from, const std::string& to) {
  ASSERT_EQ(from.size(), to.size());
  std::string bytes = read_text(path);
  for (std::size_t at = bytes.find(from); at != std::string::npos; at = bytes.find(from, at + to.size())) bytes.replace(at, to.size(), to);
  write_text(path, bytes);
}

void change_database(Content& content, const fs::path& scratch, const std::string& sql) {
  write_text(scratch, content.at("project.dsx"));
  {
    Database database(scratch, Database::Access::ReadWrite);
    database.script(sql);
  }
  content["project.dsx"] = read_text(scratch);
  renew_manifest(content);
}

}  // namespace dsw
