// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/file_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>

#include "engine/core/ids.h"

namespace dsw {
namespace {

/// Locks of an open file description: they exclude two openers in one process, and closing another descriptor of the file does not drop
/// them.
struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

LockHolder read_holder(int file) {
  char text[512];
  LockHolder holder;
  const ssize_t count = ::pread(file, text, sizeof text, 0);
  if (count <= 0) return holder;
  const auto json = nlohmann::json::parse(text, text + count, nullptr, false);
  if (!json.is_object()) return holder;
  const auto process = json.find("process"), host = json.find("host"), since = json.find("since");
  if (process != json.end() && process->is_number_integer()) holder.process = process->get<long>();
  if (host != json.end() && host->is_string()) holder.host = host->get<std::string>();
  if (since != json.end() && since->is_number()) holder.since = since->get<double>();
  return holder;
}

std::string this_host() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace

std::string LockHolder::sentence() const {
  if (process == 0) return "another process";
  const auto then = static_cast<std::time_t>(since);
  const std::time_t now = std::time(nullptr);
  std::tm then_parts{}, now_parts{};
  localtime_r(&then, &then_parts);
  localtime_r(&now, &now_parts);
  char when[64];
  const bool today = then_parts.tm_yday == now_parts.tm_yday && then_parts.tm_year == now_parts.tm_year;
  std::strftime(when, sizeof when, today ? "%H:%M" : "%Y-%m-%d %H:%M", &then_parts);
  return fmt::format("process {} on host {} since {}", process, host, when);
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& path) {
  for (;;) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file < 0) {
      return fail(ErrorCode::Io, fmt::format("the lock file cannot be made: {}", std::strerror(errno)),
                  "Check the permissions of the folder.", path.string());
    }
    FileLock lock(path, file);
    struct flock request = whole_file(F_WRLCK);
    if (::fcntl(file, F_OFD_SETLK, &request) != 0) {
      const int reason = errno;
      const LockHolder holder = read_holder(file);
      lock.file_ = -1;
      ::close(file);
      if (reason != EAGAIN && reason != EACCES) {
        return fail(ErrorCode::Io, fmt::format("the lock cannot be taken: {}", std::strerror(reason)), {}, path.string());
      }
      return fail(ErrorCode::Locked, fmt::format("it is held by {}", holder.sentence()), {}, path.string());
    }
    // The last holder removes the file before it lets go: a lock on a removed file guards nothing, so take the new one.
    struct stat mine {
    }, there{};
    if (::fstat(file, &mine) != 0 || ::stat(path.c_str(), &there) != 0 || mine.st_ino != there.st_ino || mine.st_dev != there.st_dev) {
      ::close(lock.file_);
      lock.file_ = -1;
      continue;
    }
    const nlohmann::json holder{{"process", static_cast<long>(::getpid())}, {"host", this_host()}, {"since", now_seconds()}};
    const std::string text = holder.dump() + "\n";
    // A full disk may refuse the name; the lock holds all the same.
    if (::ftruncate(file, 0) == 0) (void)!::pwrite(file, text.data(), text.size(), 0);
    return lock;
  }
}

std::optional<LockHolder> FileLock::holder(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return std::nullopt;
  struct flock question = whole_file(F_WRLCK);
  std::optional<LockHolder> result;
  if (::fcntl(file, F_OFD_GETLK, &question) == 0 && question.l_type != F_UNLCK) result = read_holder(file);
  ::close(file);
  return result;
}

FileLock::FileLock(FileLock&& other) noexcept : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}
FileLock& FileLock::operator=(FileLock&& other) noexcept {
  if (this != &other) {
    release();
    path_ = std::move(other.path_);
    file_ = std::exchange(other.file_, -1);
  }
  return *this;
}
FileLock::~FileLock() { release(); }

void FileLock::release() {
  if (file_ < 0) return;
  ::unlink(path_.c_str());
  ::close(file_);
  file_ = -1;
}

}  // namespace dsw
