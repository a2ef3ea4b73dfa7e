// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/run/event.h"

namespace dsw {

/// Appends events to `events.jsonl`, one line each. Used by one thread. Lines reach the operating system at once (a killed process
/// loses none), the disk at `sync`.
class EventFileWriter {
 public:
  /// Opens or makes the file. What is numbered above `keep_up_to`, or stands in a torn last line, is dropped first: a resumed run
  /// writes those events again. A negative number keeps everything whole. Error{Io} names the path.
  static Result<std::unique_ptr<EventFileWriter>> open(const std::filesystem::path& path, std::int64_t keep_up_to = -1);
  ~EventFileWriter();
  EventFileWriter(const EventFileWriter&) = delete;
  EventFileWriter& operator=(const EventFileWriter&) = delete;

  /// Error{Io}: nothing of it was written, and it may be tried again. ran_out() says whether the disk was full.
  Result<void> append(const Event& event);
  bool ran_out() const { return ran_out_; }
  /// Keeps some 100 KiB free behind the last line, for what is said while the disk is full. False: the disk has no more than is kept.
  /// Where files cannot be given room in advance, it is true.
  bool keep_room();
  Result<void> sync();
  std::int64_t last_seq() const { return last_seq_; }

 private:
  EventFileWriter(std::filesystem::path path, int file, std::int64_t last_seq) : path_(std::move(path)), file_(file), last_seq_(last_seq) {}
  std::filesystem::path path_;
  int file_;
  std::int64_t last_seq_;
  std::int64_t kept_to_ = 0;  // offset up to which the disk has given room
  bool ran_out_ = false;
};

/// Reads an event file that another process may be writing: each call gives the whole lines that were added since the last one.
/// A torn last line waits until its end has come. Lines that are no events are counted and left out. Used by one thread.
class EventFollower {
 public:
  explicit EventFollower(std::filesystem::path path, std::int64_t after_seq = 0) : path_(std::move(path)), last_seq_(after_seq) {}
  /// Appends new events numbered above the last one given; false when there was none. A file that is not there yet gives none.
  Result<bool> read(std::vector<Event>& out);
  std::int64_t last_seq() const { return last_seq_; }
  std::int64_t bad_lines() const { return bad_lines_; }

 private:
  std::filesystem::path path_;
  std::uint64_t offset_ = 0;
  std::int64_t last_seq_, bad_lines_ = 0;
};

}  // namespace dsw
