// SPDX-License-Identifier: GPL-3.0-or-later
// What keeps everyone honest: the supernet learns on paths drawn evenly, and architectures are compared with inherited weights.
// random: evenly drawn architectures.   Source: Li & Talwalkar 2020, "Random search and reproducibility for NAS", sec. 3.3.
// evolution: regularised evolution: of a population the best of a drawn few is changed in one choice and added, and the oldest dies.
//   Source: Real et al. 2019, "Regularized evolution for image classifier architecture search", algorithm 1.
#include <nlohmann/json.hpp>

#include "engine/nas/search_algorithm.h"

namespace dsw {
namespace {

class Even : public SearchAlgorithm {
 public:
  explicit Even(const Json&) { lr = 0; }
  bool learns() const override { return false; }
  bool one_path(Phase) const override { return true; }
  Draw draw(Phase, const std::vector<double>& alpha, const std::vector<bool>&, Rng& rng) const override {
    return one_active(static_cast<std::size_t>(rng.below(alpha.size())), alpha.size());
  }
};

void add_even(Registry<SearchAlgorithm>& registry, const char* name, const char* summary, ParamSchema schema) {
  registry.add({name, summary, std::move(schema),
                [](const Json& settings) -> Result<std::unique_ptr<SearchAlgorithm>> { return std::make_unique<Even>(settings); }});
}

}  // namespace

void register_baselines(Registry<SearchAlgorithm>& registry) {
  add_even(registry, "random", "Random architectures, compared with inherited weights",
           {int_param("samples", "Architectures", 100, 1, 1e6, "How many are drawn and compared")});
  add_even(registry, "evolution", "Regularised evolution on inherited weights",
           {int_param("samples", "Architectures", 200, 1, 1e6, "How many are compared in all"),
            int_param("population", "Population", 50, 2, 1e5, "How many live at a time"),
            int_param("tournament", "Tournament", 10, 1, 1e5, "Of how many drawn ones the best is changed")});
}

}  // namespace dsw
