// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <fmt/format.h>

#include <exception>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace dsw {

struct Fix;  // engine/core/param_schema.h

enum class ErrorCode {
  InvalidArgument,  ///< a value outside its range, a wrong usage
  InvalidDocument,  ///< an experiment document that does not validate
  ShapeMismatch,    ///< tensors that do not fit together
  NotFound,         ///< a file, run, model or name that is not there
  BadFormat,        ///< a file whose content is not what it should be (truncated, wrong magic, wrong hash)
  Io,               ///< the operating system refused: permission, full disk
  Locked,           ///< another process writes the project
  NewerVersion,     ///< a project of a newer program
  Damaged,          ///< a project that SQLite or a hash check refuses
  OutOfMemory,
  Unsupported,  ///< known, but not possible on this device or build
  NotANumber,   ///< a loss that became NaN or infinite
  Stopped,      ///< a stop request was followed; not a failure
  DeviceFault,  ///< a device answers no more in this process; another one can go on from the last checkpoint
  Internal,     ///< a bug
};

/// What went wrong, in words for a person: `message` names the thing, what it got and what it wanted;
/// `hint` says what to do (may be empty); `where` is a place: a JSON pointer, a path, a byte offset (may be empty).
struct Error : std::exception {
  Error() = default;
  Error(ErrorCode c, std::string m, std::string h = {}, std::string w = {})
      : code(c), message(std::move(m)), hint(std::move(h)), where(std::move(w)) {}
  const char* what() const noexcept override { return message.c_str(); }
  /// One sentence for a terminal: "where: message hint".
  std::string sentence() const;

  ErrorCode code = ErrorCode::Internal;
  std::string message, hint, where;
  std::shared_ptr<const std::vector<Fix>> fixes;  ///< ways out that a button can take; null: none
};

/// Stable name of a code ("bad-format"), and the exit code that CONTRACT.md gives it (1, 2, 3 or 4).
const char* error_code_name(ErrorCode code);
int exit_code(ErrorCode code);

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }
inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string hint = {}, std::string where = {}) {
  return tl::unexpected<Error>(Error(code, std::move(message), std::move(hint), std::move(where)));
}

[[noreturn]] void check_failed(const char* condition, const char* meaning, const char* file, int line);

}  // namespace dsw

#define DSW_CONCAT_(a, b) a##b
#define DSW_CONCAT(a, b) DSW_CONCAT_(a, b)
/// Runs an expression that gives Result<void>; returns its error.
#define DSW_TRY(expression)                                                                                \
  do {                                                                                                     \
    if (auto dsw_result_ = (expression); !dsw_result_) return ::dsw::fail(std::move(dsw_result_.error())); \
  } while (false)
/// DSW_TRY_ASSIGN(auto file, open(path)): declares or assigns the value, or returns the error.
#define DSW_TRY_ASSIGN(target, expression)                                                                        \
  auto DSW_CONCAT(dsw_value_, __LINE__) = (expression);                                                           \
  if (!DSW_CONCAT(dsw_value_, __LINE__)) return ::dsw::fail(std::move(DSW_CONCAT(dsw_value_, __LINE__).error())); \
  target = std::move(*DSW_CONCAT(dsw_value_, __LINE__))
/// A broken invariant: throws Error{Internal}. On in every build.
#define DSW_CHECK(condition, meaning) \
  (static_cast<bool>(condition) ? void(0) : ::dsw::check_failed(#condition, meaning, __FILE__, __LINE__))
