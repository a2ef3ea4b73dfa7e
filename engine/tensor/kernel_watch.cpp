// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/kernel_watch.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

#include "engine/tensor/dtype.h"
#include "engine/tensor/kernel_list.h"
#include "engine/tensor/step_recording.h"

namespace dsw {

/// Stands where the kernels look for their stream.
struct WatchedDevice::Relay {
  const DswKernels* inner = nullptr;
  DswStream* stream = nullptr;
  KernelWatcher* watcher = nullptr;
  std::shared_ptr<StepRecording> recording;
  DswKernels table{};
};

namespace {

enum Kernel : int {
#define DSW_INDEX(name) k_##name,
  DSW_EACH_KERNEL(DSW_INDEX)
#undef DSW_INDEX
      kKernels
};
constexpr const char* kNames[] = {
#define DSW_NAME(name) #name,
    DSW_EACH_KERNEL(DSW_NAME)
#undef DSW_NAME
};
static_assert(sizeof(DswKernels) == offsetof(DswKernels, fill) + kKernels * sizeof(void (*)()), "kernel_list.h lacks an entry");

constexpr std::size_t kMostTensors = 16;

struct Arguments {
  std::array<DswView, kMostTensors> views;
  std::size_t count = 0;
  const void* settings = nullptr;
  void add(const DswView& view) { views[count++] = view; }
  void add(const DswConv* value) { settings = value; }
  void add(const DswPool* value) { settings = value; }
  void add(const DswAttention* value) { settings = value; }
  void add(const DswAdamW* value) { settings = value; }
  void add(const DswSgd* value) { settings = value; }
  void add(const DswAdamWMany* value) { settings = value; }
  template <class Number>
  void add(Number) {}
};

template <int Index, auto Member>
struct Thunk;
template <int Index, class... Parameters, int (*DswKernels::*Member)(DswStream*, Parameters...)>
struct Thunk<Index, Member> {
  static int call(DswStream* stream, Parameters... parameters) {
    auto& relay = *reinterpret_cast<WatchedDevice::Relay*>(stream);
    if (relay.recording) relay.recording->called(Index, Member, parameters...);
    if (!relay.watcher) return (relay.inner->*Member)(relay.stream, parameters...);
    const auto begin = std::chrono::steady_clock::now();
    const int status = (relay.inner->*Member)(relay.stream, parameters...);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    Arguments arguments;
    (arguments.add(parameters), ...);
    relay.watcher->called({Index, std::span(arguments.views.data(), arguments.count), arguments.settings, seconds});
    return status;
  }
};

/// Tells the recording when memory of its step begins and ceases to be used.
class RecordedStorage final : public Storage {
 public:
  RecordedStorage(std::shared_ptr<Storage> inner, const std::shared_ptr<StepRecording>& recording)
      : inner_(std::move(inner)), recording_(recording) {
    data_ = inner_->data();
    bytes_ = inner_->bytes();
    recording->allocated(data_, bytes_);
  }
  ~RecordedStorage() override {
    if (const auto recording = recording_.lock()) recording->freed(data_);
  }

