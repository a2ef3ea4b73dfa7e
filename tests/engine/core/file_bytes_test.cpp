// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/core/file_bytes.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "engine/core/resource_folder.h"
#include "tests/support/gzip.h"
#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

std::string noise(std::size_t count) {
  std::string out;
  std::uint32_t x = 1;
  for (std::size_t i = 0; i < count; ++i) out += static_cast<char>((x = x * 1664525U + 1013904223U) >> 24);
  return out;
}

TEST(FileBytes, readsWhatIsThere) {
  const TempFolder folder;
  for (const std::size_t size : {0U, 1U, 5000U, 6U << 20}) {
    write_text(folder / "x.bin", noise(size));
    const auto bytes = read_file(folder / "x.bin");
    ASSERT_TRUE(bytes) << bytes.error().sentence();
    EXPECT_EQ(*bytes, noise(size));
  }
  const auto grown = read_file("/proc/self/status");  // says that it has 0 bytes
  ASSERT_TRUE(grown);
  EXPECT_NE(grown->find("Pid"), std::string::npos);
}

TEST(FileBytes, namesWhatIsWrong) {
  const TempFolder folder;
  write_text(folder / "book.txt", "abc");
  const auto missing = read_file(folder / "bok.txt");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
  EXPECT_EQ(missing.error().message, (folder / "bok.txt").string() + " is not there");
  EXPECT_EQ(missing.error().hint, "The nearest name in its folder is book.txt.");
  EXPECT_NE(read_file(folder.path() / "none" / "x").error().message.find("there is no folder"), std::string::npos);
  EXPECT_NE(read_file(folder / "book.txt" / "x").error().message.find("is not there"), std::string::npos);
  EXPECT_NE(read_file(folder.path()).error().message.find("is a folder"), std::string::npos);
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_NE(read_file(folder / "pipe").error().message.find("pipe or device"), std::string::npos);
  EXPECT_NE(read_file("/dev/zero").error().message.find("pipe or device"), std::string::npos);
  const auto large = read_file(folder / "book.txt", {}, 2);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::OutOfMemory);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(read_file(folder / "book.txt", stop.get_token()).error().code, ErrorCode::Stopped);
}

TEST(FileBytes, unpacksGzip) {
  const std::string text = noise(3 << 20), packed = gzip(text);
  EXPECT_TRUE(is_gzip(packed));
  EXPECT_EQ(gunzip(packed, "x.gz").value(), text);
  EXPECT_EQ(gunzip(gzip(""), "x.gz").value(), "");
  EXPECT_EQ(gunzip(gzip("one ") + gzip("two"), "x.gz").value(), "one two");
  EXPECT_EQ(gunzip(gzip("one") + std::string(100, '\0'), "x.gz").value(), "one");
  EXPECT_EQ(gunzip(gzip(std::string(40 << 20, 'a')), "x.gz").value().size(), 40U << 20);
}

TEST(FileBytes, damagedGzipGetsASentence) {
  const std::string packed = gzip("some text that is packed, some text that is packed");
  for (std::size_t cut = 0; cut < packed.size(); ++cut) {
    const auto result = gunzip(std::string_view(packed).substr(0, cut), "x.gz");
    ASSERT_FALSE(result) << cut;
    EXPECT_EQ(result.error().message, fmt::format("x.gz ends inside its packed data at byte {}", cut));
  }
  for (std::size_t i = 0; i < packed.size(); ++i) {  // no flip may crash; most are noticed
    std::string flipped = packed;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x55);
    (void)gunzip(flipped, "x.gz");
  }
  std::string wrong_sum = packed;
  wrong_sum[packed.size() - 8] = static_cast<char>(wrong_sum[packed.size() - 8] ^ 1);
  EXPECT_NE(gunzip(wrong_sum, "x.gz").error().message.find("x.gz is damaged at byte"), std::string::npos);
  EXPECT_NE(gunzip(packed + "tail", "x.gz").error().message.find("something else than gzip data"), std::string::npos);
  const auto bomb = gunzip(gzip(std::string(30 << 20, '\0')), "x.gz", {}, 1 << 20);
  ASSERT_FALSE(bomb);
  EXPECT_EQ(bomb.error().code, ErrorCode::OutOfMemory);
}

TEST(ResourceFolder, holdsTheBuiltInData) {
  const auto folder = resource_folder();
  ASSERT_TRUE(folder) << folder.error().sentence();
  EXPECT_TRUE(std::filesystem::exists(*folder / "data" / "tinyshakespeare" / "input.txt.gz"));
}

TEST(SizeText, readsWell) {
  EXPECT_EQ(size_text(812), "812 bytes");
  EXPECT_EQ(size_text(3100000), "3.1 MB");
  EXPECT_EQ(size_text(999999), "1.0 MB");
  EXPECT_EQ(size_text(std::uint64_t{16} << 30), "17.2 GB");
}

}  // namespace
}  // namespace dsw
