// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/big_project.h"

#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "engine/core/sha256.h"
#include "engine/store/metric_points.h"
#include "engine/store/migrations.h"

namespace dsw {
namespace {

constexpr double kFirstDay = 1'760'000'000;

/// Which metrics a run has, and what part of its points.
struct Kind {
  const char* key;
  double share;
};
constexpr std::array<Kind, 5> kKinds{
    {{"train/loss", 0.4}, {"train/lr", 0.2}, {"train/grad-norm", 0.2}, {"val/loss", 0.1}, {"val/accuracy", 0.1}}};

double value_of_kind(int kind, double progress, double quality, double noise) {
  const double loss = (0.9 + quality) + 3.5 * std::exp(-6 * progress) + 0.08 * noise;
  switch (kind) {
    case 1:
      return 1e-3 * std::min(1.0, progress * 20) * (0.5 + 0.5 * std::cos(3.14159265358979 * progress));
    case 2:
      return std::fabs(1.0 + 0.4 * noise) * std::exp(-progress);
    case 3:
      return loss + 0.15;
    case 4:
      return 1 / (0.2 + loss);
    default:
      return loss;
  }
}

struct Made {
  std::vector<MetricPoint> points;
  MetricSummary summary;
};

Made make_points(std::uint64_t run, int kind, int count, double started, std::mt19937& random) {
  Made made;
  made.points.reserve(static_cast<std::size_t>(count));
  const double quality = static_cast<double>(run % 37) / 100;
  for (int i = 0; i < count; ++i) {
    // Sums of two uniform numbers: noise enough, and the same on every machine, which distributions of the library are not.
    const double noise = (static_cast<double>(random()) + static_cast<double>(random())) / 4294967296.0 - 1;
    const double progress = count > 1 ? static_cast<double>(i) / (count - 1) : 1;
    MetricPoint point;
    point.seq = 2 + kind + static_cast<std::int64_t>(i) * 5;
    point.step = static_cast<std::int64_t>(i) * 2000 / count;
    point.time = started + progress * 400;
    // As a trainer gives them: results of float32 arithmetic.
    point.value = static_cast<float>(value_of_kind(kind, progress, quality, noise));
    if (kind == 0 && run % 101 == 7 && i == count / 2) point.value = std::numeric_limits<double>::quiet_NaN();
    made.points.push_back(point);
    add_to_summary(made.summary, kKinds[static_cast<std::size_t>(kind)].key, point.step, point.value);
  }
  return made;
}

std::string id_of(char kind, std::uint64_t number) { return sha256(fmt::format("{}{}", kind, number)).substr(0, 32); }

std::string document_of(int experiment) {
  return fmt::format(
      R"({{"deepshock":1,"task":"train","name":"sweep-{0:02}","seed":1,"data":{{"type":"text","source":"builtin:tinyshakespeare"}},)"
      R"("model":{{"type":"gpt","layers":{1},"heads":4,"width":{2}}},"optimizer":{{"type":"adamw","lr":{3}}},"training":{{"steps":2000,"batch":12}}}})",
      experiment, 2 + experiment % 6, 64 << (experiment % 3), 1e-4 * (1 + experiment % 10));
}

void add_run(Database& database, int experiment, std::uint64_t number, const BigProjectSize& size) {
  static constexpr const char* kStatuses[] = {"finished", "finished", "finished", "finished",
                                              "stopped",  "failed",   "finished", "interrupted"};
  const std::string status = kStatuses[number % 8];
  const double created = kFirstDay + static_cast<double>(number) * 500;
  std::mt19937 random(static_cast<unsigned>(number));
  std::array<Made, kKinds.size()> made;
  std::int64_t last_seq = 1;
  for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
    made[kind] =
        make_points(number, static_cast<int>(kind), static_cast<int>(std::lround(size.points * kKinds[kind].share)), created + 5, random);
    if (!made[kind].points.empty()) last_seq = std::max(last_seq, made[kind].points.back().seq);
  }
  database.run(
      "INSERT INTO runs (number, id, experiment, version, task, status, seed, device, step, total_steps, rate, rate_unit, created, "
      "started, ended, seconds, "
      "sentence, tags, note, archived, last_seq) VALUES (?1, ?2, ?3, 1, 'train', ?4, ?5, 'cpu', 2000, 2000, 17500, 'tokens/s', ?6, ?7, ?8, "
      "400, ?9, ?10, ?11, ?12, ?13)",
      static_cast<std::int64_t>(number), id_of('r', number), id_of('e', static_cast<std::uint64_t>(experiment)), status,
      std::to_string(number % 5), created, created + 5, created + 405, status == "failed" ? "val/loss became NaN at step 1000." : "",
      number % 10 == 0 ? "paper" : "", number % 25 == 0 ? "worth another look" : "", number % 50 == 49, last_seq);
  const auto run = static_cast<std::int64_t>(number);
  database.run("INSERT INTO run_texts (run, kind, text) VALUES (?1, 'document', ?2), (?1, 'resolved', ?2)", run, document_of(experiment));
  for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
    if (made[kind].points.empty()) continue;
    const auto key = static_cast<std::int64_t>(kind) + 1;
    add_packed(database, run, key, made[kind].points);
    write_summary(database, run, key, made[kind].summary);
  }
}

}  // namespace

std::vector<MetricPoint> made_up_curve(std::uint64_t run, int count) {
  std::mt19937 random(static_cast<unsigned>(run));
  return make_points(run, 0, count, kFirstDay, random).points;
}

void make_big_project(const std::filesystem::path& path, const BigProjectSize& size) {
  Database database(path, Database::Access::Create);
  create_tables(database, project_format(), id_of('p', 1));
  // Nobody needs half of it: no journal, no syncing.
  database.text("PRAGMA journal_mode = MEMORY");
  database.script("PRAGMA synchronous = OFF; PRAGMA cache_size = -65536");
  for (int experiment = 0; experiment < size.experiments; ++experiment) {
    Transaction transaction(database, Transaction::Kind::Write);
    if (experiment == 0) {
      for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
        database.run("INSERT INTO metric_keys (id, key) VALUES (?1, ?2)", static_cast<std::int64_t>(kind) + 1, kKinds[kind].key);
      }
    }
    const std::string id = id_of('e', static_cast<std::uint64_t>(experiment)), document = document_of(experiment);
    const double created = kFirstDay + experiment * 500.0 * size.runs;
    database.run("INSERT INTO experiments (id, name, task, created, changed) VALUES (?1, ?2, 'train', ?3, ?3)", id,
                 fmt::format("sweep-{:02}", experiment), created);
    database.run("INSERT INTO experiment_versions (experiment, version, created, base, document) VALUES (?1, 1, ?2, '', ?3)", id, created,
                 document);
    for (int run = 0; run < size.runs; ++run) {
      add_run(database, experiment,
              static_cast<std::uint64_t>(experiment) * static_cast<std::uint64_t>(size.runs) + static_cast<std::uint64_t>(run) + 1, size);
    }
    transaction.commit();
  }
}

}  // namespace dsw
