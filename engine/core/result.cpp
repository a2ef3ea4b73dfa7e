// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/result.h"

namespace dsw {

std::string Error::sentence() const {
  std::string text = where.empty() ? message : where + ": " + message;
  if (!text.empty() && text.back() != '.' && text.back() != '?') text += '.';
  if (!hint.empty()) text += " " + hint;
  return text;
}

const char* error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
      return "invalid-argument";
    case ErrorCode::InvalidDocument:
      return "invalid-document";
    case ErrorCode::ShapeMismatch:
      return "shape-mismatch";
    case ErrorCode::NotFound:
      return "not-found";
    case ErrorCode::BadFormat:
      return "bad-format";
    case ErrorCode::Io:
      return "io";
    case ErrorCode::Locked:
      return "locked";
    case ErrorCode::NewerVersion:
      return "newer-version";
    case ErrorCode::Damaged:
      return "damaged";
    case ErrorCode::OutOfMemory:
      return "out-of-memory";
    case ErrorCode::Unsupported:
      return "unsupported";
    case ErrorCode::NotANumber:
      return "not-a-number";
    case ErrorCode::Stopped:
      return "stopped";
    case ErrorCode::DeviceFault:
      return "device-fault";
    case ErrorCode::Internal:
      return "internal";
  }
  return "internal";
}

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
    case ErrorCode::InvalidDocument:
    case ErrorCode::NotFound:
      return 2;
    case ErrorCode::Stopped:
      return 3;
    case ErrorCode::Locked:
    case ErrorCode::NewerVersion:
    case ErrorCode::Damaged:
      return 4;
    default:
      return 1;
  }
}

void check_failed(const char* condition, const char* meaning, const char* file, int line) {
  throw Error(ErrorCode::Internal, fmt::format("{} ({}) does not hold", meaning, condition),
              "This is a bug; the details help whoever mends it.", fmt::format("{}:{}", file, line));
}

}  // namespace dsw
