// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/archive_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/core/ids.h"
#include "engine/core/json.h"
#include "engine/core/sha256.h"
#include "engine/store/database.h"

namespace dsw {
namespace fs = std::filesystem;
namespace {

constexpr const char* kManifest = "manifest.json";
constexpr std::uint64_t kManifestBytes = 64 << 20;
constexpr int kArchiveVersion = 1;
constexpr zip_int64_t kMaxEntries = 1'000'000;

Error refused(const fs::path& path, std::string what) {
  return Error(ErrorCode::BadFormat, std::move(what), "Nothing was imported. Ask for the archive again.", path.string());
}

/// What is wrong with an entry's name as a path, or nothing.
const char* path_problem(const std::string& name) {
  if (name.empty()) return "is empty";
  if (name[0] == '/' || (name.size() > 1 && name[1] == ':')) return "is an absolute path";
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "holds a control character";
    if (c == '\\') return "holds a backslash";
  }
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    if (part == "..") return "leaves its folder";
    if (part == "." || (part.empty() && end != name.size())) return "has an empty part";
    begin = end + 1;
  }
  return nullptr;
}

bool is_known_name(const std::string& name) {
  if (name == kManifest || name == kArchivedProject) return true;
  return name.starts_with(kArchivedFiles) && is_sha256(name.substr(std::strlen(kArchivedFiles)));
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return text;
}

/// A name as a sentence may show it: short, without control characters.
std::string shown(const std::string& name) {
  std::string text;
  for (const char c : name.substr(0, 80)) text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return "\"" + text + (name.size() > 80 ? "…\"" : "\"");
}

