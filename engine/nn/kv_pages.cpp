// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/kv_pages.h"

#include <algorithm>

#include "engine/core/result.h"
#include "engine/nn/ops/attention.h"

namespace dsw {

void KvPages::reserve(std::int64_t free_pages) {
  const std::int64_t missing = free_pages - static_cast<std::int64_t>(free_.size());
  if (missing <= 0) return;
  const std::int64_t before = pages(), now = before + std::max(missing, before / 4);
  for (std::vector<Tensor>* layers : {&keys_, &values_}) {
    for (Tensor& layer : *layers) {
      if (!layer) continue;
      const Tensor grown = empty({now, layer.size(1), kTokens, layer.size(3)}, layer.dtype(), layer.device());
      copy_into(layer, grown.view_slice(0, 0, before));
      layer = grown;
    }
  }
  ++moves_;
  holders_.resize(static_cast<std::size_t>(now), 0);
  for (std::int64_t page = now; page-- > before;) free_.push_back(static_cast<std::int32_t>(page));  // the lowest is taken first
}

std::int32_t KvPages::take() {
  reserve(1);
  const std::int32_t page = free_.back();
  free_.pop_back();
  holders_[static_cast<std::size_t>(page)] = 1;
  return page;
}

void KvPages::release(std::int32_t page) {
  if (--holders_[static_cast<std::size_t>(page)] == 0) free_.push_back(page);
}

void KvPages::copy_page(std::int32_t from, std::int32_t to) {
  for (const std::vector<Tensor>* layers : {&keys_, &values_})
    for (const Tensor& layer : *layers)
      if (layer) copy_into(layer.view_slice(0, from, from + 1), layer.view_slice(0, to, to + 1));
}

Tensor KvPages::of(std::vector<Tensor>& layers, std::size_t layer, const Tensor& x) {
  if (layers.size() <= layer) layers.resize(layer + 1);
  if (!layers[layer]) layers[layer] = empty({pages(), x.size(1), kTokens, x.size(3)}, x.dtype(), x.device());
  return layers[layer];
}

KvText::KvText(const KvText& other) : pages_(other.pages_), held_(other.held_), length_(other.length_) {
  for (const std::int32_t page : held_) pages_->hold(page);
}
KvText& KvText::operator=(KvText other) noexcept {
  std::swap(pages_, other.pages_);
  std::swap(held_, other.held_);
  std::swap(length_, other.length_);
  return *this;
}
KvText::~KvText() {
  for (const std::int32_t page : held_) pages_->release(page);
}

std::int64_t KvText::pages_to_take(std::int64_t tokens) const {
  const bool copies_last = tokens > 0 && length_ % KvPages::kTokens != 0 && pages_->is_shared(held_.back());
  return (length_ + tokens + KvPages::kTokens - 1) / KvPages::kTokens - static_cast<std::int64_t>(held_.size()) + (copies_last ? 1 : 0);
}

void KvText::extend(std::int64_t tokens) {
  pages_->reserve(pages_to_take(tokens));
  if (tokens > 0 && length_ % KvPages::kTokens != 0 && pages_->is_shared(held_.back())) {
    const std::int32_t own = pages_->take();
    pages_->copy_page(held_.back(), own);
    pages_->release(held_.back());
    held_.back() = own;
  }
  length_ += tokens;
  while (static_cast<std::int64_t>(held_.size()) * KvPages::kTokens < length_) held_.push_back(pages_->take());
}

KvStep::KvStep(KvPages& pages, std::span<KvText> texts, std::int64_t tokens, std::int64_t longest, Device& device) : pages_(pages) {
  std::int64_t needed = 0;
  for (const KvText& text : texts) needed += text.pages_to_take(tokens);
  pages.reserve(needed);
  const bool equally_long =
      std::all_of(texts.begin(), texts.end(), [&](const KvText& text) { return text.length() == texts.front().length(); });
  const std::int64_t width = (longest + KvPages::kTokens - 1) / KvPages::kTokens;
  std::vector<std::int32_t> lengths, positions, table;
  for (KvText& text : texts) {
    const std::int64_t before = text.length();
    is_first_ = is_first_ && before == 0;
    text.extend(tokens);
    lengths.push_back(static_cast<std::int32_t>(text.length()));
    table.insert(table.end(), text.pages().begin(), text.pages().end());
    table.resize(lengths.size() * static_cast<std::size_t>(width), 0);
    for (std::int64_t t = 0; t < tokens; ++t) positions.push_back(static_cast<std::int32_t>(before + t));
  }
  const auto count = static_cast<std::int64_t>(texts.size());
  if (equally_long) positions.resize(static_cast<std::size_t>(texts.empty() ? 0 : tokens));
  positions_ = equally_long ? from_host(positions, {tokens}, device) : from_host(positions, {count, tokens}, device);
  table_ = from_host(table, {count, width}, device);
  lengths_ = from_host(lengths, {count}, device);
}

void KvStep::read_state(std::span<const Tensor> state) {
  positions_ = state[0];
  table_ = state[1];
  lengths_ = state[2];
}

void KvStep::keep(std::size_t layer, const Tensor& k, const Tensor& v) {
  append_paged(k, pages_.keys(layer, k), table_, lengths_);
  append_paged(v, pages_.values(layer, v), table_, lengths_);
}

Tensor KvStep::attend(std::size_t layer, const Tensor& q, double scale) const {
  return attention_paged(q, pages_.keys(layer, q), pages_.values(layer, q), table_, lengths_, {.scale = scale});
}

}  // namespace dsw
