// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/nasbench201.h"

#include <nlohmann/json.hpp>

namespace dsw {
namespace {

/// The benchmark's name of a candidate of this place, or empty.
std::string benchmark_op(const SearchSpace& space, const SpaceChoice& choice, std::size_t candidate) {
  const std::string& op = choice.candidates[candidate].op;
  if (op == "zero") return "none";
  if (op == "identity") return "skip_connect";
  const std::string id = fmt::format("{}-{}", choice.id, candidate);
  for (const SpaceNode& node : space.nodes) {
    if (node.node.id != id) continue;
    const int kernel = node.settings.value("kernel", op == "relu-conv-bn" ? 3 : 2);
    const bool plain = node.settings.value("stride", op == "avgpool2d" ? kernel : 1) == 1 && node.settings.value("dilation", 1) == 1;
    if (op == "relu-conv-bn" && plain && (kernel == 1 || kernel == 3)) return fmt::format("nor_conv_{0}x{0}", kernel);
    if (op == "avgpool2d" && plain && kernel == 3 && node.settings.value("padding", 0) == 1) return "avg_pool_3x3";
  }
  return {};
}

BenchmarkCell counted(std::string text, int convs_1, int convs_3) {
  constexpr double kCells = 5, kClasses = 10;
  BenchmarkCell cell{std::move(text), 3 * 16 * 9 * 1024, 3 * 16 * 9 + 2 * 16};  // stem: 3 × 3 from 3 to 16 channels, batchnorm
  for (const double c : {16.0, 32.0, 64.0}) {
    const double pixels = 1024 * 16 * 16 / (c * c);
    cell.flops += kCells * (convs_1 + 9 * convs_3) * c * c * pixels;
    cell.parameters += kCells * (convs_1 * (c * c + 2 * c) + convs_3 * (9 * c * c + 2 * c));
    if (c == 16) continue;
    // A residual block of stride 2: two 3 × 3 convolutions with batchnorm, and 1 × 1 after a pool on the other way.
    const double in = c / 2;
    cell.flops += pixels * (9 * in * c + 9 * c * c + in * c);
    cell.parameters += 9 * in * c + 2 * c + 9 * c * c + 2 * c + in * c;
  }
  cell.flops += 64 * kClasses;
  cell.parameters += 2 * 64 + 64 * kClasses + kClasses;  // the last batchnorm, the classifier
  return cell;
}

}  // namespace

std::optional<BenchmarkCell> benchmark_cell(const SearchSpace& space, const Architecture& architecture) {
  for (const SpaceCell& cell : space.cells) {
    if (cell.web_nodes != 4 || cell.web_inputs != 1) continue;
    std::string text;
    int convs_1 = 0, convs_3 = 0;
    bool whole = true;
    for (int to = 1; to < 4 && whole; ++to) {
      text += to == 1 ? "|" : "+|";
      for (int from = 0; from < to && whole; ++from) {
        const SpaceChoice* edge = nullptr;
        std::size_t number = 0;
        for (std::size_t c = 0; c < space.choices.size(); ++c)
          if (space.choices[c].cell == cell.id && space.choices[c].from == from && space.choices[c].to == to) {
            edge = &space.choices[c];
            number = c;
          }
        const std::string op = edge ? benchmark_op(space, *edge, static_cast<std::size_t>(architecture.choices[number])) : "";
        whole = !op.empty();
        convs_1 += op == "nor_conv_1x1";
        convs_3 += op == "nor_conv_3x3";
        text += fmt::format("{}~{}|", op, from);
      }
    }
    if (whole) return counted(std::move(text), convs_1, convs_3);
  }
  return std::nullopt;
}

Result<BenchmarkCell> benchmark_cell(const std::string& text) {
  const auto wrong = [&](const std::string& what) {
    return fail(ErrorCode::BadFormat, fmt::format("\"{}\" is no cell of NAS-Bench-201: {}", text, what),
                "|OP~0|+|OP~0|OP~1|+|OP~0|OP~1|OP~2|");
  };
  int convs_1 = 0, convs_3 = 0;
  std::size_t at = 0;
  const auto take = [&](const std::string& expected) {
    const bool there = text.compare(at, expected.size(), expected) == 0;
    at += there ? expected.size() : 0;
    return there;
  };
  for (int to = 1; to < 4; ++to) {
    if (!take(to == 1 ? "|" : "+|")) return wrong(fmt::format("a bar is missing at character {}", at + 1));
    for (int from = 0; from < to; ++from) {
      bool known = false;
      for (const char* op : {"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"}) {
        if (!take(fmt::format("{}~{}|", op, from))) continue;
        known = true;
        convs_1 += std::string(op) == "nor_conv_1x1";
        convs_3 += std::string(op) == "nor_conv_3x3";
        break;
      }
      if (!known) return wrong(fmt::format("no operation from node {} at character {}", from, at + 1));
    }
  }
  if (at != text.size()) return wrong("something follows it");
  return counted(text, convs_1, convs_3);
}

}  // namespace dsw
