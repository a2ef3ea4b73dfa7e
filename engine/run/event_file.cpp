// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/run/event_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dsw {
namespace {

Error io_error(const char* what, const std::filesystem::path& path) {
  return Error(ErrorCode::Io, fmt::format("The event file could not be {} ({})", what, std::strerror(errno)),
               "Check the place and its free space.", path.string());
}

/// A full disk, a used up share of it, or a file as large as one may be.
bool no_room(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

/// Closes on the way out.
struct File {
  int number = -1;
  ~File() {
    if (number >= 0) ::close(number);
  }
  int release() { return std::exchange(number, -1); }
};

/// Calls `line` with each whole line from `offset` on; gives the offset after the last one. `line` returns false to end early.
template <class F>
Result<std::uint64_t> each_line(int file, std::uint64_t offset, const std::filesystem::path& path, F line) {
  std::string pending;
  std::vector<char> block(1 << 16);
  std::uint64_t position = offset;
  for (;;) {
    const ssize_t got = ::pread(file, block.data(), block.size(), static_cast<off_t>(position));
    if (got < 0) {
      if (errno == EINTR) continue;
      return fail(io_error("read", path));
    }
    if (got == 0) return offset;
    position += static_cast<std::uint64_t>(got);
    pending.append(block.data(), static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end; (end = pending.find('\n', begin)) != std::string::npos; begin = end + 1) {
      if (!line(pending.substr(begin, end - begin))) return offset;
      offset += end - begin + 1;
    }
    pending.erase(0, begin);
  }
}

}  // namespace

Result<std::unique_ptr<EventFileWriter>> EventFileWriter::open(const std::filesystem::path& path, std::int64_t keep_up_to) {
  File file{::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644)};
  if (file.number < 0) return fail(io_error("opened", path));
  std::int64_t last_seq = 0;
  DSW_TRY_ASSIGN(const std::uint64_t keep, each_line(file.number, 0, path, [&](const std::string& text) {
                   const auto event = event_from_line(text);
                   if (!event) return true;
                   if (keep_up_to >= 0 && event->seq > keep_up_to) return false;
                   last_seq = event->seq;
                   return true;
                 }));
  if (::ftruncate(file.number, static_cast<off_t>(keep)) != 0) return fail(io_error("cut to its last whole line", path));
  return std::unique_ptr<EventFileWriter>(new EventFileWriter(path, file.release(), last_seq));
}

EventFileWriter::~EventFileWriter() {
  struct stat info {};
  if (kept_to_ > 0 && ::fstat(file_, &info) == 0 && ::ftruncate(file_, info.st_size) != 0) kept_to_ = 0;  // what was kept stays so
  ::close(file_);
}

Result<void> EventFileWriter::append(const Event& event) {
  const std::string line = event_to_line(event) + '\n';
  for (std::size_t written = 0; written < line.size();) {
    const ssize_t n = ::write(file_, line.data() + written, line.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      ran_out_ = no_room(errno);
      const Error error = io_error("written", path_);
      struct stat info {};
      if (written > 0 && ::fstat(file_, &info) == 0 && ::ftruncate(file_, info.st_size - static_cast<off_t>(written)) != 0)
        return fail(io_error("cut to its last whole line", path_));
      return fail(error);
    }
    written += static_cast<std::size_t>(n);
  }
  last_seq_ = event.seq;
  return {};
}

bool EventFileWriter::keep_room() {
  constexpr off_t kAhead = 256 << 10, kLeast = 100 << 10;
  const off_t end = ::lseek(file_, 0, SEEK_END);
  if (end < 0 || kept_to_ - end >= kLeast) return true;
  if (::fallocate(file_, FALLOC_FL_KEEP_SIZE, end, kAhead) == 0) {
    kept_to_ = end + kAhead;
    return true;
  }
  return !no_room(errno);
}

Result<void> EventFileWriter::sync() {
  if (::fdatasync(file_) != 0) return fail(io_error("brought to the disk", path_));
  return {};
}

Result<bool> EventFollower::read(std::vector<Event>& out) {
  File file{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) {
    if (errno == ENOENT) return false;
    return fail(io_error("opened", path_));
  }
  struct stat info {};
  if (::fstat(file.number, &info) != 0) return fail(io_error("read", path_));
  if (static_cast<std::uint64_t>(info.st_size) < offset_) offset_ = 0;  // cut by a resumed worker: read again, numbers decide what is new
  const std::size_t before = out.size();
  DSW_TRY_ASSIGN(offset_, each_line(file.number, offset_, path_, [&](const std::string& text) {
                   auto event = event_from_line(text);
                   if (!event) {
                     ++bad_lines_;
                   } else if (event->seq > last_seq_) {
                     last_seq_ = event->seq;
                     out.push_back(std::move(*event));
                   }
                   return true;
                 }));
  return out.size() > before;
}

}  // namespace dsw
