// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/kernel_records.h"

#include <array>
#include <chrono>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "engine/core/file_bytes.h"
#include "engine/core/file_lock.h"
#include "engine/core/ids.h"
#include "engine/core/json.h"
#include "engine/core/state_folder.h"

namespace dsw {
namespace {

constexpr std::int64_t kLeastEvents = 3;
constexpr double kMostRate = 0.001;
constexpr int kLockTries = 50;
constexpr std::array<const char*, 3> kUseNames{"own", "compatible", "host"};

using Devices = std::map<std::string, std::map<std::string, KernelRecord>>;

std::optional<KernelUse> use_of(const std::string& name) {
  for (std::size_t i = 0; i < kUseNames.size(); ++i)
    if (name == kUseNames[i]) return static_cast<KernelUse>(i);
  return std::nullopt;
}

Devices read(const std::filesystem::path& file) {
  Devices devices;
  const auto bytes = read_file(file);
  if (!bytes) return devices;
  const Json json = Json::parse(*bytes, nullptr, false);
  if (!json.is_object()) return devices;
  for (const auto& [device, kernels] : json.items()) {
    if (!kernels.is_object()) continue;
    for (const auto& [kernel, at] : kernels.items()) {
      const auto use = at.is_object() ? use_of(at.value("use", "")) : std::nullopt;
      const auto number = [&at = at](const char* key) {
        const auto it = at.find(key);
        return it != at.end() && it->is_number_integer() ? it->get<std::int64_t>() : 0;
      };
      if (use)
        devices[device][kernel] = {
            *use, at.value("why", ""), number("launches"), number("failures"), number("checks"), number("mismatches")};
    }
  }
  return devices;
}

Result<void> write(const std::filesystem::path& file, const Devices& devices) {
  Json json = Json::object();
  for (const auto& [device, kernels] : devices)
    for (const auto& [kernel, record] : kernels)
      json[device][kernel] = {{"use", kUseNames[static_cast<std::size_t>(record.use)]},
                              {"why", record.why},
                              {"launches", record.launches},
                              {"failures", record.failures},
                              {"checks", record.checks},
                              {"mismatches", record.mismatches}};
  std::filesystem::path beside = file;
  beside += "." + new_id();
  std::ofstream out(beside, std::ios::binary);
  out << json.dump(1) << '\n';
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(beside, file, error);
  if (out && !error) return {};
  std::error_code none;
  std::filesystem::remove(beside, none);
  return fail(ErrorCode::Io, "What is known of the devices' kernels could not be kept", "Free some space, or make the folder writable.",
              file.string());
}

}  // namespace

double least_rate(std::int64_t events, std::int64_t trials) {
  if (trials <= 0) return 0;
  const double n = static_cast<double>(trials), p = static_cast<double>(events) / n, z = 1.959964;
  const double centre = p + z * z / (2 * n), half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return std::max(0.0, (centre - half) / (1 + z * z / n));
}

bool KernelRecord::unfit() const {
  const auto too_often = [](std::int64_t events, std::int64_t trials) {
    return events >= kLeastEvents && least_rate(events, trials) > kMostRate;
  };
  return too_often(failures, launches) || too_often(mismatches, checks);
}

KernelRecords::KernelRecords(std::filesystem::path file, std::string device) : file_(std::move(file)), device_(std::move(device)) {
  if (!file_.empty()) records_ = saved_ = read(file_)[device_];
}

bool KernelRecords::give_up(const std::string& kernel, const std::string& why) {
  KernelRecord& record = records_[kernel];
  if (record.use == KernelUse::Host) return false;
  record = {static_cast<KernelUse>(static_cast<int>(record.use) + 1), why, 0, 0, 0, 0};
  return true;
}

Result<void> KernelRecords::save() {
  if (file_.empty()) return {};
  std::error_code none;
  std::filesystem::create_directories(file_.parent_path(), none);
  std::filesystem::path lock_file = file_;
  lock_file += ".lock";
  auto lock = FileLock::acquire(lock_file);
  for (int i = 0; i < kLockTries && !lock && lock.error().code == ErrorCode::Locked; ++i) {  // held while a small file is written
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    lock = FileLock::acquire(lock_file);
  }
  if (!lock) return fail(lock.error());
  Devices devices = read(file_);
  for (const auto& [kernel, mine] : records_) {
    KernelRecord& kept = devices[device_][kernel];
    const KernelRecord& before = saved_[kernel];
    if (mine.use > kept.use) {
      kept = mine;
    } else if (mine.use == kept.use) {  // others counted too
      const bool same = before.use == mine.use;
      kept.launches += mine.launches - (same ? before.launches : 0);
      kept.failures += mine.failures - (same ? before.failures : 0);
      kept.checks += mine.checks - (same ? before.checks : 0);
      kept.mismatches += mine.mismatches - (same ? before.mismatches : 0);
      if (kept.why.empty()) kept.why = mine.why;
    }
  }
  DSW_TRY(write(file_, devices));
  records_ = saved_ = devices[device_];
  return {};
}

Devices given_up_kernels(const std::filesystem::path& file) {
  Devices devices = read(file);
  for (auto& [device, kernels] : devices) std::erase_if(kernels, [](const auto& one) { return one.second.use == KernelUse::Own; });
  std::erase_if(devices, [](const auto& one) { return one.second.empty(); });
  return devices;
}

Result<void> reset_kernel_records(const std::filesystem::path& file) {
  std::error_code error;
  std::filesystem::remove(file, error);
  if (error)
    return fail(ErrorCode::Io, fmt::format("What is known of kernels could not be removed ({})", error.message()), "", file.string());
  return {};
}

std::filesystem::path kernel_records_file() {
  const std::filesystem::path folder = state_folder();
  return folder.empty() ? folder : folder / "kernels.json";
}

const char* kernel_use_words(KernelUse use) {
  return use == KernelUse::Own ? "its own way" : use == KernelUse::Compatible ? "in the compatible way" : "on the CPU";
}

}  // namespace dsw
