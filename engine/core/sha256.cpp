// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/sha256.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

namespace dsw {
namespace {
EVP_MD_CTX* as_context(void* pointer) { return static_cast<EVP_MD_CTX*>(pointer); }
}  // namespace

void Sha256::Free::operator()(void* context) const { EVP_MD_CTX_free(as_context(context)); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  DSW_CHECK(context_ != nullptr && EVP_DigestInit_ex(as_context(context_.get()), EVP_sha256(), nullptr) == 1, "SHA-256 is available");
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(const void* data, std::size_t bytes) {
  DSW_CHECK(EVP_DigestUpdate(as_context(context_.get()), data, bytes) == 1, "a digest can be continued");
}

std::string Sha256::finish() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  DSW_CHECK(EVP_DigestFinal_ex(as_context(context_.get()), digest, &length) == 1, "a digest can be finished");
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * length);
  for (unsigned i = 0; i < length; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes.data(), bytes.size());
  return hash.finish();
}

Result<FileDigest> sha256_of_file(const std::filesystem::path& path) {
  std::error_code code;
  if (!std::filesystem::exists(path, code)) return fail(ErrorCode::NotFound, "there is no such file", "Check the path.", path.string());
  if (!std::filesystem::is_regular_file(path, code)) return fail(ErrorCode::Io, "this is not a regular file", {}, path.string());
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorCode::Io, fmt::format("cannot be read: {}", std::strerror(errno)), "Check its permissions.", path.string());
  Sha256 hash;
  FileDigest digest;
  std::vector<char> buffer(std::size_t{1} << 20);
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto count = static_cast<std::size_t>(in.gcount());
    hash.add(buffer.data(), count);
    digest.bytes += count;
  }
  if (in.bad()) return fail(ErrorCode::Io, fmt::format("cannot be read to its end: {}", std::strerror(errno)), {}, path.string());
  digest.sha256 = hash.finish();
  return digest;
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace dsw
