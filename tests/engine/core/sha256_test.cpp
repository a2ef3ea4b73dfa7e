// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/core/sha256.h"

#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

// Examples of FIPS 180-4 (NIST "SHA256.pdf" sample computations) and the empty message.
constexpr const char* kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, KnownDigests) {
  EXPECT_EQ(sha256(""), kEmpty);
  EXPECT_EQ(sha256("abc"), kAbc);
  Sha256 pieces;
  pieces.add("a", 1);
  pieces.add("bc", 2);
  EXPECT_EQ(pieces.finish(), kAbc);
}

TEST(Sha256, OfAFile) {
  const TempFolder folder;
  write_text(folder / "abc", "abc");
  const auto digest = sha256_of_file(folder / "abc");
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->sha256, kAbc);
  EXPECT_EQ(digest->bytes, 3u);
  const std::string big(3'000'000, 'x');
  write_text(folder / "big", big);
  EXPECT_EQ(sha256_of_file(folder / "big")->sha256, sha256(big));
  EXPECT_EQ(sha256_of_file(folder / "none").error().code, ErrorCode::NotFound);
  EXPECT_EQ(sha256_of_file(folder.path()).error().code, ErrorCode::Io);
}

TEST(Sha256, NamesOfSideFiles) {
  EXPECT_TRUE(is_sha256(kAbc));
  EXPECT_FALSE(is_sha256(""));
  EXPECT_FALSE(is_sha256(std::string(kAbc).substr(1)));
  EXPECT_FALSE(is_sha256("BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  EXPECT_FALSE(is_sha256("../816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

}  // namespace
}  // namespace dsw
