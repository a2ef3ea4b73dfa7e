// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/cuda_emulation/fiber.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

#include "tests/support/cuda_emulation/quiet.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if defined(__x86_64__) && !defined(DSW_EMULATION_UCONTEXT)
#define DSW_EMULATION_X86_SWITCH
// Saves the registers that a function must keep and swaps the stack pointers.
asm(".text\n"
    ".type dsw_emulation_switch,@function\n"
    "dsw_emulation_switch:\n"
    "pushq %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
    "movq %rsp,(%rdi)\nmovq %rsi,%rsp\n"
    "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\n"
    "ret\n"
    ".size dsw_emulation_switch,.-dsw_emulation_switch\n");
extern "C" void dsw_emulation_switch(void** save, void* to) __attribute__((visibility("hidden")));
#else
#include <ucontext.h>
#endif

namespace dsw::cuda_emulation {
namespace {
constexpr std::size_t kGuardBytes = 4096;
}

struct Fiber::Machine {
#ifdef DSW_EMULATION_X86_SWITCH
  void* stack_pointer = nullptr;
#else
  ucontext_t context{};
#endif
};

Fiber::Fiber(ThreadStack) : machine_(std::make_unique<Machine>()) {
#if defined(__SANITIZE_THREAD__)
  thread_ = __tsan_get_current_fiber();
#endif
}

Fiber::Fiber() : machine_(std::make_unique<Machine>()) {
  void* memory = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  stack_ = static_cast<char*>(memory);
  mprotect(stack_, kGuardBytes, PROT_NONE);
  bottom_ = stack_ + kGuardBytes;
  size_ = kStackBytes - kGuardBytes;
#if defined(__SANITIZE_THREAD__)
  thread_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
  if (stack_ == nullptr) return;
#if defined(__SANITIZE_THREAD__)
  __tsan_destroy_fiber(thread_);
#endif
  munmap(stack_, kStackBytes);
}

void Fiber::prepare(void (*entry)()) {
  fake_stack_ = nullptr;
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(stack_ + kGuardBytes, kStackBytes - kGuardBytes);  // red zones that frames of the last use left
#endif
#ifdef DSW_EMULATION_X86_SWITCH
  void** top = reinterpret_cast<void**>(stack_ + kStackBytes);
  top[-1] = nullptr;
  top[-2] = reinterpret_cast<void*>(entry);
  for (int k = 3; k <= 8; ++k) top[-k] = nullptr;
  machine_->stack_pointer = top - 8;
#else
  getcontext(&machine_->context);
  machine_->context.uc_stack.ss_sp = stack_ + kGuardBytes;
  machine_->context.uc_stack.ss_size = kStackBytes - kGuardBytes;
  machine_->context.uc_link = nullptr;
  makecontext(&machine_->context, entry, 0);
#endif
}

DSW_EMULATION_UNSEEN void Fiber::jump(Fiber& next, [[maybe_unused]] bool for_good) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(for_good ? nullptr : &fake_stack_, next.bottom_, next.size_);
#endif
#if defined(__SANITIZE_THREAD__)
  __tsan_switch_to_fiber(next.thread_, 1);  // 1: a switch orders nothing
#endif
#ifdef DSW_EMULATION_X86_SWITCH
  dsw_emulation_switch(&machine_->stack_pointer, next.machine_->stack_pointer);
#else
  swapcontext(&machine_->context, &next.machine_->context);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake_stack_, nullptr, nullptr);
#endif
}

DSW_EMULATION_UNSEEN void Fiber::switch_to(Fiber& next) { jump(next, false); }

DSW_EMULATION_UNSEEN void Fiber::leave_for(Fiber& next) {
  jump(next, true);
  std::abort();
}

DSW_EMULATION_UNSEEN void Fiber::entered([[maybe_unused]] Fiber& from) {
#if defined(__SANITIZE_ADDRESS__)
  const void* bottom = nullptr;
  std::size_t size = 0;
  __sanitizer_finish_switch_fiber(nullptr, &bottom, &size);
  if (from.bottom_ == nullptr) {
    from.bottom_ = bottom;
    from.size_ = size;
  }
#endif
}

}  // namespace dsw::cuda_emulation
