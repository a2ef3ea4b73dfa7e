// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "engine/tensor/device.h"

namespace dsw {

/// The memory of a kernel call's tensors, brought to the host: views that overlap share it as they do on the device. First note() every
/// argument, then read(); then here() gives the arguments of the same call on the host. Arguments that are no tensors stay what they are.
class HostCopies {
 public:
  void note(const DswView& x);
  void note(const DswAdamWMany* many);
  template <class T>
  void note(const T&) {}

  std::size_t bytes() const;
  void read(Device& device);
  /// Gives back to the device what differs from `device_has`, which noted the same.
  void write(Device& device, const HostCopies& device_has) const;

  DswView here(const DswView& x) const;
  const DswAdamWMany* here(const DswAdamWMany* many) const;  ///< valid as long as this
  template <class T>
  T here(const T& other) const {
    return other;
  }

 private:
  struct Range {
    unsigned char *begin, *end;  ///< on the device
    std::vector<unsigned char> copy;
  };
  std::vector<Range> ranges_;  ///< apart from each other, in order, from read() on
  mutable std::deque<std::vector<DswAdamWPiece>> pieces_;
  mutable std::deque<DswAdamWMany> many_;
};

/// Whether `ours` is what `truth` says, as far as different ways to compute it agree: floats within a bound that depends on their dtype
/// and their size beside the tensor's root mean square (of tensors below 16 elements: beside `scale`), NaN and infinity in the same places,
/// everything else exactly. Views of host memory of one shape and dtype.
bool agree(const DswView& ours, const DswView& truth, double scale);
/// The largest finite magnitude of a float view of host memory; 0 of others.
double largest_magnitude(const DswView& x);

}  // namespace dsw
