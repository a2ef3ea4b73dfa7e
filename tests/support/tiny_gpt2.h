// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <map>
#include <string>

namespace dsw {

/// Writes weights of a small gpt with GPT-2's names (2 layers, width 32, 16 positions, 300 tokens) to `path`. With `heads` > 0 its
/// config.json lies beside it.
void write_tiny_gpt2(const std::filesystem::path& path, int heads = 0);
/// Writes vocab.json and merges.txt of 258 tokens ("he" and "ll" are merged) into `folder`.
void write_tiny_bpe(const std::filesystem::path& folder);

}  // namespace dsw