/// Reads an entry piece by piece; `take` throws when it has had enough.
template <class Take>
void read_entry(zip* archive, std::uint64_t place, const fs::path& path, const std::string& name, Take&& take) {
  zip_file_t* file = zip_fopen_index(archive, place, 0);
  if (file == nullptr) throw refused(path, fmt::format("the archive's entry {} cannot be read ({})", shown(name), zip_strerror(archive)));
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> guard(file, zip_fclose);
  std::vector<char> buffer(std::size_t{1} << 18);
  for (;;) {
    const zip_int64_t count = zip_fread(file, buffer.data(), buffer.size());
    if (count < 0) throw refused(path, fmt::format("the archive's entry {} is damaged", shown(name)));
    if (count == 0) return;
    take(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

ArchiveReader::ArchiveReader(const fs::path& path) : path_(path) {
  std::error_code code;
  if (!fs::exists(path, code)) throw Error(ErrorCode::NotFound, "there is no such file", "Check the path.", path.string());
  if (!fs::is_regular_file(path, code)) throw refused(path, "this is not a file");
  int error = 0;
  zip_ = zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &error);
  if (zip_ == nullptr) {
    if (error == ZIP_ER_OPEN || error == ZIP_ER_READ) throw Error(ErrorCode::Io, "cannot be read", "Check its permissions.", path.string());
    if (error == ZIP_ER_EXISTS) throw refused(path, "the archive has two entries of one name");
    throw refused(path, "this is not a project archive, or it is damaged");
  }
  try {
    check_names();
    read_manifest();
  } catch (...) {
    zip_discard(zip_);
    throw;
  }
}

ArchiveReader::~ArchiveReader() { zip_discard(zip_); }

void ArchiveReader::check_names() {
  const zip_int64_t count = zip_get_num_entries(zip_, 0);
  if (count > kMaxEntries) throw refused(path_, fmt::format("the archive has {} entries, more than any project", count));
  std::set<std::string> lowered;
  std::string unknown;
  for (zip_int64_t i = 0; i < count; ++i) {
    const auto place = static_cast<zip_uint64_t>(i);
    const char* raw = zip_get_name(zip_, place, ZIP_FL_ENC_RAW);
    if (raw == nullptr) throw refused(path_, fmt::format("the archive's entry {} has no name", i));
    const std::string name = raw;
    if (const char* problem = path_problem(name)) throw refused(path_, fmt::format("the archive's entry {} {}", shown(name), problem));
    if (!lowered.insert(lower(name)).second)
      throw refused(path_, fmt::format("the archive has two entries of one name, {}, the case of letters aside", shown(name)));
    zip_uint8_t system = 0;
    zip_uint32_t attributes = 0;
    zip_file_get_external_attributes(zip_, place, 0, &system, &attributes);
    const auto kind = static_cast<mode_t>(system == ZIP_OPSYS_UNIX || system == ZIP_OPSYS_OS_X ? (attributes >> 16) & S_IFMT : 0);
    if (kind != 0 && kind != S_IFREG && !(kind == S_IFDIR && name == kArchivedFiles)) {
      throw refused(path_, fmt::format("the archive's entry {} is {}", shown(name), kind == S_IFLNK ? "a link" : "not a plain file"));
    }
    if (name == kArchivedFiles) continue;  // the folder itself, as other programs put it in
    if (!is_known_name(name)) {
      unknown = name;  // said last: what else is wrong with it is worse
      continue;
    }
    zip_stat_t status;
    zip_stat_init(&status);
    if (zip_stat_index(zip_, place, 0, &status) != 0 || (status.valid & ZIP_STAT_SIZE) == 0) {
      throw refused(path_, fmt::format("the archive's entry {} has no size", shown(name)));
    }
    if ((status.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && status.encryption_method != ZIP_EM_NONE) {
      throw refused(path_, fmt::format("the archive's entry {} is encrypted", shown(name)));
    }
    places_[name] = place;
    sizes_[name] = status.size;
  }
  if (!unknown.empty()) throw refused(path_, fmt::format("the archive's entry {} does not belong in a project archive", shown(unknown)));
}

void ArchiveReader::read_manifest() {
  if (!places_.contains(kManifest)) throw refused(path_, "the archive has no manifest");
  if (sizes_.at(kManifest) > kManifestBytes) throw refused(path_, "the archive's manifest is larger than any may be");
  std::string text;
  read_entry(zip_, places_.at(kManifest), path_, kManifest, [&](const char* data, std::size_t size) {
    if (text.size() + size > kManifestBytes) throw refused(path_, "the archive's manifest is larger than it says");
    text.append(data, size);
  });
  // Its own nesting is three deep; a parser without a limit would follow a hostile one to the end of the stack.
  const Json manifest = Json::parse(
      text, [](int depth, Json::parse_event_t, Json&) { return depth <= 8; }, false);
  const auto number = [&](const Json& object, const char* key) -> std::uint64_t {
    const auto it = object.find(key);
    return it != object.end() && it->is_number_unsigned() ? it->get<std::uint64_t>() : 0;
  };
  if (!manifest.is_object() || manifest.value("kind", Json()) != "project" || number(manifest, "deepshock") == 0) {
    throw refused(path_, "the archive's manifest is not one of a project");
  }
  if (number(manifest, "deepshock") > kArchiveVersion) {
    throw Error(ErrorCode::NewerVersion,
                fmt::format("this archive is of version {}; this program knows up to {}", number(manifest, "deepshock"), kArchiveVersion),
                "Import it with the newer program.", path_.string());
  }
  const auto files = manifest.find("files");
  if (files == manifest.end() || !files->is_array()) throw refused(path_, "the archive's manifest lists no files");
  for (const Json& file : *files) {
    if (!file.is_object() || !file.contains("name") || !file["name"].is_string() || !file.contains("bytes") ||
        !file["bytes"].is_number_unsigned() || !file.contains("sha256") || !file["sha256"].is_string()) {
      throw refused(path_, "the archive's manifest has an entry without name, bytes and sha256");
    }
    ArchiveEntry entry{file["name"].get<std::string>(), file["sha256"].get<std::string>(), file["bytes"].get<std::uint64_t>()};
    if (!is_sha256(entry.sha256)) throw refused(path_, fmt::format("the manifest's hash of {} is none", shown(entry.name)));
    if (entry.name == kManifest || !places_.contains(entry.name))
      throw refused(path_, fmt::format("the manifest lists {}, which is not in the archive", shown(entry.name)));
    if (sizes_.at(entry.name) != entry.bytes) {
      throw refused(path_, fmt::format("the archive's entry {} says it holds {} bytes, the manifest says {}", shown(entry.name),
                                       sizes_.at(entry.name), entry.bytes));
    }
    if (entry.name.starts_with(kArchivedFiles) && entry.name != kArchivedFiles + entry.sha256) {
      throw refused(path_, fmt::format("the archive's entry {} is not named by its hash", shown(entry.name)));
    }
    const std::string name = entry.name;
    if (!entries_.emplace(name, std::move(entry)).second) throw refused(path_, fmt::format("the manifest lists {} twice", shown(name)));
  }
  for (const auto& [name, place] : places_) {
    if (name != kManifest && !entries_.contains(name))
      throw refused(path_, fmt::format("the archive's entry {} is not in its manifest", shown(name)));
  }
  if (!entries_.contains(kArchivedProject)) throw refused(path_, "the archive holds no project");
}

std::uint64_t ArchiveReader::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [name, entry] : entries_) sum = sum + entry.bytes < sum ? UINT64_MAX : sum + entry.bytes;
  return sum;
}

void ArchiveReader::extract(const ArchiveEntry& entry, const fs::path& target, const std::function<void(std::uint64_t)>& advanced) const {
  const int file = ::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (file < 0) throw write_error(target, errno);
  struct Closer {
    int file;
    ~Closer() { ::close(file); }
  } closer{file};
  Sha256 hash;
  std::uint64_t done = 0;
  read_entry(zip_, places_.at(entry.name), path_, entry.name, [&](const char* data, std::size_t size) {
    done += size;
    if (done > entry.bytes)
      throw refused(path_, fmt::format("the archive's entry {} holds more than the {} bytes it says", shown(entry.name), entry.bytes));
    hash.add(data, size);
    for (std::size_t written = 0; written < size;) {
      const ssize_t count = ::write(file, data + written, size - written);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) throw write_error(target, errno);
      written += static_cast<std::size_t>(count);
    }
    if (advanced) advanced(size);
  });
  if (done != entry.bytes)
    throw refused(path_, fmt::format("the archive's entry {} holds {} bytes instead of {}", shown(entry.name), done, entry.bytes));
  if (hash.finish() != entry.sha256)
    throw refused(path_, fmt::format("the content of the archive's entry {} does not have the hash of its manifest", shown(entry.name)));
}

