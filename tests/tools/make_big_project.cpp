// SPDX-License-Identifier: GPL-3.0-or-later
// build/tests/make_big_project OUT.dsx [EXPERIMENTS RUNS POINTS] [--json]: makes the project of tests/support/big_project.h where it is
// not there yet, and says how long the store takes with it: from opening to the list of runs with their metrics, for all curves of a
// run, and for opening it to write.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/core/json.h"
#include "engine/store/project.h"
#include "tests/support/big_project.h"

namespace {

double seconds_of(const auto& action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

template <class T>
T need(dsw::Result<T> result) {
  if (!result) throw std::move(result.error());
  return std::move(*result);
}

void measure(const std::filesystem::path& path, dsw::Json& report) {
  std::unique_ptr<dsw::ProjectReader> reader;
  std::vector<dsw::RunRow> runs;
  const double listing = seconds_of([&] {
    reader = need(dsw::ProjectReader::open(path));
    need(reader->info());
    need(reader->experiments());
    runs = need(reader->runs());
  });
  std::size_t points = 0, asked = 0;
  const double curves = seconds_of([&] {
    for (std::size_t i = 0; i < runs.size(); i += runs.size() / 50 + 1, ++asked) {
      for (const auto& [key, summary] : runs[i].metrics) points += need(reader->metric(runs[i].id, key)).size();
    }
  });
  const double writing = seconds_of([&] { need(dsw::Project::open(path, dsw::Project::Mode::Open)); });
  report["runs"] = runs.size();
  report["list_ms"] = 1e3 * listing;
  report["curves_ms"] = asked == 0 ? 0.0 : 1e3 * curves / static_cast<double>(asked);
  report["points_of_a_run"] = asked == 0 ? 0 : points / asked;
  report["write_open_ms"] = 1e3 * writing;
}

}  // namespace

int main(int argc, char** argv) {
  const bool json = argc > 2 && std::strcmp(argv[argc - 1], "--json") == 0;
  if (json) --argc;
  if (argc != 2 && argc != 5) {
    std::fprintf(stderr, "usage: make_big_project OUT.dsx [EXPERIMENTS RUNS POINTS] [--json]\n");
    return 2;
  }
  const std::filesystem::path path = argv[1];
  dsw::BigProjectSize size;
  if (argc == 5) size = {std::atoi(argv[2]), std::atoi(argv[3]), std::atoi(argv[4])};
  dsw::Json report;
  try {
    if (!std::filesystem::exists(path)) {
      report["make_seconds"] = seconds_of([&] { dsw::make_big_project(path, size); });
      report["points"] = std::int64_t{size.experiments} * size.runs * size.points;
    }
    report["megabytes"] = static_cast<double>(std::filesystem::file_size(path)) / 1e6;
    measure(path, report);
  } catch (const dsw::Error& error) {
    std::fprintf(stderr, "%s\n", error.sentence().c_str());
    return dsw::exit_code(error.code);
  }
  if (json) {
    std::printf("%s\n", report.dump().c_str());
  } else {
    for (const auto& [name, value] : report.items()) std::printf("%-16s %s\n", name.c_str(), value.dump().c_str());
  }
  return 0;
}
