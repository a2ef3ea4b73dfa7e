// SPDX-License-Identifier: GPL-3.0-or-later
// build/tests/make_big_project OUT.dsx [EXPERIMENTS RUNS POINTS]: the project of tests/support/big_project.h, and how long the store
// takes with it.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "engine/store/project.h"
#include "tests/support/big_project.h"

namespace {

double seconds_of(const auto& action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

int measure(const std::filesystem::path& path) {
  std::unique_ptr<dsw::ProjectReader> reader;
  std::vector<dsw::RunRow> runs;
  dsw::Result<void> trouble;
  const double opening = seconds_of([&] {
    auto opened = dsw::ProjectReader::open(path);
    if (!opened) {
      trouble = dsw::fail(opened.error());
      return;
    }
    reader = std::move(*opened);
    if (auto info = reader->info(); !info) trouble = dsw::fail(info.error());
    if (auto rows = reader->experiments(); !rows) trouble = dsw::fail(rows.error());
    if (auto rows = reader->runs()) {
      runs = std::move(*rows);
    } else {
      trouble = dsw::fail(rows.error());
    }
  });
  if (!trouble) {
    std::fprintf(stderr, "%s\n", trouble.error().sentence().c_str());
    return dsw::exit_code(trouble.error().code);
  }
  std::size_t points = 0;
  const double curves = seconds_of([&] {
    for (std::size_t i = 0; i < runs.size(); i += runs.size() / 50 + 1) {
      for (const auto& [key, summary] : runs[i].metrics) points += reader->metric(runs[i].id, key).value().size();
    }
  });
  const std::size_t asked = (runs.size() + runs.size() / 50) / (runs.size() / 50 + 1);
  std::printf("%zu runs listed: %.0f ms after opening; all curves of a run: %.2f ms (%zu points)\n", runs.size(), 1e3 * opening,
              1e3 * curves / static_cast<double>(asked), points / asked);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 5) {
    std::fprintf(stderr, "usage: make_big_project OUT.dsx [EXPERIMENTS RUNS POINTS]\n");
    return 2;
  }
  const std::filesystem::path path = argv[1];
  dsw::BigProjectSize size;
  if (argc == 5) size = {std::atoi(argv[2]), std::atoi(argv[3]), std::atoi(argv[4])};
  if (!std::filesystem::exists(path)) {
    const double making = seconds_of([&] { dsw::make_big_project(path, size); });
    std::printf("%d × %d runs with %d points each made in %.1f s, %.1f MB\n", size.experiments, size.runs, size.points, making,
                static_cast<double>(std::filesystem::file_size(path)) / 1e6);
  }
  return measure(path);
}
