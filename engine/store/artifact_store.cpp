// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/artifact_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "engine/core/ids.h"
#include "engine/store/database.h"

namespace dsw {
namespace fs = std::filesystem;
namespace {

constexpr const char* kIdFile = "project-id";
constexpr const char* kTemporaryPrefix = "taking-";

/// Closes its descriptor.
struct Descriptor {
  int number = -1;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

void sync(const fs::path& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0 || ::fsync(file.number) != 0) throw write_error(path, errno);
}

void write_all(int file, const char* bytes, std::size_t size, const fs::path& path) {
  for (std::size_t done = 0; done < size;) {
    const ssize_t count = ::write(file, bytes + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw write_error(path, errno);
    done += static_cast<std::size_t>(count);
  }
}

void write_synced(const fs::path& path, const std::string& bytes) {
  const Descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666)};
  if (file.number < 0) throw write_error(path, errno);
  write_all(file.number, bytes.data(), bytes.size(), path);
  if (::fsync(file.number) != 0) throw write_error(path, errno);
}

/// Removes a temporary file unless it was renamed.
struct Temporary {
  fs::path path;
  ~Temporary() { ::unlink(path.c_str()); }
};

std::string read_whole(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(ErrorCode::Io, "cannot be read", "Check its permissions.", path.string());
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

ArtifactStore::ArtifactStore(const fs::path& project) : folder_(project) { folder_ += ".files"; }

fs::path ArtifactStore::temporary() const { return folder_ / (kTemporaryPrefix + new_id()); }

void ArtifactStore::prepare(const std::string& project_id) const {
  std::error_code code;
  fs::create_directories(folder_, code);
  if (code) throw write_error(folder_, code.value());
  const fs::path id_file = folder_ / kIdFile;
  if (!fs::exists(id_file, code)) {
    const Temporary file{temporary()};
    write_synced(file.path, project_id + "\n");
    if (::rename(file.path.c_str(), id_file.c_str()) != 0) throw write_error(id_file, errno);
    sync(folder_);
    return;
  }
  std::string there = read_whole(id_file);
  while (!there.empty() && there.back() == '\n') there.pop_back();
  if (there != project_id) {
    throw Error(ErrorCode::Damaged, "this folder holds the files of another project",
                "Move it away or give it that project's name, then open again.", folder_.string());
  }
}

void ArtifactStore::settle(const fs::path& temporary, const std::string& sha256) const {
  const fs::path target = path_of(sha256);
  if (::rename(temporary.c_str(), target.c_str()) != 0) throw write_error(target, errno);
  sync(folder_);
}

FileDigest ArtifactStore::take_copy(const fs::path& source) const {
  if (const auto known = sha256_of_file(source)) {
    std::error_code code;
    if (fs::file_size(path_of(known->sha256), code) == known->bytes && !code) return *known;
  }
  const Descriptor from{::open(source.c_str(), O_RDONLY | O_CLOEXEC)};
  if (from.number < 0) {
    throw Error(errno == ENOENT ? ErrorCode::NotFound : ErrorCode::Io, fmt::format("cannot be read: {}", std::strerror(errno)),
                "Check the path.", source.string());
  }
  const Temporary file{temporary()};
  const Descriptor to{::open(file.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)};
  if (to.number < 0) throw write_error(file.path, errno);
  Sha256 hash;
  FileDigest digest;
  std::vector<char> buffer(std::size_t{1} << 20);
  for (;;) {
    const ssize_t count = ::read(from.number, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(ErrorCode::Io, fmt::format("cannot be read: {}", std::strerror(errno)), {}, source.string());
    if (count == 0) break;
    hash.add(buffer.data(), static_cast<std::size_t>(count));
    digest.bytes += static_cast<std::uint64_t>(count);
    write_all(to.number, buffer.data(), static_cast<std::size_t>(count), file.path);
  }
  if (::fsync(to.number) != 0) throw write_error(file.path, errno);
  digest.sha256 = hash.finish();
  settle(file.path, digest.sha256);
  return digest;
}

FileDigest ArtifactStore::take_in(const fs::path& source, const std::string& expected) const {
  if (!is_sha256(expected)) throw Error(ErrorCode::BadFormat, "has no SHA-256 to be checked by", {}, source.string());
  std::error_code code;
  if (!fs::exists(source, code)) {
    const auto size = fs::file_size(path_of(expected), code);
    if (!code) return {expected, size};
    throw Error(ErrorCode::NotFound, "the file is not there", {}, source.string());
  }
  const Temporary file{temporary()};
  if (::link(source.c_str(), file.path.c_str()) != 0) {
    fs::copy_file(source, file.path, code);  // another disk, or a file system without hard links
    if (code) throw write_error(file.path, code.value());
  }
  auto digest = sha256_of_file(file.path);
  if (!digest) throw std::move(digest.error());
  if (digest->sha256 != expected) {
    throw Error(ErrorCode::BadFormat,
                fmt::format("the content is not what was announced: SHA-256 {}, announced {}", digest->sha256, expected), {},
                source.string());
  }
  sync(file.path);
  settle(file.path, expected);
  return *digest;
}

std::set<std::string> ArtifactStore::present() const {
  std::set<std::string> names;
  std::error_code code;
  for (auto entry = fs::directory_iterator(folder_, code); !code && entry != fs::directory_iterator(); entry.increment(code)) {
    const std::string name = entry->path().filename().string();
    if (is_sha256(name)) names.insert(name);
  }
  return names;
}

std::uint64_t ArtifactStore::remove(const std::string& sha256) const {
  std::error_code code;
  const auto bytes = fs::file_size(path_of(sha256), code);
  if (code || !fs::remove(path_of(sha256), code)) return 0;
  return bytes;
}

void ArtifactStore::remove_temporaries() const {
  std::error_code code;
  std::vector<fs::path> leftovers;
  for (auto entry = fs::directory_iterator(folder_, code); !code && entry != fs::directory_iterator(); entry.increment(code)) {
    if (entry->path().filename().string().starts_with(kTemporaryPrefix)) leftovers.push_back(entry->path());
  }
  for (const fs::path& path : leftovers) fs::remove(path, code);
}

fs::path path_inside(const fs::path& folder, const std::string& name) {
  const fs::path relative(name);
  if (name.empty() || name.find('\0') != std::string::npos || relative.is_absolute() || relative.has_root_path()) return {};
  fs::path path = folder;
  for (const fs::path& part : relative) {
    if (part.empty() || part == "." || part == "..") return {};
    path /= part;
    std::error_code code;
    if (fs::is_symlink(fs::symlink_status(path, code))) return {};
  }
  return path;
}

}  // namespace dsw
