// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/cuda_device.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <utility>

#include "engine/core/resource_folder.h"
#include "engine/tensor/kernel_list.h"

namespace dsw {
namespace {

std::string mebibytes(std::uint64_t bytes) { return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / 1048576.0); }

/// A module's stream and what is allocated through it; opened when it is first needed, for that takes memory of the device, and closed when
/// the device, its graphs and the last storage are gone.
class ModuleStream {
 public:
  ModuleStream(const DswDeviceModule& module, int number, std::string name) : module_(module), number_(number), name_(std::move(name)) {}
  ~ModuleStream() {
    if (stream_ != nullptr) module_.close_stream(stream_);
  }
  ModuleStream(const ModuleStream&) = delete;
  ModuleStream& operator=(const ModuleStream&) = delete;

  const DswDeviceModule& module() const { return module_; }
  const std::string& name() const { return name_; }
  int number() const { return number_; }
  DswStream* get() {
    if (stream_ == nullptr) check(module_.open_stream(number_, &stream_), "opening the device");
    return stream_;
  }

  void* allocate(std::size_t bytes) {
    void* memory = nullptr;
    int status = module_.allocate(get(), bytes, &memory);
    if (status == DSW_OUT_OF_MEMORY) {
      module_.trim(stream_);  // the pool may hold pieces that are too small
      status = module_.allocate(stream_, bytes, &memory);
    }
    if (status == DSW_OUT_OF_MEMORY)
      throw Error(ErrorCode::OutOfMemory,
                  fmt::format("A tensor needs {}, but {} of {}'s memory are free.", mebibytes(bytes), mebibytes(free_bytes()), name_),
                  "Use a smaller batch, a shorter context or a smaller model.");
    check(status, "allocation");
    const std::uint64_t live = live_bytes_.fetch_add(bytes) + bytes;
    for (std::uint64_t peak = peak_bytes_; live > peak && !peak_bytes_.compare_exchange_weak(peak, live);) {
    }
    note_reserved();
    return memory;
  }
  void release(void* memory, std::size_t bytes) {
    module_.release(stream_, memory);  // of a lost device nothing can be given back
    live_bytes_ -= bytes;
  }

  std::uint64_t free_bytes() const {
    DswDeviceInfo info{};
    return module_.device_info(number_, &info) == DSW_OK ? info.free_bytes : 0;
  }
  AllocatorStats stats() const { return {live_bytes_, peak_bytes_, reserved_bytes_, system_allocations_}; }
  void reset_peak() { peak_bytes_ = live_bytes_.load(); }
  void release_cache() {
    check(module_.trim(get()), "release of memory");
    note_reserved();
  }

  /// Throws Error: the device, what was asked, and the module's own words.
  void check(int status, const char* what) const {
    if (status == DSW_OK) return;
    const std::string why = module_.last_error();
    if (status == DSW_BAD_ARGUMENT)
      throw Error(ErrorCode::InvalidArgument, fmt::format("On {} {}.", name_, why),
                  "Compare the data with the model's number of classes or tokens.");
    throw Error(ErrorCode::DeviceFault, fmt::format("{} failed on {}: {}.", what, name_, why), "Resume the run from its last checkpoint.");
  }

 private:
  /// The pool grows in large pieces: each time that it holds more, the system was asked.
  void note_reserved() {
    DswStreamMemory held{};
    if (module_.memory(stream_, &held) != DSW_OK) return;
    if (held.reserved_bytes > reserved_bytes_.exchange(held.reserved_bytes)) ++system_allocations_;
  }

  const DswDeviceModule& module_;
  const int number_;
  const std::string name_;
  DswStream* stream_ = nullptr;
  std::atomic<std::uint64_t> live_bytes_{0}, peak_bytes_{0}, reserved_bytes_{0}, system_allocations_{0};
};

class ModuleStorage final : public Storage {
 public:
  ModuleStorage(std::shared_ptr<ModuleStream> stream, std::size_t bytes)
      : stream_(std::move(stream)), taken_(std::max<std::size_t>(bytes, 1)) {
    data_ = stream_->allocate(taken_);  // also 0 bytes have an address: null would mean "not given"
    bytes_ = bytes;
  }
  ~ModuleStorage() override { stream_->release(data_, taken_); }

