// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "engine/core/result.h"

namespace dsw {

/// Which implementation of a kernel a device uses, the trusted ones last.
enum class KernelUse { Own, Compatible, Host };

/// What is known of one kernel on a device.
struct KernelRecord {
  KernelUse use = KernelUse::Own;
  std::string why;                          ///< "3 of 812 launches failed"; empty while it is the device's own
  std::int64_t launches = 0, failures = 0;  ///< of the implementation in use; a failure is a launch that gave a fault
  std::int64_t checks = 0, mismatches = 0;  ///< results held against the CPU's, and how many differed

  /// At least 3 failures, and surely (95 %) more than one launch in a thousand; or that of mismatches and checks.
  bool unfit() const;
};

/// Lower end of the 95 % interval of the rate behind `events` of `trials`.
/// Source: Wilson 1927, Probable inference, the law of succession, and statistical inference.
double least_rate(std::int64_t events, std::int64_t trials);

/// The records of one device's kernels by name, kept from run to run in a file that all processes of this machine share. A kernel that was
/// given up stays so until the records are reset. Not thread-safe; several processes may save.
class KernelRecords {
 public:
  /// Kept nowhere.
  KernelRecords() = default;
  /// `device`: what distinguishes it from others, its description. A file that is missing or damaged counts as empty.
  KernelRecords(std::filesystem::path file, std::string device);

  KernelRecord& of(const std::string& kernel) { return records_[kernel]; }
  const std::map<std::string, KernelRecord>& all() const { return records_; }
  /// The next implementation, of which nothing is known yet; false: it is the last one.
  bool give_up(const std::string& kernel, const std::string& why);
  /// Adds what was learned since the last time to the file. Error{Io} where it cannot be written.
  Result<void> save();

 private:
  std::filesystem::path file_;
  std::string device_;
  std::map<std::string, KernelRecord> records_, saved_;
};

/// Of every device in the file: description → kernels that are not the device's own.
std::map<std::string, std::map<std::string, KernelRecord>> given_up_kernels(const std::filesystem::path& file);
/// Forgets everything. Error{Io}.
Result<void> reset_kernel_records(const std::filesystem::path& file);
/// The file of this machine, in state_folder(); empty when there is no place.
std::filesystem::path kernel_records_file();
/// "in the compatible way", "on the CPU".
const char* kernel_use_words(KernelUse use);

}  // namespace dsw
