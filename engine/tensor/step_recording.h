// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/core/rng.h"
#include "engine/tensor/arena_layout.h"
#include "engine/tensor/device.h"

namespace dsw {

/// The kernel calls of one step, in order, with everything that they were given; afterwards they can be made again without the code that
/// made them. Memory that the step took for itself is laid out in one arena by who needs what when; memory from before the step (weights)
/// stays where it is and must stay alive. Keys of random kernels are those of the step's own stream, drawn anew each time.
/// A step that the host looked into (a value read, a branch on it) cannot be repeated: refusal() says so.
///
/// A device fills a recording while Device::record names it. One thread.
class StepRecording {
 public:
  /// `keys`: the stream, as it stands before the step, from which the step's random kernels get their keys.
  explicit StepRecording(const Rng& keys);
  StepRecording(const StepRecording&) = delete;
  StepRecording& operator=(const StepRecording&) = delete;

  // While the step runs, from the device.
  void allocated(void* memory, std::size_t bytes);
  /// Memory that is filled before each run: laid out in the arena too. It must be among `kept` in finish().
  void given(void* memory, std::size_t bytes);
  void freed(void* memory);
  void host_wrote(void* to, const void* from, std::size_t bytes);
  void refuse(const char* why);
  template <class... Parameters>
  void called(int kernel, int (*DswKernels::*member)(DswStream*, Parameters...), const Parameters&... parameters) {
    auto call = std::make_unique<KernelCallOf<Parameters...>>(kernel, member, parameters...);
    std::apply([this](auto&... argument) { (note(argument), ...); }, call->arguments);
    calls_.push_back(std::move(call));
  }

  // After the step.
  /// `kept`: memory that is read after the step. Lays the arena out. Words why the step cannot be repeated, or empty.
  std::string finish(const std::vector<void*>& kept);
  std::size_t arena_bytes() const { return arena_bytes_; }
  /// Where the i-th of `kept` lies from bind() on.
  void* kept(std::size_t i) const { return kept_[i].pointer; }

  // Again.
  /// Before run(), whenever the arena's address changes: `arena` has arena_bytes() on `device`.
  void bind(Device& device, void* arena);
  /// Makes every call; draws from `keys` what the step drew. Throws Error as the kernels' status says. Allocates nothing itself.
  /// Where the device can, all calls go to it as one captured piece, with the same bits, but those of the 1st, 2nd, 4th, … and then each
  /// 4096th time, so that who watches single kernels still sees them.
  void run(Device& device, Rng& keys);
  bool ran_as_one_piece() const { return as_one_piece_; }  ///< the last time

 private:
  /// What a parameter is kept as: settings behind a pointer by value.
  template <class T>
  struct Stored {
    using type = T;
    static const T& pass(const T& value) { return value; }
  };
  template <class T>
  struct Stored<const T*> {
    using type = T;
    static const T* pass(const T& value) { return &value; }
  };
  template <class T>
  static T keep(const T& value) {
    return value;
  }
  template <class T>
  static T keep(const T* const& value) {
    return *value;
  }

  struct Call {
    explicit Call(int number) : kernel(number) {}
    virtual ~Call() = default;
    virtual int run(Device& device) = 0;
    int kernel;  ///< index into kernel_names(); -1: a copy from the host
  };
  template <class... Parameters>
  struct KernelCallOf : Call {
    KernelCallOf(int number, int (*DswKernels::*entry)(DswStream*, Parameters...), const Parameters&... parameters)
        : Call(number), member(entry), arguments(keep<typename Stored<Parameters>::type>(parameters)...) {}
    int run(Device& device) override {
      return std::apply(
          [&](const auto&... value) { return (device.kernels().*member)(device.stream(), Stored<Parameters>::pass(value)...); }, arguments);
    }
    int (*DswKernels::*member)(DswStream*, Parameters...);
    std::tuple<typename Stored<Parameters>::type...> arguments;
  };
  struct HostCopy : Call {
    HostCopy() : Call(-1) {}
    int run(Device& device) override;
    void *to = nullptr, *from = nullptr;  ///< from: behind the arena, where bind() puts the bytes
    std::vector<unsigned char> bytes;
  };

  struct Place {
    std::size_t block;
    std::size_t offset;
  };
  struct Patch {
    void** pointer;
    Place place;
  };
  struct Kept {
    void* pointer;
    bool own;  ///< the step's, not from before it
    Place place;
  };
  struct KeyPatch {
    std::uint64_t* key;
    std::size_t index;  ///< which draw of the step
  };

  void note(DswView& view) { note_pointer(view.data); }
  void note(std::uint64_t& key) { note_key(key); }
  void note(DswAttention& settings) {
    if (settings.dropout > 0) note_key(settings.dropout_key);
  }
  void note(DswAdamWMany&) { refuse("a list of tensors behind a pointer is not kept"); }
  template <class T>
  void note(T&) {}
  void note_pointer(void*& pointer);
  void note_key(std::uint64_t& key);
  bool find(const void* memory, Place& place) const;
  bool run_as_one_piece(Device& device);

  std::vector<std::unique_ptr<Call>> calls_;
  std::vector<ArenaBlock> blocks_;
  std::map<const unsigned char*, std::size_t> live_;  ///< begin of a block's memory → index
  std::vector<Patch> patches_;
  std::vector<Kept> kept_;
  std::vector<KeyPatch> key_patches_;
  std::unordered_map<std::uint64_t, std::size_t> draws_;
  std::size_t draws_used_ = 0;
  std::vector<std::uint64_t> drawn_;
  std::vector<HostCopy*> host_copies_;  ///< of calls_
  std::string refusal_;
  std::size_t arena_bytes_ = 0, constants_begin_ = 0;
  std::shared_ptr<DeviceGraph> graph_;  ///< of the calls as they were last captured, in the arena as it lies
  bool refused_ = false;                ///< the device cannot capture them
  std::int64_t times_ = 0;
  bool as_one_piece_ = false;
};

}  // namespace dsw
