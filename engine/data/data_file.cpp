// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/data_file.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/core/file_bytes.h"
#include "engine/core/resource_folder.h"
#include "engine/core/rng.h"
#include "engine/core/sha256.h"

namespace dsw {

std::string builtin_name(const std::string& source) {
  constexpr std::string_view kPrefix = "builtin:";
  return source.rfind(kPrefix, 0) == 0 ? source.substr(kPrefix.size()) : std::string();
}

Result<std::filesystem::path> resolve_data_path(const std::filesystem::path& base, const std::string& name) {
  if (const std::string shipped = builtin_name(name); !shipped.empty()) {
    DSW_TRY_ASSIGN(const std::filesystem::path folder, resource_folder());
    return folder / "data" / shipped;
  }
  const std::filesystem::path path(name);
  return path.is_absolute() || base.empty() ? path : base / path;
}

Error at_pointer(Error error, const std::string& pointer) {
  if (error.code != ErrorCode::Stopped) error.where = pointer;
  return error;
}

Result<std::string> read_data_file(const std::filesystem::path& base, const std::string& name, const std::string& pointer,
                                   std::vector<DataFile>& files, std::stop_token stop) {
  const auto path = resolve_data_path(base, name);
  if (!path) return fail(path.error());
  auto bytes = read_file(*path, stop);
  if (!bytes) return fail(at_pointer(bytes.error(), pointer));
  files.push_back({builtin_name(name).empty() ? path->string() : name, sha256(*bytes), bytes->size()});
  if (!is_gzip(*bytes)) return bytes;
  auto unpacked = gunzip(*bytes, path->filename().string(), stop);
  if (!unpacked) return fail(at_pointer(unpacked.error(), pointer));
  return unpacked;
}

Param split_param(const std::string& help) {
  Param p = list_param("split", "Split", "[0.9, 0.1]", float_param("", "Share", std::nullopt, 0, 1, ""), help);
  p.min_items = 2;
  p.max_items = 3;
  return p;
}

Result<SplitShares> read_split(const Json& settings, bool test_source) {
  const auto numbers = settings.at("split").get<std::vector<double>>();
  const auto wrong = [](std::string message, std::string hint) {
    return fail(ErrorCode::InvalidDocument, std::move(message), std::move(hint), "/data/split");
  };
  SplitShares shares{numbers.at(0), numbers.at(1), numbers.size() > 2 ? numbers[2] : 0, numbers.size() > 2};
  const double sum = shares.train + shares.val + shares.test;
  if (sum > 1 + 1e-9) return wrong(fmt::format("the shares sum to {:.6g}, more than 1", sum), "Lower one of them.");
  if (shares.train <= 0) return wrong("the training part has the share 0", "Give it a share above 0.");
  if (shares.has_test && test_source)
    return wrong("there are three shares, but the test part comes from a file of its own", "Give two shares, for training and validation.");
  return shares;
}

Cuts contiguous_cuts(std::size_t count, const SplitShares& shares) {
  const auto cut = [count](double share) {
    if (share >= 1 - 1e-9) return count;
    return std::min(count, static_cast<std::size_t>(static_cast<double>(count) * share + 1e-6));  // as int(n * 0.9), but 0.1 + 0.2 is 0.3
  };
  return {cut(shares.train), cut(shares.train + shares.val), cut(shares.train + shares.val + shares.test)};
}

SplitIndices stratified_split(const std::vector<std::int32_t>& labels, std::int32_t classes, const SplitShares& shares,
                              std::uint64_t seed) {
  std::vector<std::vector<std::int64_t>> of_class(static_cast<std::size_t>(classes));
  for (std::size_t i = 0; i < labels.size(); ++i) of_class[static_cast<std::size_t>(labels[i])].push_back(static_cast<std::int64_t>(i));
  Rng rng(seed, "split");
  SplitIndices parts;
  // What rounding took from one class goes to the next, so that the sums of the parts are right too.
  double owed_val = 0, owed_test = 0, owed_train = 0;
  const bool whole = shares.train + shares.val + shares.test >= 1 - 1e-9;
  for (auto& examples : of_class) {
    rng.shuffle(examples.begin(), examples.end());
    const auto n = static_cast<std::int64_t>(examples.size());
    const auto take = [&](double share, double& owed, std::int64_t most) {
      owed += share * static_cast<double>(n);
      const std::int64_t count = std::clamp<std::int64_t>(std::llround(owed - 1e-9), 0, std::max<std::int64_t>(0, most));
      owed -= static_cast<double>(count);
      return count;
    };
    const std::int64_t test = take(shares.test, owed_test, n - 1), val = take(shares.val, owed_val, n - 1 - test);
    const std::int64_t rest = n - test - val,
                       train = whole ? rest : std::max<std::int64_t>(std::min<std::int64_t>(1, rest), take(shares.train, owed_train, rest));
    const auto part = [&](std::vector<std::int64_t>& to, std::int64_t begin, std::int64_t count) {
      to.insert(to.end(), examples.begin() + begin, examples.begin() + begin + count);
    };
    part(parts.test, 0, test);
    part(parts.val, test, val);
    part(parts.train, test + val, train);
  }
  for (auto* part : {&parts.train, &parts.val, &parts.test}) std::sort(part->begin(), part->end());
  return parts;
}

}  // namespace dsw
