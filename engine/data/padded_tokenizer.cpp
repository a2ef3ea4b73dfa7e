// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/padded_tokenizer.h"

#include <nlohmann/json.hpp>

namespace dsw {

Result<std::vector<std::int32_t>> PaddedTokenizer::encode(std::string_view text) const {
  auto ids = inner_->encode(text);
  if (!ids) return ids;
  for (std::int32_t& id : *ids) ++id;
  return ids;
}

std::string PaddedTokenizer::decode(const std::vector<std::int32_t>& ids) const {
  std::vector<std::int32_t> inner;
  for (const std::int32_t id : ids)
    if (id > 0) inner.push_back(id - 1);
  return inner_->decode(inner);
}

Json PaddedTokenizer::to_json() const { return {{"kind", "padded"}, {"inner", inner_->to_json()}}; }

}  // namespace dsw
