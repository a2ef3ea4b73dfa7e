// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "engine/data/tokenizer.h"

namespace dsw {

/// Another tokenizer with every id moved up by one, so that 0 is free for padding. Owns the other one.
class PaddedTokenizer : public Tokenizer {
 public:
  explicit PaddedTokenizer(std::unique_ptr<Tokenizer> inner) : inner_(std::move(inner)) {}

  std::string kind() const override { return inner_->kind(); }
  std::int32_t vocabulary() const override { return inner_->vocabulary() + 1; }
  Result<std::vector<std::int32_t>> encode(std::string_view text) const override;
  std::string decode(const std::vector<std::int32_t>& ids) const override;  ///< without the padding
  std::string token_text(std::int32_t id) const override { return id == 0 ? "padding" : inner_->token_text(id - 1); }
  std::int32_t bos() const override { return inner_->bos() < 0 ? -1 : inner_->bos() + 1; }
  Json to_json() const override;

 private:
  std::unique_ptr<Tokenizer> inner_;
};

}  // namespace dsw
