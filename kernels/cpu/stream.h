// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "kernels/cpu/thread_pool.h"
#include "kernels/kernel_table.h"

namespace dsw::kernels {
/// Prepared state that some kernels keep between calls, so that a steady step prepares nothing (oneDNN primitives, angle tables).
class Prepared {
 public:
  virtual ~Prepared();
};
enum class PreparedSlot { Primitives, Rope, Count };
}  // namespace dsw::kernels

/// Where the CPU kernels run: threads, scratch memory and what kernels prepared.
struct DswStream {
  /// Throws std::system_error or std::bad_alloc.
  explicit DswStream(int threads);
  ~DswStream();

  /// 64-byte aligned memory of one thread's slot, of the whole call with slot `threads()`, or of its float32 copies (float_copies.h)
  /// with slot `threads() + 1`. Valid until that slot is asked for more; a slot only grows, so a steady step allocates nothing.
  /// Null: no memory.
  void* scratch(int slot, std::size_t bytes);
  /// scratch() of every thread's slot, before the threads start; false: no memory.
  bool reserve(std::size_t bytes_per_thread);
  int threads() const;
  std::unique_ptr<dsw::kernels::Prepared>& prepared(dsw::kernels::PreparedSlot slot);

  dsw::kernels::ThreadPool pool;

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  struct Block {
    std::unique_ptr<void, Free> memory;
    std::size_t bytes = 0;
  };
  std::vector<Block> blocks_;
  std::unique_ptr<dsw::kernels::Prepared> prepared_[static_cast<std::size_t>(dsw::kernels::PreparedSlot::Count)];
};
