// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/json.h"
#include "engine/core/result.h"

namespace dsw {

/// Text to ids and back. Immutable; any thread. `char`, `byte`, `bpe` (byte-level), `word`.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  virtual std::string kind() const = 0;
  virtual std::int32_t vocabulary() const = 0;
  /// Error{InvalidArgument} names the first character that the vocabulary lacks and its place.
  virtual Result<std::vector<std::int32_t>> encode(std::string_view text) const = 0;
  virtual std::string decode(const std::vector<std::int32_t>& ids) const = 0;
  virtual std::string token_text(std::int32_t id) const = 0;
  virtual std::int32_t bos() const { return -1; }  ///< -1: none; generation then starts from id 0… newline where there is one
  virtual Json to_json() const = 0;                ///< everything needed to make it again; stored with checkpoints and models
};
Result<std::unique_ptr<Tokenizer>> tokenizer_from_json(const Json& json);

}  // namespace dsw
