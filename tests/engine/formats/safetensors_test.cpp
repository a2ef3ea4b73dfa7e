// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/formats/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "engine/core/rng.h"
#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

/// A file of this header (padded to nothing) and so many zero bytes of data.
std::string file_of(const std::string& header, std::size_t data) {
  const std::uint64_t length = header.size();
  std::string text(reinterpret_cast<const char*>(&length), sizeof length);
  return text + header + std::string(data, '\0');
}

std::string refusal(const std::string& header, std::size_t data) {
  const auto file = parse_safetensors(file_of(header, data), "x.safetensors");
  return file ? std::string() : file.error().sentence();
}

TEST(Safetensors, WrittenTensorsAndMetadataComeBack) {
  const auto device = make_reference_device();
  TempFolder folder;
  const Tensor a = from_host(std::vector<float>{1, -2, 3.5f, 4, 5, 6}, {2, 3}, *device);
  const Tensor b = from_host(std::vector<std::int64_t>{7, -8}, {2}, *device);
  const Tensor none = empty({0, 4}, DType::F32, *device);
  const Tensor scalar = full({}, 2.5, DType::F64, *device);
  ASSERT_TRUE(write_safetensors(folder / "a.safetensors",
                                {{"a", a}, {"a.t", a.view_permute({1, 0})}, {"b", b}, {"none", none}, {"s", scalar}},
                                {{"model", "{\"x\": 1}"}}));
  const auto file = read_safetensors(folder / "a.safetensors");
  ASSERT_TRUE(file) << file.error().sentence();
  ASSERT_EQ(file->tensors.size(), 5u);
  EXPECT_EQ(*file->meta("model"), "{\"x\": 1}");
  EXPECT_EQ(to_tensor(*file->find("a"), *device).to_vector<float>(), (std::vector<float>{1, -2, 3.5f, 4, 5, 6}));
  EXPECT_EQ(to_tensor(*file->find("a.t"), *device).to_vector<float>(), (std::vector<float>{1, 4, -2, 5, 3.5f, 6}));
  EXPECT_EQ(file->find("a.t")->shape, (Shape{3, 2}));
  EXPECT_EQ(to_tensor(*file->find("b"), *device).to_vector<std::int64_t>(), (std::vector<std::int64_t>{7, -8}));
  EXPECT_EQ(file->find("none")->shape, (Shape{0, 4}));
  EXPECT_EQ(to_tensor(*file->find("s"), *device).item(), 2.5);
  EXPECT_EQ(file->find("c"), nullptr);
  // Nothing but the file itself is left behind, and the same content gives the same bytes.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  const std::string first = read_text(folder / "a.safetensors");
  ASSERT_TRUE(write_safetensors(folder / "a.safetensors",
                                {{"a", a}, {"a.t", a.view_permute({1, 0})}, {"b", b}, {"none", none}, {"s", scalar}},
                                {{"model", "{\"x\": 1}"}}));
  EXPECT_EQ(read_text(folder / "a.safetensors"), first);
}

TEST(Safetensors, EightBitFloatsComeBackCodeByCode) {
  const auto device = make_reference_device();
  TempFolder folder;
  std::vector<std::uint8_t> codes(256);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(i);
  for (const auto& [dtype, name] : {std::pair{DType::E4M3, "F8_E4M3"}, {DType::E5M2, "F8_E5M2"}}) {
    const Tensor x = empty({2, 128}, dtype, *device);
    std::memcpy(x.view().data, codes.data(), codes.size());
    ASSERT_TRUE(write_safetensors(folder / "a.safetensors", {{"w", x}}, {}));
    EXPECT_NE(read_text(folder / "a.safetensors").find(name), std::string::npos);
    const auto file = read_safetensors(folder / "a.safetensors");
    ASSERT_TRUE(file) << file.error().sentence();
    const Tensor back = to_tensor(*file->find("w"), *device);
    EXPECT_EQ(back.dtype(), dtype);
    EXPECT_EQ(back.shape(), (Shape{2, 128}));
    EXPECT_EQ(std::memcmp(back.view().data, codes.data(), codes.size()), 0);
  }
}

