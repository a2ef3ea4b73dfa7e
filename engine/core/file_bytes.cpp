// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/file_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "engine/core/registry.h"

namespace dsw {
namespace {

constexpr std::size_t kPiece = std::size_t{4} << 20;  // between two looks at the stop token

/// Closes its descriptor at the end of its scope.
struct Descriptor {
  int fd = -1;
  explicit Descriptor(int f) : fd(f) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

std::string system_text(int error) { return std::generic_category().message(error); }

Error not_there(const std::filesystem::path& path) {
  std::error_code none;
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  if (!std::filesystem::is_directory(folder, none))
    return {ErrorCode::NotFound, fmt::format("{} is not there: there is no folder {}", path.string(), folder.string()),
            "Choose another file."};
  std::vector<std::string> names;
  constexpr std::size_t kMostNames = 1000;
  for (std::filesystem::directory_iterator it(folder, none), end; !none && it != end && names.size() < kMostNames; it.increment(none))
    names.push_back(it->path().filename().string());
  std::sort(names.begin(), names.end());
  const std::string near = nearest_name(path.filename().string(), names);
  return {ErrorCode::NotFound, fmt::format("{} is not there", path.string()),
          near.empty() ? "Choose another file." : fmt::format("The nearest name in its folder is {}.", near)};
}

Error stopped(const std::string& name) { return {ErrorCode::Stopped, fmt::format("reading {} was stopped", name)}; }

Error too_large(const std::string& name, std::uint64_t bytes, std::uint64_t limit, const char* how) {
  return {ErrorCode::OutOfMemory,
          fmt::format("{} {} {}, more than the {} that fit into memory here", name, how, size_text(bytes), size_text(limit)),
          "Split it, or use a part of it."};
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  const char* units[] = {"kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.95 && unit < 3) value /= 1000, ++unit;
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::uint64_t largest_readable_file() {
  constexpr std::uint64_t kMost = std::uint64_t{16} << 30;
  const long pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return kMost;
  return std::min(kMost, static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page) / 2);
}

Result<std::string> read_file(const std::filesystem::path& path, std::stop_token stop, std::uint64_t limit) {
  const std::string name = path.string();
  if (name.find('\0') != std::string::npos) return fail(ErrorCode::NotFound, "A path with a NUL character leads nowhere");
  const Descriptor file(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.fd < 0) {
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR) return fail(not_there(path));
    return fail(ErrorCode::Io, fmt::format("{} cannot be opened: {}", name, system_text(error)),
                "Check its permissions, or choose another file.");
  }
  struct stat status {};
  if (::fstat(file.fd, &status) != 0) return fail(ErrorCode::Io, fmt::format("{} cannot be looked at: {}", name, system_text(errno)));
  if (S_ISDIR(status.st_mode))
    return fail(ErrorCode::BadFormat, fmt::format("{} is a folder, and a file is wanted", name), "Choose a file in it.");
  if (!S_ISREG(status.st_mode))
    return fail(ErrorCode::BadFormat, fmt::format("{} is not a file but a pipe or device", name), "Copy its content into a file.");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > limit) return fail(too_large(name, size, limit, "has"));
  try {
    std::string bytes;
    bytes.resize(size);
    std::size_t have = 0;
    for (;;) {
      if (stop.stop_requested()) return fail(stopped(name));
      if (have == bytes.size()) {  // the file grew since (or /proc said 0)
        char more = 0;
        const ssize_t got = ::read(file.fd, &more, 1);
        if (got == 0) break;
        if (got < 0) return fail(ErrorCode::Io, fmt::format("{} cannot be read at byte {}: {}", name, have, system_text(errno)));
        bytes.push_back(more);
        ++have;
        bytes.resize(have + kPiece);
        if (bytes.size() > limit + kPiece) return fail(too_large(name, have, limit, "has over"));
      }
      const ssize_t got = ::read(file.fd, bytes.data() + have, std::min(kPiece, bytes.size() - have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0)
        return fail(ErrorCode::Io, fmt::format("{} cannot be read at byte {}: {}", name, have, system_text(errno)),
                    "Check the disk, or choose another file.");
      if (got == 0) break;
      have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
  } catch (const std::bad_alloc&) {
    return fail(too_large(name, size, limit, "has"));
  }
}

bool is_gzip(std::string_view bytes) { return bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b'; }

Result<std::string> gunzip(std::string_view packed, const std::string& name, std::stop_token stop, std::uint64_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return fail(ErrorCode::OutOfMemory, fmt::format("{} cannot be unpacked: no memory", name));
  struct End {
    z_stream* s;
    ~End() { inflateEnd(s); }
  } const end{&stream};
  try {
    std::string out;
    std::size_t used = 0, made = 0;
    bool whole = false;  // at the end of a member
    while (used < packed.size() || !whole) {
      if (stop.stop_requested()) return fail(stopped(name));
      if (whole) {
        if (!is_gzip(packed.substr(used))) {
          if (packed.find_first_not_of('\0', used) == std::string_view::npos) break;  // padding of tapes, as gzip itself allows
          return fail(ErrorCode::BadFormat, fmt::format("{} holds something else than gzip data from byte {} on", name, used),
                      "Fetch it again, or choose another file.");
        }
        inflateReset(&stream);
        whole = false;
      }
      if (out.size() - made < kPiece / 4) out.resize(std::max(out.size() * 2, made + kPiece));
      const auto available = static_cast<uInt>(std::min(kPiece, packed.size() - used)),
                 room = static_cast<uInt>(std::min(kPiece, out.size() - made));
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + used));
      stream.avail_in = available;
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + made);
      stream.avail_out = room;
      const int status = inflate(&stream, Z_NO_FLUSH);
      used += available - stream.avail_in;
      made += room - stream.avail_out;
      if (made > limit) return fail(too_large(name, made, limit, "unpacks to over"));
      if (status == Z_STREAM_END) {
        whole = true;
      } else if (status == Z_BUF_ERROR || (status == Z_OK && used == packed.size() && stream.avail_out > 0)) {
        return fail(ErrorCode::BadFormat, fmt::format("{} ends inside its packed data at byte {}", name, packed.size()),
                    "Fetch it again: it is not complete.");
      } else if (status != Z_OK) {
        return fail(ErrorCode::BadFormat,
                    fmt::format("{} is damaged at byte {} ({})", name, used, stream.msg ? stream.msg : "not gzip data"),
                    "Fetch it again, or choose another file.");
      }
    }
    out.resize(made);
    return out;
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::OutOfMemory, fmt::format("{} does not fit into memory unpacked", name), "Split it, or use a part of it.");
  }
}

}  // namespace dsw