 private:
  std::shared_ptr<ModuleStream> stream_;
  std::size_t taken_;
};

class ModuleGraph final : public DeviceGraph {
 public:
  explicit ModuleGraph(std::shared_ptr<ModuleStream> stream) : stream_(std::move(stream)) {}
  ~ModuleGraph() override {
    if (graph != nullptr) stream_->module().destroy_graph(graph);
  }
  ModuleGraph(const ModuleGraph&) = delete;
  ModuleGraph& operator=(const ModuleGraph&) = delete;
  DswGraph* graph = nullptr;

 private:
  std::shared_ptr<ModuleStream> stream_;
};

template <class... Parameters>
int unsupported(DswStream*, Parameters...) {
  return DSW_UNSUPPORTED;
}
template <class... Parameters>
void refuse_null(int (*&entry)(DswStream*, Parameters...)) {
  if (entry == nullptr) entry = &unsupported<Parameters...>;
}
/// The module's table; callers look themselves whether a fused entry, those from adamw_many on, is null.
DswKernels without_null(const DswKernels& kernels) {
  DswKernels table{};
  std::copy_n(reinterpret_cast<const char*>(&kernels), std::min<std::size_t>(sizeof(table), static_cast<std::size_t>(kernels.size)),
              reinterpret_cast<char*>(&table));
  const DswKernels given = table;
#define DSW_REFUSE(name) refuse_null(table.name);
  DSW_EACH_KERNEL(DSW_REFUSE)
#undef DSW_REFUSE
  table.adamw_many = given.adamw_many;
  table.add_layer_norm_fwd = given.add_layer_norm_fwd;
  table.add_rms_norm_fwd = given.add_rms_norm_fwd;
  table.add_layer_norm_bwd = given.add_layer_norm_bwd;
  table.add_rms_norm_bwd = given.add_rms_norm_bwd;
  table.unary_bias_bwd = given.unary_bias_bwd;
  table.split_heads_fwd = given.split_heads_fwd;
  table.split_heads_bwd = given.split_heads_bwd;
  return table;
}

void take_use(const DswDeviceInfo& from, DeviceInfo& info) {
  info.free_bytes = from.free_bytes;
  info.busy_percent = from.busy_percent;
}
DeviceInfo described(const DswDeviceInfo& from, std::string name) {
  DeviceInfo info;
  info.name = std::move(name);
  info.description =
      fmt::format("{}, compute capability {}.{}, {} multiprocessors", from.name, from.major, from.minor, from.multiprocessors);
  info.memory_bytes = from.memory_bytes;
  info.precisions = {"bfloat16", "float16", "float32", "float8"};
  for (int other = 0; other < 64; ++other)
    if ((from.peers >> other & 1) != 0) info.peers.push_back(fmt::format("cuda:{}", other));
  if (10 * from.major + from.minor < 89) info.remarks.emplace_back("8-bit products go through float16");
  take_use(from, info);
  return info;
}

class ModuleDevice final : public Device {
 public:
  ModuleDevice(const DswDeviceModule& module, int number, std::string name)
      : stream_(std::make_shared<ModuleStream>(module, number, std::move(name))), kernels_(without_null(*module.kernels)) {
    stream_->check(module.device_info(number, &opened_), "reading the device");
  }

