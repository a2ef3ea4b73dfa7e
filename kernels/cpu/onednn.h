// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <list>
#include <map>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "kernels/cpu/isa/few_rows.h"
#include "kernels/cpu/stream.h"

// How oneDNN is used here: every primitive is made for one thread and runs inside our own pool, each thread on its own part of the
// batch or of the rows. So there is one kind of waiting, results depend only on our thread count, and no second pool spins.
namespace dsw::kernels::onednn {

/// While it lives, oneDNN calls of this thread use this thread only (where oneDNN was built on OpenMP, as Debian does).
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

dnnl::engine& engine();

/// A primitive with the layouts that it chose, and the reorders between them and ours. Once prepared it can run without asking the
/// system for memory (what oneDNN itself does inside excepted).
struct Entry {
  static constexpr std::size_t kMostArguments = 4;
  dnnl::primitive primitive;
  dnnl::memory::desc scratch;
  /// One argument: our memory (`plain`) and the primitive's (`chosen`); `reorder` runs in the argument's direction, empty when both are
  /// equal.
  struct Argument {
    int name = 0;
    bool output = false;
    dnnl::memory::desc plain, chosen;
    dnnl::reorder reorder;
    std::size_t bytes = 0;  // of `chosen`, 0 without a reorder
  };
  std::vector<Argument> arguments;

  void add(int name, bool output, const dnnl::memory::desc& plain, const dnnl::memory::desc& chosen);
  /// After the last add: run() may then be called from threads 0 … threads - 1 at once.
  void prepare(int threads);

  /// Bytes of scratch memory that run() wants.
  std::size_t scratch_bytes() const { return scratch_bytes_; }
  /// `plain` in the order of `arguments`; bit i of kept_inputs leaves input i's earlier copy in scratch as it is.
  void run(int thread, dnnl::stream& stream, void* scratch_memory, std::initializer_list<void*> plain, std::uint32_t kept_inputs = 0) const;

 private:
  /// What a thread hands to oneDNN: made once, later only pointed elsewhere.
  struct Bound {
    std::array<dnnl::memory, kMostArguments> plain, chosen;
    dnnl::memory scratch;
    std::array<dnnl_exec_arg_t, kMostArguments + 1> call;
  };
  std::size_t scratch_bytes_ = 0;
  mutable std::vector<Bound> bound_;  ///< [thread]
};

dnnl::primitive_attr user_scratchpad();
/// float32 or bfloat16.
dnnl::memory::data_type data_type(int dtype);

/// The least recently used of more than kCapacity entries goes. Used by the stream's thread between kernels.
class PrimitiveCache final : public Prepared {
 public:
  static constexpr std::size_t kCapacity = 512;
  using Key = std::array<std::int64_t, 32>;  ///< the rest is 0

  explicit PrimitiveCache(int threads);
  /// The entry of `key`, made by make(Entry&) when it is new. Valid as long as fewer than kCapacity others are asked for.
  template <class Make>
  const Entry& get(const Key& key, Make&& make) {
    if (const auto it = entries_.find(key); it != entries_.end()) {
      order_.splice(order_.begin(), order_, it->second.place);
      return *it->second.entry;
    }
    auto entry = std::make_unique<Entry>();
    make(*entry);
    entry->prepare(static_cast<int>(queues_.size()));
    if (entries_.size() >= kCapacity) {
      entries_.erase(order_.back());
      order_.pop_back();
    }
    order_.push_front(key);
    ++made_;
    return *entries_.emplace(key, Place{std::move(entry), order_.begin()}).first->second.entry;
  }
  std::uint64_t made() const { return made_; }
  dnnl::stream& queue(int thread) { return queues_[static_cast<std::size_t>(thread)]; }

 private:
  struct Place {
    std::unique_ptr<Entry> entry;
    std::list<Key>::iterator place;
  };
  std::map<Key, Place> entries_;
  std::list<Key> order_;
  std::vector<dnnl::stream> queues_;  ///< one a thread
  std::uint64_t made_ = 0;
};

PrimitiveCache& cache_of(DswStream* stream);

/// Calls f(); a oneDNN or memory exception becomes its status. DSW_UNSUPPORTED: oneDNN has no such primitive.
template <class F>
int guarded(F&& f) noexcept {
  try {
    return f();
  } catch (const dnnl::error& error) {
    return error.status == dnnl_out_of_memory                                             ? DSW_OUT_OF_MEMORY
           : error.status == dnnl_unimplemented || error.status == dnnl_invalid_arguments ? DSW_UNSUPPORTED
                                                                                          : DSW_DEVICE_FAULT;
  } catch (...) {
    return DSW_OUT_OF_MEMORY;
  }
}

}  // namespace dsw::kernels::onednn

namespace dsw::kernels {
/// With the instruction set's own product of a few rows.
template <FewRows kFewRowsProduct>
void add_gemm(DswKernels& table);
}  // namespace dsw::kernels