 private:
  std::shared_ptr<Storage> inner_;
  std::weak_ptr<StepRecording> recording_;
};

double elements(const DswView& x) {
  if (x.data == nullptr) return 0;
  double product = 1;
  for (int axis = 0; axis < x.rank; ++axis) product *= static_cast<double>(x.shape[axis]);
  return product;
}

/// Memory that a view touches: broadcast axes count once.
double bytes(const DswView& x) {
  if (x.data == nullptr) return 0;
  double product = static_cast<double>(dtype_bytes(static_cast<DType>(x.dtype)));
  for (int axis = 0; axis < x.rank; ++axis)
    if (x.stride[axis] != 0 || x.shape[axis] == 0) product *= static_cast<double>(x.shape[axis]);
  return product;
}

/// Pairs of a query and a key that see each other.
double attention_pairs(const DswAttention& settings, const DswView& q, const DswView& k) {
  const double T = static_cast<double>(q.shape[2]), S = static_cast<double>(k.shape[2]);
  double pairs = T * S;
  if (settings.causal) pairs = S >= T ? T * (S - T) + T * (T + 1) / 2 : S * (S + 1) / 2;
  if (settings.window > 0) pairs = std::min(pairs, T * static_cast<double>(settings.window));
  return static_cast<double>(q.shape[0]) * static_cast<double>(q.shape[1]) * pairs;
}

/// At most: listed blocks count whole where fewer pairs of them see each other.
double listed_pairs(const DswAttention& settings, const DswView& q, const DswView& k, const DswView& begin, const DswView& block) {
  double sharers = 1;  // heads and texts that share a list
  for (int axis = 0; axis < 2; ++axis)
    if (begin.stride[axis] == 0) sharers *= static_cast<double>(begin.shape[axis]);
  return std::min(sharers * elements(block) * DSW_BLOCK * DSW_BLOCK, attention_pairs(settings, q, k));
}

double flops(const KernelCall& call) {
  const auto view = [&](std::size_t i) -> const DswView& { return call.tensors[i]; };
  const auto conv = [&](const DswView& y, const DswView& w) {
    return 2 * elements(y) * static_cast<double>(w.shape[1] * w.shape[2] * w.shape[3]);
  };
  switch (call.kernel) {
    case k_matmul:
      return 2 * elements(view(3)) * static_cast<double>(view(0).shape[view(0).rank - 1]);
    case k_matmul_blocks:
      return 2 * elements(view(5)) * static_cast<double>(view(0).shape[1]);
    case k_attention_fwd:
    case k_attention_bwd: {  // two products forward, five backward
      const double pairs = attention_pairs(*static_cast<const DswAttention*>(call.settings), view(0), view(1));
      return (call.kernel == k_attention_fwd ? 4 : 10) * pairs * static_cast<double>(view(0).shape[3]);
    }
    case k_attention_blocks_fwd:
    case k_attention_blocks_bwd: {
      const double pairs = listed_pairs(*static_cast<const DswAttention*>(call.settings), view(0), view(1), view(4), view(5));
      return (call.kernel == k_attention_blocks_fwd ? 4 : 10) * pairs * static_cast<double>(view(0).shape[3]);
    }
    case k_attention_paged_fwd:  // at most: the lengths lie on the device
      return 4 * elements(view(0)) * static_cast<double>(DSW_BLOCK * view(3).shape[1]);
    case k_conv2d_fwd:
      return conv(view(3), view(1));
    case k_conv2d_bwd_data:
      return conv(view(1), view(0));
    case k_conv2d_bwd_weights:
      return conv(view(1), view(2));
    default:
      return 0;
  }
}

}  // namespace

std::span<const char* const> kernel_names() { return kNames; }

WatchedDevice::WatchedDevice(std::unique_ptr<Device> device) : ForwardingDevice(std::move(device)), relay_(std::make_unique<Relay>()) {
  relay_->inner = &inner().kernels();
  relay_->stream = inner().stream();
  relay_->table = *relay_->inner;
#define DSW_THUNK(name) \
  if (relay_->inner->name) relay_->table.name = &Thunk<k_##name, &DswKernels::name>::call;
  DSW_EACH_KERNEL(DSW_THUNK)
#undef DSW_THUNK
}
WatchedDevice::~WatchedDevice() = default;

void WatchedDevice::watch(KernelWatcher* watcher) { relay_->watcher = watcher; }
const DswKernels& WatchedDevice::kernels() const { return relay_->table; }
DswStream* WatchedDevice::stream() { return reinterpret_cast<DswStream*>(relay_.get()); }

bool WatchedDevice::record(std::shared_ptr<StepRecording> recording) {
  relay_->recording = std::move(recording);
  return true;
}

bool WatchedDevice::begin_capture() { return relay_->watcher == nullptr && inner().begin_capture(); }

void WatchedDevice::host_access() {
  if (relay_->recording) relay_->recording->refuse("the host looks into the step's memory");
}

std::shared_ptr<Storage> WatchedDevice::allocate(std::size_t bytes) {
  std::shared_ptr<Storage> storage = inner().allocate(bytes);
  return relay_->recording ? std::make_shared<RecordedStorage>(std::move(storage), relay_->recording) : storage;
}

void WatchedDevice::copy_from_host(void* to, const void* from, std::size_t bytes) {
  if (relay_->recording) relay_->recording->host_wrote(to, from, bytes);
  inner().copy_from_host(to, from, bytes);
}

void WatchedDevice::copy_to_host(void* to, const void* from, std::size_t bytes) {
  host_access();
  inner().copy_to_host(to, from, bytes);
}

void KernelProfile::called(const KernelCall& call) {
  const int dtype = call.tensors.empty() ? 0 : call.tensors.front().dtype;
  auto slot = std::find_if(shares_.begin(), shares_.end(), [&](const Slot& s) { return s.kernel == call.kernel && s.dtype == dtype; });
  if (slot == shares_.end()) {
    shares_.push_back({call.kernel, dtype, {kNames[call.kernel], dtype_name(static_cast<DType>(dtype)), 0, 0, 0, 0}});
    slot = shares_.end() - 1;
  }
  ++slot->share.calls;
  slot->share.seconds += call.seconds;
  slot->share.flops += flops(call);
  for (const DswView& view : call.tensors) slot->share.bytes += bytes(view);
  if (call.kernel != k_adamw_many) return;
  const auto& many = *static_cast<const DswAdamWMany*>(call.settings);  // its tensors lie behind a pointer
  for (const DswAdamWPiece& piece : std::span(many.pieces, static_cast<std::size_t>(many.count)))
    for (const DswView* view : {&piece.w, &piece.g, &piece.m, &piece.v}) slot->share.bytes += bytes(*view);
}

std::vector<KernelShare> KernelProfile::shares() const {
  std::vector<KernelShare> list;
  for (const Slot& slot : shares_) list.push_back(slot.share);
  std::sort(list.begin(), list.end(), [](const KernelShare& a, const KernelShare& b) { return a.seconds > b.seconds; });
  return list;
}

}  // namespace dsw
