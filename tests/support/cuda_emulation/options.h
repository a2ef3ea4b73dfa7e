// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace dsw::cuda_emulation {

enum class Order { Forward, Reverse, Shuffled };  ///< of the threads of a block and of the blocks of a grid
enum class AsyncCopies {
  Eager,
  Deferred,
  Random
};  ///< Eager: at once, shows what is overwritten too early.  Deferred: as late as
    ///< the waits allow, shows a missing wait.  Random: each copy either way

enum class Streams {
  AtOnce,         ///< work is done when it is put on a stream
  AsLateAsWaits,  ///< when the host waits for it, and what it waits for no sooner: shows a missing wait for another stream
  LastMadeFirst   ///< the stream that was made last goes ahead as far as its waits allow, the others as late as they can
};
/// How kernels are executed from now on. What a kernel computes must not depend on any of it.
struct Options {
  Order order = Order::Forward;
  AsyncCopies copies = AsyncCopies::Deferred;
  unsigned seed = 1;  ///< of Shuffled and Random
  Streams streams = Streams::AtOnce;
};
Options& options();

}  // namespace dsw::cuda_emulation
