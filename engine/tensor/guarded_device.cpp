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
constexpr std::int64_t kCarefulLaunches = 20'000;
// In the records, beside the kernels:
constexpr const char* kCapturedStep = "captured_step";
constexpr const char* kFaultInDoubt =
    "fault_in_doubt";  // failures: how often it was not known what left the device dead; checks: searched for

class GuardedGraph final : public DeviceGraph {
 public:
  std::shared_ptr<DeviceGraph> inner;
  std::array<std::int64_t, kKernels> launches{};
  int changes = 0;  ///< as Guard::changes stood
};

}  // namespace

/// Stands where the kernels look for their stream.
struct GuardedDevice::Guard {
  Guard(Device& guarded, KernelRecords known, std::function<void(const std::string&)> listener)
      : device(guarded), records(std::move(known)), tell(std::move(listener)) {
    if (const DswKernels* others = device.compatible_kernels()) compatible = *others;
    if (const auto doubt = records.all().find(kFaultInDoubt); doubt != records.all().end() && doubt->second.failures > doubt->second.checks)
      careful = kCarefulLaunches;
  }
  ~Guard() {
    if (host != nullptr) dsw_cpu_stream_destroy(host);
  }

  Device& device;
  KernelRecords records;
  DswKernels compatible{};
  std::function<void(const std::string&)> tell;
  DswKernels table{};
  DswStream* host = nullptr;
  static constexpr int kNone = -1;
  int last = kNone;                                ///< the kernel that was launched last; kKernels: a captured step
  std::array<bool, kKernels> doubtful{};           ///< launched since the device was last seen to live
  std::int64_t careful = 0;                        ///< launches that are still waited for, one by one, to find which one kills the device
  std::array<std::int64_t, kKernels> looked_at{};  ///< launches of this process
  std::array<std::int64_t, kKernels> suspected{};  ///< launches that are still looked at, one by one
  std::array<bool, kKernels> missing{};            ///< said already
  std::array<bool, kKernels> has_compatible{};
  std::unique_ptr<GuardedGraph> capture;  ///< what is being captured
  std::string uncapturable;               ///< why it cannot be
  bool told_uncapturable = false;
  int changes = 0;  ///< how often a kernel was given up

  static const char* name(int kernel) { return kernel_names()[static_cast<std::size_t>(kernel)]; }
  KernelRecord& record(int kernel) { return records.of(name(kernel)); }

