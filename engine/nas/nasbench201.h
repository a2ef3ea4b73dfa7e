// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <optional>
#include <string>

#include "engine/nas/search_space.h"

namespace dsw {

/// What NAS-Bench-201 says of a cell: Dong & Yang 2020, "NAS-Bench-201", sec. 2 and fig. 1.
struct BenchmarkCell {
  std::string text;       ///< "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|…|"
  double flops = 0;       ///< of the benchmark's network for CIFAR-10 (16 channels, 5 cells a stage), as its files count: multiply-adds
                          ///< of convolutions and of the classifier
  double parameters = 0;  ///< of the same network
};
/// The architecture's cell; nothing where the space has no web of 4 nodes with one input, every edge and the benchmark's five operations
/// (zero, identity, relu-conv-bn of 1 × 1 and 3 × 3, avgpool2d of 3 × 3).
std::optional<BenchmarkCell> benchmark_cell(const SearchSpace& space, const Architecture& architecture);
/// The numbers of a cell in the benchmark's notation. Error{BadFormat} names what is wrong.
Result<BenchmarkCell> benchmark_cell(const std::string& text);

}  // namespace dsw
