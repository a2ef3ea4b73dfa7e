// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/guarded_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "engine/tensor/host_copies.h"
#include "engine/tensor/kernel_list.h"
#include "engine/tensor/kernel_watch.h"
#include "kernels/cpu/cpu_kernels.h"

namespace dsw {
namespace {

enum Kernel : int {
#define DSW_INDEX(name) k_##name,
  DSW_EACH_KERNEL(DSW_INDEX)
#undef DSW_INDEX
      kKernels
};

constexpr std::int64_t kCheckEvery = 4096, kCleanAfterMismatch = 64;
constexpr std::size_t kMostCheckedBytes = std::size_t{256} << 20;

}  // namespace

/// Stands where the kernels look for their stream.
struct GuardedDevice::Guard {
  Guard(Device& guarded, KernelRecords known, const DswKernels* others, std::function<void(const std::string&)> listener)
      : device(guarded), records(std::move(known)), compatible(others), tell(std::move(listener)) {}
  ~Guard() {
    if (host != nullptr) dsw_cpu_stream_destroy(host);
  }

  Device& device;
  KernelRecords records;
  const DswKernels* compatible;
  std::function<void(const std::string&)> tell;
  DswKernels table{};
  DswStream* host = nullptr;
  int last = -1;                                   ///< the kernel that was launched last
  std::array<std::int64_t, kKernels> looked_at{};  ///< launches of this process
  std::array<std::int64_t, kKernels> suspected{};  ///< launches that are still looked at, one by one
  std::array<bool, kKernels> missing{};            ///< said already

  static const char* name(int kernel) { return kernel_names()[static_cast<std::size_t>(kernel)]; }
  KernelRecord& record(int kernel) { return records.of(name(kernel)); }

  void say(const std::string& sentence) {
    if (tell) tell(sentence);
  }
  void give_up(int kernel, const std::string& why) {
    if (!records.give_up(name(kernel), why)) return;
    if (compatible == nullptr && record(kernel).use == KernelUse::Compatible) records.give_up(name(kernel), why);
    suspected[static_cast<std::size_t>(kernel)] = 0;
    const auto saved = records.save();
    say(fmt::format("{} runs {} instead of {}: {}{}", name(kernel), kernel_use_words(record(kernel).use), device.info().name, why,
                    saved ? "" : " (this could not be kept for later runs)"));
  }
  void judge(int kernel) {
    const KernelRecord& known = record(kernel);
    if (known.unfit())
      give_up(kernel, known.failures >= known.mismatches
                          ? fmt::format("{} of {} launches failed", known.failures, known.launches)
                          : fmt::format("{} of {} results differed from the CPU's", known.mismatches, known.checks));
  }

  /// Whether this launch is held against the CPU.
  bool due(int kernel) {
    const auto at = static_cast<std::size_t>(kernel);
    const std::int64_t n = ++looked_at[at];
    if (suspected[at] > 0) return --suspected[at] >= 0;
    return n < kCheckEvery ? (n & (n - 1)) == 0 : n % kCheckEvery == 0;
  }

  DswStream* host_stream() {
    if (host == nullptr) host = dsw_cpu_stream_create(static_cast<std::int32_t>(std::max(1u, std::thread::hardware_concurrency())));
    return host;
  }

