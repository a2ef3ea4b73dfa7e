// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/open_width.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace dsw {
namespace {

constexpr std::size_t kMostCombinations = 256;

}  // namespace

OpenWidths::OpenWidths(const FlatSpace& flat, const GraphAnalysis& largest, const InputSpec& input, const Registry<LayerType>& layers)
    : input_(input.input_shape(1)) {
  std::size_t combinations = 1;
  for (std::size_t c = 0; c < flat.choices.size(); ++c) {
    if (!flat.choices[c].width) continue;
    choices_.push_back(c);
    values_.emplace_back();
    for (const SpaceCandidate& candidate : flat.choices[c].candidates) values_.back().push_back(candidate.value);
    counts_.push_back(values_.back().size());
    largest_.push_back(static_cast<std::size_t>(std::max_element(values_.back().begin(), values_.back().end()) - values_.back().begin()));
    combinations *= counts_.back();
    if (combinations > kMostCombinations) {
      problems_.push_back({flat.choices[c].pointer,
                           fmt::format("brings the combinations of open widths above {}; widths with one \"name\" are decided together.",
                                       kMostCombinations),
                           {},
                           false});
      choices_.clear();
      combinations = 1;
      break;
    }
  }
  for (const GraphNode& node : largest.nodes) node_inputs_.push_back(node.inputs);
  if (choices_.empty()) {
    variants_.push_back(variant_of(largest));
    axes_.resize(largest.nodes.size());
    return;
  }
  for (std::size_t number = 0; number < combinations; ++number) {
    Json graph = flat.graph;
    std::vector<std::size_t> picked(choices_.size());
    std::size_t rest = number;
    std::string title;
    for (std::size_t w = choices_.size(); w-- > 0;) {
      picked[w] = rest % counts_[w];
      rest /= counts_[w];
      title = fmt::format("{} {}{}", flat.choices[choices_[w]].title, values_[w][picked[w]], title.empty() ? "" : ", " + title);
    }
    for (std::size_t n = 0; n < flat.notes.size(); ++n)
      for (const SpaceNode::Size& size : flat.notes[n].sizes)
        for (std::size_t w = 0; w < choices_.size(); ++w)
          if (size.choice == choices_[w]) graph["nodes"][n][size.setting] = values_[w][picked[w]];
    const GraphAnalysis analysis = analyse_graph(graph, input, 1, layers);
    for (const Problem& found : analysis.problems)
      problems_.push_back({source_pointer(found.pointer, flat.notes),
                           fmt::format("does not fit with {}: it {}{}", title, found.message,
                                       choices_.size() > 1 ? " Widths with one \"name\" are decided together." : ""),
                           {},
                           false});
    if (!analysis.problems.empty()) {
      variants_.assign(combinations, variant_of(largest));
      break;
    }
    variants_.push_back(variant_of(analysis));
  }
  for (std::size_t n = 0; n < largest.nodes.size(); ++n) axes_.push_back(axis_of(n, flat.notes[largest.nodes[n].index].pointer));
  check_layers(flat, largest);
}

OpenWidths::Variant OpenWidths::variant_of(const GraphAnalysis& analysis) const {
  std::vector<Joined> network;
  Variant variant;
  for (const GraphNode& node : analysis.nodes) {
    network.push_back({node.module.get(), node.inputs, node.output});
    variant.outputs.push_back(node.output);
  }
  variant.kept = kept_outputs(network, analysis.output);
  return variant;
}

std::size_t OpenWidths::number_of(const Picks& picks) const {
  std::size_t number = 0;
  for (std::size_t w = 0; w < choices_.size(); ++w) {
    const auto at = picks.find(choices_[w]);
    number = number * counts_[w] + (at == picks.end() ? largest_[w] : at->second);
  }
  return number;
}

Shape OpenWidths::output(std::size_t from, std::size_t variant) const {
  return from == kGraphInput ? input_ : variants_[variant].outputs[from];
}

std::vector<std::size_t> OpenWidths::seen_by(std::size_t node) const {
  std::set<std::size_t> seen;
  for (const std::size_t from : node_inputs_[node])
    if (from != kGraphInput && axes_[from]) seen.insert(axes_[from]->choice);
  if (axes_[node]) seen.insert(axes_[node]->choice);
  return {seen.begin(), seen.end()};
}

std::vector<Shape> OpenWidths::input_shapes(std::size_t node, const Picks& picks) const {
  std::vector<Shape> shapes;
  for (const std::size_t from : node_inputs_[node]) shapes.push_back(output(from, number_of(picks)));
  return shapes;
}

double OpenWidths::kept_output(std::size_t node, const Picks& picks) const { return variants_[number_of(picks)].kept[node]; }

std::optional<SpaceNode::OpenAxis> OpenWidths::axis(std::size_t node) const { return axes_[node]; }

std::optional<SpaceNode::OpenAxis> OpenWidths::axis_of(std::size_t node, const std::string& pointer) {
  std::optional<SpaceNode::OpenAxis> found;
  const Shape whole = output(node, number_of({}));
  for (std::size_t w = 0; w < choices_.size(); ++w) {
    SpaceNode::OpenAxis axis{choices_[w], -1, {}};
    for (std::size_t i = 0; i < counts_[w]; ++i) {
      const Shape shape = output(node, number_of({{choices_[w], i}}));
      for (int a = 0; a < shape.rank(); ++a)
        if (shape[a] != whole[a]) axis.axis = a;
    }
    if (axis.axis < 0) continue;
    for (std::size_t i = 0; i < counts_[w]; ++i) axis.sizes.push_back(output(node, number_of({{choices_[w], i}}))[axis.axis]);
    if (found)
      problems_.push_back(
          {pointer, "has a width that two open widths decide; give them one \"name\", so that they are decided together.", {}, false});
    found = std::move(axis);
  }
  return found;
}

void OpenWidths::check_layers(const FlatSpace& flat, const GraphAnalysis& largest) {
  for (std::size_t n = 0; n < largest.nodes.size(); ++n) {
    const GraphNode& node = largest.nodes[n];
    const FlatNote& note = flat.notes[node.index];
    for (const std::size_t from : node.inputs) {
      if (from == kGraphInput || !axes_[from]) continue;
      const SpaceNode::OpenAxis& in = *axes_[from];
      // Of several channels in a row, as flatten makes them of pictures, the first ones are still the first.
      const bool sets_own =
          std::any_of(note.sizes.begin(), note.sizes.end(), [&](const auto& size) { return flat.choices[size.choice].width; });
      const bool joined = axes_[n] && axes_[n]->sizes != in.sizes && !sets_own;
      if (node.layer->narrowing != Narrowing::Refused && !(joined && in.axis != 1)) continue;
      const std::string& wish = node.layer->narrowing_wish;
      problems_.push_back({note.pointer,
                           fmt::format("reads channels whose number is open ({}), which {} cannot follow{}.", flat.choices[in.choice].title,
                                       node.op, wish.empty() ? "" : "; " + wish),
                           {},
                           false});
      break;
    }
  }
}

}  // namespace dsw
