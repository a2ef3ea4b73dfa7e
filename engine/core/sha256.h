// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "engine/core/result.h"

namespace dsw {

/// SHA-256 (FIPS 180-4) of bytes that come in pieces. Digests are 64 lower-case hexadecimal digits.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void add(const void* data, std::size_t bytes);
  std::string finish();  ///< once, at the end

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

std::string sha256(std::string_view bytes);
struct FileDigest {
  std::string sha256;
  std::uint64_t bytes = 0;
};
/// Of a whole regular file. Error{NotFound} or Error{Io} with the path.
Result<FileDigest> sha256_of_file(const std::filesystem::path& path);
/// True for 64 lower-case hexadecimal digits: what a side file's name must be.
bool is_sha256(std::string_view text);

}  // namespace dsw