void write_archive(const fs::path& archive, const std::string& project_id, const std::map<std::string, fs::path>& files) {
  Json manifest{{"deepshock", kArchiveVersion}, {"kind", "project"},        {"format", 1},
                {"project", project_id},        {"created", now_seconds()}, {"files", Json::array()}};
  for (const auto& [name, path] : files) {
    auto digest = sha256_of_file(path);
    if (!digest) throw std::move(digest.error());
    manifest["files"].push_back({{"name", name}, {"bytes", digest->bytes}, {"sha256", digest->sha256}});
  }
  const std::string text = manifest.dump(1) + "\n";
  fs::path making = archive;
  making += ".making-" + new_id();
  struct Remover {
    fs::path path;
    ~Remover() { ::unlink(path.c_str()); }
  } remover{making};
  int error = 0;
  zip_t* zip = zip_open(making.c_str(), ZIP_CREATE | ZIP_EXCL, &error);
  if (zip == nullptr) throw write_error(archive, errno != 0 ? errno : EIO);
  const auto add = [&](const std::string& name, zip_source_t* source, zip_int32_t method) {
    const zip_int64_t place = source == nullptr ? -1 : zip_file_add(zip, name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (place < 0) {
      const std::string said = zip_strerror(zip);
      zip_source_free(source);
      zip_discard(zip);
      throw Error(ErrorCode::Io, fmt::format("the archive could not be written ({})", said), {}, archive.string());
    }
    zip_set_file_compression(zip, static_cast<zip_uint64_t>(place), method, 0);
  };
  add(kManifest, zip_source_buffer(zip, text.data(), text.size(), 0), ZIP_CM_DEFLATE);
  // Weights and pictures do not get smaller.
  for (const auto& [name, path] : files)
    add(name, zip_source_file(zip, path.c_str(), 0, -1), name == kArchivedProject ? ZIP_CM_DEFLATE : ZIP_CM_STORE);
  if (zip_close(zip) != 0) {
    const int system_error = zip_error_system_type(zip_get_error(zip)) == ZIP_ET_SYS ? zip_error_code_system(zip_get_error(zip)) : EIO;
    zip_discard(zip);
    throw write_error(archive, system_error);
  }
  const int file = ::open(making.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  if (file >= 0) ::close(file);
  if (!synced || ::rename(making.c_str(), archive.c_str()) != 0) throw write_error(archive, errno);
}

}  // namespace dsw
