// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
// ThreadSanitizer sees each CUDA thread as a thread of its own. The emulation's own bookkeeping is hidden from it, and only real barriers
// order memory, so that what it reports is a race of the kernel.
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
extern "C" {
void AnnotateIgnoreReadsBegin(const char*, int);
void AnnotateIgnoreReadsEnd(const char*, int);
void AnnotateIgnoreWritesBegin(const char*, int);
void AnnotateIgnoreWritesEnd(const char*, int);
}
#define DSW_EMULATION_UNSEEN __attribute__((noinline, no_sanitize("thread")))
#else
#define DSW_EMULATION_UNSEEN
#endif

namespace dsw::cuda_emulation {

/// While one lives, the race detector does not look.
struct Quiet {
#if defined(__SANITIZE_THREAD__)
  Quiet() {
    AnnotateIgnoreReadsBegin("", 0);
    AnnotateIgnoreWritesBegin("", 0);
  }
  ~Quiet() {
    AnnotateIgnoreWritesEnd("", 0);
    AnnotateIgnoreReadsEnd("", 0);
  }
#else
  Quiet() {}  // not = default: an unused variable of a trivial type would warn
#endif
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
};

/// What happened before release(token) of one CUDA thread is seen after acquire(token) of another.
inline void release([[maybe_unused]] char* token) {
#if defined(__SANITIZE_THREAD__)
  __tsan_release(token);
#endif
}
inline void acquire([[maybe_unused]] char* token) {
#if defined(__SANITIZE_THREAD__)
  __tsan_acquire(token);
#endif
}

}  // namespace dsw::cuda_emulation