  void say(const std::string& sentence) {
    if (tell) tell(sentence);
  }
  void give_up(int kernel, const std::string& why) {
    if (!records.give_up(name(kernel), why)) return;
    if (record(kernel).use == KernelUse::Compatible && !has_compatible[static_cast<std::size_t>(kernel)])
      records.give_up(name(kernel), why);
    suspected[static_cast<std::size_t>(kernel)] = 0;
    ++changes;
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
    wait_for([this] { device.synchronize(); });
    judge(kernel);
  }
  void launched(int kernel) {
    last = kernel;
    doubtful[static_cast<std::size_t>(kernel)] = true;
  }
  void lives() { doubtful.fill(false); }
  /// The device does `work`, which waits for it.
  template <class Work>
  void wait_for(Work&& work) {
    try {
      work();
      lives();
    } catch (const Error& error) {
      lost(error);
      throw;
    }
  }
  /// Waits for the launch while the one that kills the device is sought.
  void look_after_launch() {
    if (careful == 0) return;
    wait_for([this] { device.synchronize(); });
    if (--careful == 0) found();
  }
  void found() {
    careful = 0;
    records.of(kFaultInDoubt).checks = records.of(kFaultInDoubt).failures;
  }
  /// A wait or copy failed. Work runs on while others are launched, so that the guilty one is known only where there is but one.
  void lost(const Error& error) {
    if (error.code != ErrorCode::DeviceFault || last == kNone) return;
    const int blamed = std::exchange(last, kNone);
    const std::string why = fmt::format("after it the device answered no more ({})", error.message);
    if (blamed == kKernels) return give_up_capturing(why);
    if (std::count(doubtful.begin(), doubtful.end(), true) > 1) return doubt(error);
    if (careful > 0) found();
    give_up(blamed, why);
  }
  void doubt(const Error& error) {
    std::string names;
    for (int kernel = 0; kernel < kKernels; ++kernel)
      if (doubtful[static_cast<std::size_t>(kernel)]) names += (names.empty() ? "" : ", ") + std::string(name(kernel));
    ++records.of(kFaultInDoubt).failures;
    const auto saved = records.save();
    say(fmt::format("After one of {} {} answered no more ({}): the next run on it {}", names, device.info().name, error.message,
                    saved ? "waits after each launch until it is found" : "cannot know that, for it could not be kept"));
  }
  void give_up_capturing(const std::string& why) {
    if (records.of(kCapturedStep).use != KernelUse::Own || !records.give_up(kCapturedStep, why)) return;
    const auto saved = records.save();
    say(fmt::format("Repeated steps run kernel by kernel on {}: {}{}", device.info().name, why,
                    saved ? "" : " (this could not be kept for later runs)"));
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
  static HostCopies copies_of(Guard& guard, const Parameters&... parameters) {
    HostCopies copies;
    (copies.note(parameters), ...);
    guard.wait_for([&] { copies.read(guard.device); });
    return copies;
  }
  /// The call, computed by the CPU.
  static int elsewhere(Guard& guard, const Parameters&... parameters) {
    const HostCopies before = copies_of(guard, parameters...);
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
    const auto kernel = record.use == KernelUse::Own          ? device.kernels().*Member
                        : record.use == KernelUse::Compatible ? guard.compatible.*Member
                                                              : nullptr;
    if (guard.capture) {
      const int status = kernel != nullptr ? kernel(device.stream(), parameters...) : static_cast<int>(DSW_UNSUPPORTED);
      if (status != DSW_OK && guard.uncapturable.empty()) guard.uncapturable = Guard::name(Index);
      ++guard.capture->launches[Index];
      return status;
    }
    if (kernel == nullptr) return elsewhere(guard, parameters...);
    ++record.launches;
    HostCopies before;
    bool checked = guard.due(Index);
    if (checked) {
      (before.note(parameters), ...);
      checked = before.bytes() <= kMostCheckedBytes;
      if (checked) guard.wait_for([&] { before.read(device); });
    }
    guard.launched(Index);
    const int status = kernel(device.stream(), parameters...);
    if (status == DSW_OK) guard.look_after_launch();
    if (status == DSW_UNSUPPORTED) {
      if (!std::exchange(guard.missing[Index], true))
        guard.say(fmt::format("{} runs on the CPU: {} has no kernel for it", Guard::name(Index), device.info().name));
      return elsewhere(guard, parameters...);
    }
    if (status == DSW_DEVICE_FAULT) {
      const bool own = record.use == KernelUse::Own;
      guard.failed(Index);
      if (own && guard.compatible.*Member != nullptr && (guard.compatible.*Member)(device.stream(), parameters...) == DSW_OK) return DSW_OK;
      return elsewhere(guard, parameters...);
    }
    if (status != DSW_OK || !checked) return status;

    const HostCopies ours = copies_of(guard, parameters...);
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

GuardedDevice::GuardedDevice(std::unique_ptr<Device> device, KernelRecords records, std::function<void(const std::string&)> tell)
    : ForwardingDevice(std::move(device)), guard_(std::make_unique<Guard>(inner(), std::move(records), std::move(tell))) {
  const DswKernels& own = inner().kernels();
  guard_->table = own;
#define DSW_GUARD(entry)                                                              \
  if (own.entry) guard_->table.entry = &Guarded<k_##entry, &DswKernels::entry>::call; \
  guard_->has_compatible[k_##entry] = guard_->compatible.entry != nullptr;
  DSW_EACH_KERNEL(DSW_GUARD)
#undef DSW_GUARD
}

GuardedDevice::~GuardedDevice() {
  if (guard_->last != Guard::kNone) static_cast<void>(guard_->records.save());  // counts only; what is given up was saved at once
}

const DswKernels& GuardedDevice::kernels() const { return guard_->table; }
DswStream* GuardedDevice::stream() { return reinterpret_cast<DswStream*>(guard_.get()); }
const KernelRecords& GuardedDevice::records() const { return guard_->records; }

void GuardedDevice::copy_to_host(void* to, const void* from, std::size_t bytes) {
  guard_->wait_for([&] { inner().copy_to_host(to, from, bytes); });
}

void GuardedDevice::synchronize() {
  guard_->wait_for([this] { inner().synchronize(); });
}

bool GuardedDevice::begin_capture() {
  if (guard_->careful > 0 || guard_->records.of(kCapturedStep).use != KernelUse::Own || !inner().begin_capture()) return false;
  guard_->capture = std::make_unique<GuardedGraph>();
  guard_->capture->changes = guard_->changes;
  guard_->uncapturable.clear();
  return true;
}

std::shared_ptr<DeviceGraph> GuardedDevice::end_capture(std::shared_ptr<DeviceGraph> before) {
  std::shared_ptr<GuardedGraph> graph = std::move(guard_->capture);
  graph->inner = inner().end_capture(before ? std::move(static_cast<GuardedGraph&>(*before).inner) : nullptr);
  if (graph->inner && guard_->uncapturable.empty()) return graph;
  if (!std::exchange(guard_->told_uncapturable, true))
    guard_->say(fmt::format("A repeated step runs kernel by kernel on {}: {} cannot be captured", inner().info().name,
                            guard_->uncapturable.empty() ? "it" : guard_->uncapturable));
  return nullptr;
}

bool GuardedDevice::launch(DeviceGraph& captured) {
  auto& graph = static_cast<GuardedGraph&>(captured);
  if (graph.changes != guard_->changes || guard_->records.of(kCapturedStep).use != KernelUse::Own) return false;
  guard_->last = kKernels;
  try {
    if (!inner().launch(*graph.inner)) return false;
  } catch (const Error& error) {
    if (error.code != ErrorCode::DeviceFault) throw;
    guard_->give_up_capturing(error.message);  // nothing has run
    synchronize();                             // where it is the device that failed
    return false;
  }
  ++guard_->records.of(kCapturedStep).launches;
  for (int kernel = 0; kernel < kKernels; ++kernel) {
    const auto at = static_cast<std::size_t>(kernel);
    if (graph.launches[at] == 0) continue;
    guard_->record(kernel).launches += graph.launches[at];
    guard_->doubtful[at] = true;
  }
  return true;
}

}  // namespace dsw
