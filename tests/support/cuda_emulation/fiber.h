// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <memory>

namespace dsw::cuda_emulation {

/// A stack that can be left and entered again; each thread of a CUDA block runs on one. Not to be moved between threads of the system.
/// x86-64: twelve instructions; elsewhere, or with DSW_EMULATION_UCONTEXT: ucontext.h, which asks the system at each switch.
/// AddressSanitizer and ThreadSanitizer are told of every switch.
class Fiber {
 public:
  static constexpr std::size_t kStackBytes = 256 * 1024;

  /// The thread's own stack, from which the others are entered.
  struct ThreadStack {};
  explicit Fiber(ThreadStack);
  /// A stack of its own with an unmapped page at its end.
  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// The next switch here calls entry(), which must never return but end with leave_for().
  void prepare(void (*entry)());
  /// Leaves this stack, which must be the one in use, for `next`; returns when somebody switches back.
  void switch_to(Fiber& next);
  [[noreturn]] void leave_for(Fiber& next);
  /// To be called first in entry(): `from` is the thread's own stack.
  static void entered(Fiber& from);

 private:
  void jump(Fiber& next, bool for_good);

  struct Machine;
  std::unique_ptr<Machine> machine_;
  char* stack_ = nullptr;       // null: the thread's own
  void* fake_stack_ = nullptr;  // AddressSanitizer's
  const void* bottom_ = nullptr;
  std::size_t size_ = 0;
  void* thread_ = nullptr;  // ThreadSanitizer's
};

}  // namespace dsw::cuda_emulation
