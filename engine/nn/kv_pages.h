// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "engine/tensor/tensor.h"

namespace dsw {

/// Keys and values that a transformer keeps while it generates, in pages of 64 tokens: one page number stands for the same tokens in every
/// layer. Pages are handed out one by one and counted, so that texts that begin alike share them; their memory grows by a quarter where no
/// page is free, not by whole contexts. One thread at a time. Source: Kwon et al. 2023 (PagedAttention).
class KvPages {
 public:
  static constexpr std::int64_t kTokens = DSW_BLOCK;

  std::int32_t take();  ///< a page that one text holds
  void hold(std::int32_t page) { ++holders_[static_cast<std::size_t>(page)]; }
  void release(std::int32_t page);  ///< the last release frees it
  bool is_shared(std::int32_t page) const { return holders_[static_cast<std::size_t>(page)] > 1; }
  void copy_page(std::int32_t from, std::int32_t to);
  /// Room for so many free pages, in one go.
  void reserve(std::int64_t free_pages);

  /// How often what is kept moved in memory, as it does when there must be room for more pages.
  std::int64_t moves() const { return moves_; }

  std::int64_t pages() const { return static_cast<std::int64_t>(holders_.size()); }
  std::int64_t held_pages() const { return pages() - static_cast<std::int64_t>(free_.size()); }
  /// [pages(), Hkv, 64, D] of a layer; made like `x` [B, Hkv, T, D] by the first call.
  Tensor keys(std::size_t layer, const Tensor& x) { return of(keys_, layer, x); }
  Tensor values(std::size_t layer, const Tensor& x) { return of(values_, layer, x); }

 private:
  Tensor of(std::vector<Tensor>& layers, std::size_t layer, const Tensor& x);

  std::vector<std::int32_t> holders_, free_;
  std::int64_t moves_ = 0;
  std::vector<Tensor> keys_, values_;
};

/// What is kept of one text. A copy shares all pages and goes on by itself: who writes into a shared page first copies that page.
/// The pages outlive it.
class KvText {
 public:
  explicit KvText(KvPages& pages) : pages_(&pages) {}
  KvText(const KvText& other);
  KvText(KvText&& other) noexcept : pages_(other.pages_), held_(std::move(other.held_)), length_(other.length_) { other.held_.clear(); }
  KvText& operator=(KvText other) noexcept;
  ~KvText();

  std::int64_t length() const { return length_; }  ///< tokens
  std::span<const std::int32_t> pages() const { return held_; }
  /// Pages to take for `tokens` more.
  std::int64_t pages_to_take(std::int64_t tokens) const;
  /// Room for `tokens` more in pages of its own.
  void extend(std::int64_t tokens);

 private:
  KvPages* pages_;
  std::vector<std::int32_t> held_;
  std::int64_t length_ = 0;
};

/// One step of generation: T more tokens of each of B texts, and where their keys and values go. The texts may have different lengths.
/// Makes room in `texts`; lives during the step, as they and their pages do. `longest`: the tokens that no text exceeds.
class KvStep {
 public:
  KvStep(KvPages& pages, std::span<KvText> texts, std::int64_t tokens, std::int64_t longest, Device& device);

  /// What changes from step to step, in tensors whose shapes do not: positions, page table int32 [B, ceil(longest / 64)], lengths int32
  /// [B].
  std::vector<Tensor> state() const { return {positions_, table_, lengths_}; }
  /// Other memory with the same content.
  void read_state(std::span<const Tensor> state);

  /// Nothing was kept before: the step's own keys and values are all there is to see.
  bool is_first() const { return is_first_; }
  /// int32 [T] where all texts are equally long, else [B, T].
  const Tensor& positions() const { return positions_; }
  /// Keeps a layer's k and v [B, Hkv, T, D] of the new tokens. Outside the graph.
  void keep(std::size_t layer, const Tensor& k, const Tensor& v);
  /// q [B, Hq, T, D] of the new tokens against all that is kept of their texts → [B, Hq, T, D]; causal. After keep().
  Tensor attend(std::size_t layer, const Tensor& q, double scale) const;

 private:
  KvPages& pages_;
  Tensor positions_, table_, lengths_;
  bool is_first_ = true;
};

}  // namespace dsw