TEST(Safetensors, FilesThatLieAreRefusedWithASentence) {
  const std::string good = R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  EXPECT_EQ(refusal(good, 8), "");
  EXPECT_THAT(refusal(good, 4), testing::HasSubstr("`w`"));
  EXPECT_THAT(refusal(good, 9), testing::HasSubstr("1 bytes at its end"));
  EXPECT_THAT(refusal(R"({"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8),
              testing::HasSubstr("takes 12 bytes, but 8 are given"));
  EXPECT_THAT(refusal(R"({"w":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8]}})", 8),
              testing::HasSubstr("beyond any file"));
  EXPECT_THAT(refusal(R"({"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8), testing::HasSubstr("whole number"));
  EXPECT_THAT(refusal(R"({"w":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}})", 8), testing::HasSubstr("whole number"));
  EXPECT_THAT(refusal(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8), testing::HasSubstr("rising"));
  EXPECT_THAT(refusal(R"({"w":{"dtype":"F32","shape":[1,1,1,1,1,1,2],"data_offsets":[0,8]}})", 8), testing::HasSubstr("7 axes"));
  EXPECT_THAT(refusal(R"({"w":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}})", 8), testing::HasSubstr("C64"));
  EXPECT_THAT(refusal(R"({"w":{"shape":[1],"data_offsets":[0,8]}})", 8), testing::HasSubstr("needed"));
  EXPECT_THAT(refusal(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8),
              testing::HasSubstr("twice"));
  EXPECT_THAT(
      refusal(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12),
      testing::HasSubstr("overlap"));
  EXPECT_THAT(refusal(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12), testing::HasSubstr("4 bytes before `a`"));
  EXPECT_THAT(refusal(R"({"__metadata__":{"a":1}})", 0), testing::HasSubstr("not a text"));
  EXPECT_THAT(refusal("[]", 0), testing::HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal("{\"a\":", 0), testing::HasSubstr("not JSON"));
  EXPECT_THAT(refusal(std::string(100'000, '['), 0), testing::HasSubstr("nested deeper"));
  EXPECT_THAT(parse_safetensors(std::string(8, '\xff'), "x").error().sentence(), testing::HasSubstr("100 MB"));
  EXPECT_THAT(parse_safetensors(std::string("\x40\0\0\0\0\0\0\0{}", 10), "x").error().sentence(),
              testing::HasSubstr("cut off within its header"));
  EXPECT_EQ(parse_safetensors({}, "x").error().code, ErrorCode::BadFormat);
}

TEST(Safetensors, EveryTruncationIsRefusedAndNoBitFlipCrashes) {
  const auto device = make_reference_device();
  TempFolder folder;
  ASSERT_TRUE(write_safetensors(folder / "a", {{"one", full({3}, 1, DType::F32, *device)}, {"two", full({2, 2}, 2, DType::F32, *device)}},
                                {{"k", "v"}}));
  const std::string whole = read_text(folder / "a");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(parse_safetensors(whole.substr(0, length), "x")) << length;
  }
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string changed = whole;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const auto file = parse_safetensors(std::move(changed), "x");
    if (!file) {
      ++refused;
      EXPECT_FALSE(file.error().message.empty());
      continue;
    }
    for (const StoredTensor& tensor : file->tensors)
      EXPECT_EQ(tensor.bytes.size(), static_cast<std::size_t>(tensor.shape.elements()) * dtype_bytes(tensor.dtype));
  }
  EXPECT_GT(refused, 500u);  // the header's structure; flips in names, padding and data make another valid file
}

TEST(Safetensors, MissingFilesAndFoldersAreNamed) {
  TempFolder folder;
  EXPECT_EQ(read_safetensors(folder / "none.safetensors").error().code, ErrorCode::NotFound);
  EXPECT_THAT(read_safetensors(folder.path()).error().sentence(), testing::HasSubstr("is a folder"));
  const auto device = make_reference_device();
  EXPECT_EQ(write_safetensors(folder / "no" / "where", {{"a", full({1}, 1, DType::F32, *device)}}, {}).error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace dsw
