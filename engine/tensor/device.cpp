// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/device.h"

#include <fmt/format.h>

namespace dsw {

void check_status(int status, const char* kernel, const Device& device) {
  if (status == DSW_OK) return;
  const std::string name = device.info().name;
  switch (status) {
    case DSW_UNSUPPORTED:
      throw Error(ErrorCode::Unsupported, fmt::format("{} is not possible on {} with these types.", kernel, name),
                  "Choose another device or precision.");
    case DSW_BAD_ARGUMENT:
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("{} on {} got a value outside its range, such as a class or token number that is too large.", kernel, name),
                  "Compare the data with the model's number of classes or tokens.");
    case DSW_OUT_OF_MEMORY:
      throw Error(ErrorCode::OutOfMemory, fmt::format("{} on {} found no memory for its work area.", kernel, name),
                  "Use a smaller batch, a shorter context or a smaller model.");
    default:
      throw Error(ErrorCode::Internal, fmt::format("{} failed on {} with status {}.", kernel, name, status),
                  "Resume the run from its last checkpoint.");
  }
}

}  // namespace dsw
