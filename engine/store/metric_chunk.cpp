// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/metric_chunk.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace dsw {
namespace {

constexpr unsigned char kVersion = 1;

void put(std::vector<unsigned char>& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<unsigned char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<unsigned char>(value));
}
std::uint64_t zigzag(std::int64_t value) { return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63); }
std::int64_t unzigzag(std::uint64_t value) { return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1); }

std::int64_t microseconds(double seconds) { return std::isfinite(seconds) && std::fabs(seconds) < 9e12 ? std::llround(seconds * 1e6) : 0; }

bool is_float32(double value) {
  return std::bit_cast<std::uint64_t>(static_cast<double>(static_cast<float>(value))) == std::bit_cast<std::uint64_t>(value);
}

/// Reads integers; `ok` turns false at the end of the bytes and stays so.
struct Reader {
  std::span<const unsigned char> bytes;
  std::size_t at = 0;
  bool ok = true;
  std::uint64_t get() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at >= bytes.size()) break;
      const unsigned char byte = bytes[at++];
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    ok = false;
    return 0;
  }
};

}  // namespace

std::vector<unsigned char> pack_points(std::span<const MetricPoint> points) {
  bool narrow = true;
  for (const MetricPoint& point : points) narrow = narrow && is_float32(point.value);
  std::vector<unsigned char> out;
  out.reserve(16 + points.size() * (narrow ? 10 : 14));
  out.push_back(kVersion);
  out.push_back(narrow ? 4 : 8);
  put(out, points.size());
  std::int64_t seq = 0, step = 0, time = 0;
  for (const MetricPoint& point : points) {
    const std::int64_t us = microseconds(point.time);
    // Differences wrap around as unsigned numbers do, so no pair of values is out of range.
    put(out, static_cast<std::uint64_t>(point.seq) - static_cast<std::uint64_t>(seq));
    put(out, zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(point.step) - static_cast<std::uint64_t>(step))));
    put(out, zigzag(us - time));
    seq = point.seq, step = point.step, time = us;
  }
  const std::size_t begin = out.size();
  out.resize(begin + points.size() * (narrow ? 4 : 8));
  unsigned char* value = out.data() + begin;
  for (const MetricPoint& point : points) {
    if (narrow) {
      const auto single = static_cast<float>(point.value);
      std::memcpy(value, &single, 4);
      value += 4;
    } else {
      std::memcpy(value, &point.value, 8);
      value += 8;
    }
  }
  return out;
}

Result<void> unpack_points(std::span<const unsigned char> bytes, std::int64_t after_seq, std::vector<MetricPoint>& out) {
  const auto damaged = [] {
    return fail(ErrorCode::Damaged, "points of a metric in the project file are damaged", "Go back to a copy of the project.");
  };
  if (bytes.size() < 3 || bytes[0] != kVersion || (bytes[1] != 4 && bytes[1] != 8)) return damaged();
  const std::size_t width = bytes[1];
  Reader reader{bytes, 2};
  const std::uint64_t count = reader.get();
  // Each point takes three bytes and its value at least, so a lying count is seen before memory is asked for.
  if (!reader.ok || count > bytes.size() / (3 + width)) return damaged();
  const std::size_t values = bytes.size() - static_cast<std::size_t>(count) * width;
  const std::size_t first = out.size();
  out.reserve(first + static_cast<std::size_t>(count));
  std::int64_t time = 0;
  std::uint64_t seq = 0, step = 0;
  for (std::size_t i = 0; i < count; ++i) {
    seq += reader.get();
    step += static_cast<std::uint64_t>(unzigzag(reader.get()));
    time = static_cast<std::int64_t>(static_cast<std::uint64_t>(time) + static_cast<std::uint64_t>(unzigzag(reader.get())));
    if (!reader.ok || reader.at > values) {
      out.resize(first);
      return damaged();
    }
    if (static_cast<std::int64_t>(seq) <= after_seq) continue;
    MetricPoint point;
    point.seq = static_cast<std::int64_t>(seq);
    point.step = static_cast<std::int64_t>(step);
    point.time = static_cast<double>(time) / 1e6;
    if (width == 4) {
      float single = 0;
      std::memcpy(&single, bytes.data() + values + i * 4, 4);
      point.value = single;
    } else {
      std::memcpy(&point.value, bytes.data() + values + i * 8, 8);
    }
    out.push_back(point);
  }
  if (reader.at != values) {
    out.resize(first);
    return damaged();
  }
  return {};
}

}  // namespace dsw
