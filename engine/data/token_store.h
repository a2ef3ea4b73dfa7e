// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dsw {

/// Many token ids, in two bytes each where the vocabulary allows it. Immutable.
class TokenStore {
 public:
  TokenStore() = default;
  TokenStore(const std::vector<std::int32_t>& ids, std::int32_t vocabulary) {
    if (vocabulary <= 0x10000)
      for (const std::int32_t id : ids) narrow_.push_back(static_cast<std::uint16_t>(id));
    else
      wide_ = ids;
  }
  std::int64_t size() const { return static_cast<std::int64_t>(narrow_.size() + wide_.size()); }
  /// Ids [begin, begin + count) to `out`; within the size.
  void copy(std::int64_t begin, std::int64_t count, std::int32_t* out) const {
    const auto from = static_cast<std::size_t>(begin), n = static_cast<std::size_t>(count);
    if (wide_.empty())
      for (std::size_t i = 0; i < n; ++i) out[i] = narrow_[from + i];
    else
      for (std::size_t i = 0; i < n; ++i) out[i] = wide_[from + i];
  }

 private:
  std::vector<std::uint16_t> narrow_;
  std::vector<std::int32_t> wide_;
};

}  // namespace dsw
