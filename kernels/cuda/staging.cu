// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/staging.h"

#include <algorithm>
#include <cstring>

namespace dsw::cuda {

Staging::~Staging() {
  if (copies_ != nullptr) cudaStreamSynchronize(copies_);
  for (Slot& slot : slots_) {
    if (slot.taken != nullptr) cudaEventSynchronize(slot.taken);  // the stream may still read the landing place
    if (slot.landing != nullptr) cudaFreeAsync(slot.landing, copies_);
    if (slot.pinned != nullptr) cudaFreeHost(slot.pinned);
    if (slot.arrived != nullptr) cudaEventDestroy(slot.arrived);
    if (slot.taken != nullptr) cudaEventDestroy(slot.taken);
  }
  if (copies_ != nullptr) cudaStreamDestroy(copies_);
}

cudaError_t Staging::open(Stream& stream) {
  cudaError_t error = cudaStreamCreateWithFlags(&copies_, cudaStreamNonBlocking);
  for (Slot& slot : slots_) {
    if (error == cudaSuccess) error = cudaHostAlloc(&slot.pinned, kSlotBytes, cudaHostAllocDefault);
    if (error == cudaSuccess) error = cudaMallocAsync(&slot.landing, kSlotBytes, copies_);
    if (error == cudaSuccess) error = cudaEventCreateWithFlags(&slot.arrived, cudaEventDisableTiming);
    if (error == cudaSuccess) error = cudaEventCreateWithFlags(&slot.taken, cudaEventDisableTiming);
    if (error == cudaSuccess) error = cudaEventRecord(slot.taken, stream.stream);
  }
  return error;
}

cudaError_t Staging::copy_piece(Stream& stream, void* device, const void* host, std::size_t bytes) {
  Slot& slot = slots_[pieces_ % 2];
  if (pieces_++ >= 2)
    if (const cudaError_t error = cudaEventSynchronize(slot.arrived); error != cudaSuccess) return error;
  std::memcpy(slot.pinned, host, bytes);
  cudaError_t error = cudaStreamWaitEvent(copies_, slot.taken, 0);
  if (error == cudaSuccess) error = cudaMemcpyAsync(slot.landing, slot.pinned, bytes, cudaMemcpyHostToDevice, copies_);
  if (error == cudaSuccess) error = cudaEventRecord(slot.arrived, copies_);
  if (error == cudaSuccess) error = cudaStreamWaitEvent(stream.stream, slot.arrived, 0);
  if (error == cudaSuccess) error = cudaMemcpyAsync(device, slot.landing, bytes, cudaMemcpyDeviceToDevice, stream.stream);
  if (error == cudaSuccess) error = cudaEventRecord(slot.taken, stream.stream);
  return error;
}

int Staging::copy(Stream& stream, void* device, const void* host, std::size_t bytes) {
  if (copies_ == nullptr)
    if (const int status = status_of(open(stream), "opening a stream for copies"); status != DSW_OK) return status;
  for (std::size_t done = 0; done < bytes; done += kSlotBytes) {
    const cudaError_t error =
        copy_piece(stream, static_cast<char*>(device) + done, static_cast<const char*>(host) + done, std::min(kSlotBytes, bytes - done));
    if (error != cudaSuccess) return status_of(error, "copy to the device");
  }
  return DSW_OK;
}

}  // namespace dsw::cuda