  /// Also of a lost device, whose memory then counts as not free.
  DeviceInfo info() const override {
    DeviceInfo info = described(opened_, stream_->name());
    DswDeviceInfo now{};
    info.free_bytes = 0;
    if (module().device_info(stream_->number(), &now) == DSW_OK) take_use(now, info);
    return info;
  }
  const DswKernels& kernels() const override { return kernels_; }
  const DswKernels* compatible_kernels() const override { return module().compatible; }
  DswStream* stream() override { return stream_->get(); }
  std::shared_ptr<Storage> allocate(std::size_t bytes) override { return std::make_shared<ModuleStorage>(stream_, bytes); }
  void copy_from_host(void* device_memory, const void* host, std::size_t bytes) override {
    if (bytes != 0) stream_->check(module().copy_to_device(stream(), device_memory, host, bytes), "copy to the device");
  }
  void copy_to_host(void* host, const void* device_memory, std::size_t bytes) override {
    if (bytes != 0) stream_->check(module().copy_to_host(stream(), host, device_memory, bytes), "copy to the host");
  }
  void synchronize() override { stream_->check(module().synchronize(stream()), "waiting for the device"); }
  AllocatorStats allocator_stats() const override { return stream_->stats(); }
  void reset_peak() override { stream_->reset_peak(); }
  void release_cache() override { stream_->release_cache(); }
  bool host_memory() const override { return false; }
  int threads() const override { return 1; }

  bool begin_capture() override { return module().begin_capture(stream()) == DSW_OK; }
  std::shared_ptr<DeviceGraph> end_capture(std::shared_ptr<DeviceGraph> before) override {
    const auto graph = before ? std::static_pointer_cast<ModuleGraph>(std::move(before)) : std::make_shared<ModuleGraph>(stream_);
    return module().end_capture(stream(), &graph->graph) == DSW_OK ? graph : nullptr;
  }
  bool launch(DeviceGraph& graph) override {
    const int status = module().launch_graph(stream(), static_cast<ModuleGraph&>(graph).graph);
    if (status == DSW_UNSUPPORTED) return false;
    stream_->check(status, "a captured step");
    return true;
  }

 private:
  const DswDeviceModule& module() const { return stream_->module(); }

  std::shared_ptr<ModuleStream> stream_;
  DswKernels kernels_;
  DswDeviceInfo opened_{};  // as it was found
};

Result<const DswDeviceModule*> open_cuda_module() {
  const std::filesystem::path program = program_folder();
  std::filesystem::path place = program;
  for (int level = 0; level < 3; ++level, place = place.parent_path()) {
    const std::filesystem::path file = place / "lib" / "deepshock" / "libdsw_cuda.so";
    std::error_code none;
    if (!std::filesystem::exists(file, none)) continue;
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return fail(ErrorCode::Unsupported, fmt::format("The CUDA module cannot be opened: {}", dlerror()));
    const auto entry = reinterpret_cast<DswDeviceModuleEntry>(dlsym(library, DSW_DEVICE_MODULE_ENTRY));
    const DswDeviceModule* module = entry != nullptr ? entry() : nullptr;
    if (module == nullptr || module->abi != DSW_DEVICE_MODULE_ABI || module->size < static_cast<std::int32_t>(sizeof(DswDeviceModule)))
      return fail(ErrorCode::Unsupported, fmt::format("{} belongs to another version of this program", file.string()));
    return module;
  }
  return fail(ErrorCode::NotFound, "The CUDA module, lib/deepshock/libdsw_cuda.so, is not installed");
}

}  // namespace

std::unique_ptr<Device> make_module_device(const DswDeviceModule& module, int number, std::string name) {
  return std::make_unique<ModuleDevice>(module, number, std::move(name));
}

void refresh_cuda_use(DeviceInfo& info) {
  if (!info.name.starts_with("cuda:") || !info.unavailable.empty()) return;
  const auto module = cuda_module();
  DswDeviceInfo now{};
  const int number = std::atoi(info.name.c_str() + 5);
  if (module && (*module)->device_info(number, &now) == DSW_OK) take_use(now, info);
}

Result<const DswDeviceModule*> cuda_module() {
  static const Result<const DswDeviceModule*> module = open_cuda_module();
  return module;
}

const CudaDevices& cuda_devices() {
  static const CudaDevices devices = [] {
    const auto module = cuda_module();
    if (!module) return CudaDevices{0, module.error().message};
    std::int32_t count = 0;
    if ((*module)->device_count(&count) != DSW_OK) return CudaDevices{0, (*module)->last_error()};
    return CudaDevices{count, count == 0 ? "there is no CUDA device" : ""};
  }();
  return devices;
}

}  // namespace dsw
