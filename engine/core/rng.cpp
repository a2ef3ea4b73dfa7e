// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/rng.h"

#include <cmath>

#include "engine/core/result.h"

namespace dsw {
namespace {

constexpr std::uint32_t kMultiplier0 = 0xD2511F53u, kMultiplier1 = 0xCD9E8D57u;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;

std::uint32_t low_word(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
std::uint32_t high_word(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }

/// FNV-1a, 64 bits: turns a stream's name into a counter.
std::uint64_t hash_name(std::string_view name) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash;
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::uint64_t key, std::uint64_t counter_low, std::uint64_t counter_high) {
  std::array<std::uint32_t, 4> c = {low_word(counter_low), high_word(counter_low), low_word(counter_high), high_word(counter_high)};
  std::uint32_t k0 = low_word(key), k1 = high_word(key);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{kMultiplier0} * c[0], p1 = std::uint64_t{kMultiplier1} * c[2];
    c = {high_word(p1) ^ c[1] ^ k0, low_word(p1), high_word(p0) ^ c[3] ^ k1, low_word(p0)};
    k0 += kWeyl0;
    k1 += kWeyl1;
  }
  return c;
}

Rng::Rng(std::uint64_t seed, std::string_view stream) {
  const auto words = philox4x32(seed, hash_name(stream), 0);
  key_ = words[0] | (std::uint64_t{words[1]} << 32);
}

std::uint32_t Rng::next_u32() {
  const std::uint64_t at = position_++;
  return philox4x32(key_, at / 4, 0)[at % 4];
}

std::uint64_t Rng::next_u64() {
  const std::uint64_t low = next_u32();
  return low | (std::uint64_t{next_u32()} << 32);
}

double Rng::uniform() { return static_cast<double>(next_u64() >> 11) * 0x1.0p-53; }

double Rng::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));  // 1 - u is never 0
  return radius * std::cos(2 * 3.14159265358979323846 * uniform());
}

std::uint64_t Rng::below(std::uint64_t n) {
  DSW_CHECK(n >= 1, "a draw needs at least one choice");
  const std::uint64_t rejected = (0 - n) % n;  // 2^64 mod n draws would favour the small numbers
  for (;;) {
    const std::uint64_t draw = next_u64();
    if (draw >= rejected) return draw % n;
  }
}

}  // namespace dsw
