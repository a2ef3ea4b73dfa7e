// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/ids.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <random>

namespace dsw {

std::string new_id() {
  // One device a thread: opening it costs a system call each, and it is the kernel's generator, so there is no seed to repeat.
  thread_local std::random_device device;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const std::uint32_t a = device(), b = device(), c = device();
  return fmt::format("{:012x}{:08x}{:08x}{:04x}", static_cast<std::uint64_t>(ms) & 0xffffffffffffULL, a, b, c & 0xffffU);
}

double now_seconds() {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  return static_cast<double>(us) / 1e6;
}

}  // namespace dsw