  /// The fault is the kernel's, or the one before it left the device dead; then this throws the device's own error.
  void failed(int kernel) {
    ++record(kernel).failures;
    try {
      device.synchronize();
    } catch (const Error& error) {
      lost(error);
      throw;
    }
    judge(kernel);
  }
  /// A wait or copy failed: what was launched last is blamed.
  void lost(const Error& error) {
    if (error.code == ErrorCode::DeviceFault && last >= 0)
      give_up(std::exchange(last, -1), fmt::format("after it the device answered no more ({})", error.message));
  }
};

namespace {

using Guard = GuardedDevice::Guard;

template <int Index, auto Member>
struct Guarded;
template <int Index, class... Parameters, int (*DswKernels::*Member)(DswStream*, Parameters...)>
struct Guarded<Index, Member> {
  static int on_host(Guard& guard, HostCopies& copies, const Parameters&... parameters) {
    DswStream* stream = guard.host_stream();
    return stream != nullptr ? (dsw_cpu_kernels()->*Member)(stream, copies.here(parameters)...) : static_cast<int>(DSW_OUT_OF_MEMORY);
  }
  static HostCopies copies_of(Device& device, const Parameters&... parameters) {
    HostCopies copies;
    (copies.note(parameters), ...);
    copies.read(device);
    return copies;
  }
  /// The call, computed by the CPU.
  static int elsewhere(Guard& guard, const Parameters&... parameters) {
    const HostCopies before = copies_of(guard.device, parameters...);
    HostCopies after = before;
    const int status = on_host(guard, after, parameters...);
    if (status == DSW_OK) after.write(guard.device, before);
    return status;
  }
  static bool agree_all(const HostCopies& ours, const HostCopies& truth, const HostCopies& before, const Parameters&... parameters) {
    double scale = 0;
    bool same = true;
    const auto weigh = [&](const auto& parameter) {
      if constexpr (std::is_same_v<std::decay_t<decltype(parameter)>, DswView>)
        scale = std::max(scale, largest_magnitude(before.here(parameter)));
    };
    const auto compare = [&](const auto& parameter) {
      using T = std::decay_t<decltype(parameter)>;
      if constexpr (std::is_same_v<T, DswView>) {
        same = same && agree(ours.here(parameter), truth.here(parameter), scale);
      } else if constexpr (std::is_same_v<T, const DswAdamWMany*>) {
        const DswAdamWMany *left = ours.here(parameter), *right = truth.here(parameter);
        for (std::int64_t i = 0; i < left->count; ++i)
          same = same && agree(left->pieces[i].w, right->pieces[i].w, 1) && agree(left->pieces[i].m, right->pieces[i].m, 1) &&
                 agree(left->pieces[i].v, right->pieces[i].v, 1);
      }
    };
    (weigh(parameters), ...);
    (compare(parameters), ...);
    return same;
  }

  static int call(DswStream* stream, Parameters... parameters) {
    Guard& guard = *reinterpret_cast<Guard*>(stream);
    Device& device = guard.device;
    KernelRecord& record = guard.record(Index);
    if (record.use == KernelUse::Host) return elsewhere(guard, parameters...);
    const bool own = record.use == KernelUse::Own || guard.compatible == nullptr || guard.compatible->*Member == nullptr;
    const auto kernel = own ? device.kernels().*Member : guard.compatible->*Member;
    ++record.launches;
    guard.last = Index;

    HostCopies before;
    bool checked = guard.due(Index);
    if (checked) {
      (before.note(parameters), ...);
      checked = before.bytes() <= kMostCheckedBytes;
      if (checked) before.read(device);
    }
    const int status = kernel(device.stream(), parameters...);
    if (status == DSW_UNSUPPORTED) {
      if (!std::exchange(guard.missing[Index], true))
        guard.say(fmt::format("{} runs on the CPU: {} has no kernel for it", Guard::name(Index), device.info().name));
      return elsewhere(guard, parameters...);
    }
    if (status == DSW_DEVICE_FAULT) {
      guard.failed(Index);
      return elsewhere(guard, parameters...);
    }
    if (status != DSW_OK || !checked) return status;

    const HostCopies ours = copies_of(device, parameters...);
    HostCopies truth = before;
    if (const int host = on_host(guard, truth, parameters...); host != DSW_OK) return host;
    ++record.checks;
    if (agree_all(ours, truth, before, parameters...)) return DSW_OK;
    ++record.mismatches;
    guard.suspected[Index] = kCleanAfterMismatch;
    truth.write(device, ours);
    guard.judge(Index);
    return DSW_OK;
  }
};

}  // namespace

GuardedDevice::GuardedDevice(std::unique_ptr<Device> device, KernelRecords records, const DswKernels* compatible,
                             std::function<void(const std::string&)> tell)
    : ForwardingDevice(std::move(device)), guard_(std::make_unique<Guard>(inner(), std::move(records), compatible, std::move(tell))) {
  const DswKernels& own = inner().kernels();
  guard_->table = own;
#define DSW_GUARD(entry) \
  if (own.entry) guard_->table.entry = &Guarded<k_##entry, &DswKernels::entry>::call;
  DSW_EACH_KERNEL(DSW_GUARD)
#undef DSW_GUARD
}

GuardedDevice::~GuardedDevice() {
  if (guard_->last >= 0) static_cast<void>(guard_->records.save());  // counts only; what is given up was saved at once
}

const DswKernels& GuardedDevice::kernels() const { return guard_->table; }
DswStream* GuardedDevice::stream() { return reinterpret_cast<DswStream*>(guard_.get()); }
const KernelRecords& GuardedDevice::records() const { return guard_->records; }

void GuardedDevice::copy_to_host(void* to, const void* from, std::size_t bytes) {
  try {
    inner().copy_to_host(to, from, bytes);
  } catch (const Error& error) {
    guard_->lost(error);
    throw;
  }
}

void GuardedDevice::synchronize() {
  try {
    inner().synchronize();
  } catch (const Error& error) {
    guard_->lost(error);
    throw;
  }
}

}  // namespace dsw
