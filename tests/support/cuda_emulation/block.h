// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <memory>
#include <random>
#include <source_location>
#include <string>
#include <vector>

#include "tests/support/cuda_emulation/async_copy.h"
#include "tests/support/cuda_emulation/fiber.h"
#include "tests/support/cuda_emulation/types.h"

namespace dsw::cuda_emulation {

/// One thread of the block that is being executed.
struct CudaThread {
  enum class State : unsigned char { Ready, InWarp, AtBarrier, Done };

  uint3 index{};
  int number = 0, lane = 0, warp = 0;
  State state = State::Done;
  // What it waits for: a collective of these lanes with its own record, or a barrier.
  const char* operation = "";
  unsigned lanes = 0;
  void* record = nullptr;
  std::source_location where;
  PendingCopies copies;
  Fiber fiber;
};

/// Executes the threads of a block in turn on one thread of the system: each runs until it must wait for others. One block at a time, so
/// that `__shared__` can be `static thread_local`. A wrong kernel (a barrier in branches that not all threads take, a lane that is missing
/// in a collective, an address out of bounds) ends the block with a report that names the lines.
class Block {
 public:
  /// The one of this thread of the system.
  static Block& current();

  /// Runs body() once for each thread. Empty: done. Else the report of what was wrong; the threads are dropped as they stand.
  std::string run(uint3 block_index, dim3 block_shape, dim3 grid_shape, std::size_t shared_bytes, const std::function<void()>& body);
  void seed(unsigned seed) { random_.seed(seed); }

  // Of the calling CUDA thread and its block; what threadIdx and its like stand for.
  CudaThread& thread() { return *thread_; }
  bool running() const { return thread_ != nullptr; }
  uint3 index() const { return index_; }
  dim3 shape() const { return shape_; }
  dim3 grid() const { return grid_; }
  unsigned char* dynamic_shared() const { return dynamic_shared_; }
  bool coin() { return (random_() & 1) != 0; }

  /// __syncthreads and its forms over a predicate.
  struct Votes {
    int count = 0, any = 0, all = 1;
  };
  Votes barrier(int predicate, std::source_location where);
  /// Every lane of `lanes` brings its record; the last one to come executes meet(lanes, records) for all.
  /// orders_memory: only __syncwarp does; shuffles and mma exchange registers.
  void collective(unsigned lanes, const char* operation, void* record, void (*meet)(unsigned lanes, void** records),
                  std::source_location where, bool orders_memory = false);
  /// Ends the block: the kernel is wrong.
  [[noreturn]] void fail(const std::string& why);
  [[noreturn]] void fail(const std::string& why, std::source_location where);

 private:
  Block();
  static void entry();
  void start_threads();
  CudaThread* take_ready();
  void make_ready(CudaThread* const* threads, int count);
  void wait();
  void open_barrier_when_all_are_there();
  std::string stuck() const;

  std::vector<std::unique_ptr<CudaThread>> threads_;  // those of the largest block so far
  std::vector<CudaThread*> ready_;
  CudaThread* thread_ = nullptr;
  Fiber home_{Fiber::ThreadStack{}};
  uint3 index_{};
  dim3 shape_, grid_;
  unsigned char* dynamic_shared_ = nullptr;
  int count_ = 0, alive_ = 0, at_barrier_ = 0;
  Votes arriving_, votes_;
  std::vector<unsigned> waiting_lanes_;  // by warp
  std::function<void()> body_;
  std::mt19937 random_{1};
  std::string report_;
  char begin_token_ = 0, barrier_token_ = 0, end_token_ = 0;
  std::vector<char> warp_tokens_;
};

std::string line_of(std::source_location where);

}  // namespace dsw::cuda_emulation
