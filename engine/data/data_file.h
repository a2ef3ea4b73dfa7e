// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/core/json.h"
#include "engine/core/result.h"
#include "engine/data/dataset.h"

namespace dsw {

/// `name` below `base` unless it is absolute; "builtin:NAME/FILE" is data/NAME/FILE of what is shipped with the program.
Result<std::filesystem::path> resolve_data_path(const std::filesystem::path& base, const std::string& name);
/// "mnist" of "builtin:mnist"; empty for other names.
std::string builtin_name(const std::string& source);

/// The bytes of a data file, unpacked where it is gzip; its hash as it lies on the disk goes to `files`. Errors are at `pointer`.
Result<std::string> read_data_file(const std::filesystem::path& base, const std::string& name, const std::string& pointer,
                                   std::vector<DataFile>& files, std::stop_token stop);

/// The same error with a JSON pointer as its place; stops keep theirs.
Error at_pointer(Error error, const std::string& pointer);

/// [train, val] or [train, val, test] of a document: shares that sum to at most 1. Error at /data/split.
struct SplitShares {
  double train = 0, val = 0, test = 0;
  bool has_test = false;  ///< three numbers were given
};
Result<SplitShares> read_split(const Json& settings, bool test_source);
/// The setting `split`.
Param split_param(const std::string& help);

/// Where [0, count) is cut: train is [0, train_end), val [train_end, val_end), test [val_end, test_end).
struct Cuts {
  std::size_t train_end = 0, val_end = 0, test_end = 0;
};
Cuts contiguous_cuts(std::size_t count, const SplitShares& shares);

/// Example numbers of the three parts. Each class is divided in the same shares as well as whole examples allow, and always keeps
/// one for training; which ones go where is drawn by `seed`. Numbers are in ascending order within a part.
struct SplitIndices {
  std::vector<std::int64_t> train, val, test;
};
SplitIndices stratified_split(const std::vector<std::int32_t>& labels, std::int32_t classes, const SplitShares& shares, std::uint64_t seed);

}  // namespace dsw
