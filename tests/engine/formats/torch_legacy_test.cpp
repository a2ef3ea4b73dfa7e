// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/formats/torch_legacy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/shared_data.h"

namespace dsw {
namespace {

std::string raw(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}
std::string int32(std::uint32_t value) { return std::string(reinterpret_cast<const char*>(&value), sizeof value); }
std::string int64(std::uint64_t value) { return std::string(reinterpret_cast<const char*>(&value), sizeof value); }
std::string text(const std::string& value) { return "X" + int32(static_cast<std::uint32_t>(value.size())) + value; }

const std::string kHead = raw({0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'}) +
                          raw({0x80, 2, 'M', 0xe9, 3, '.'}) + raw({0x80, 2, '}', '('}) + text("little_endian") + raw({0x88, 'u', '.'});
const std::string kFloats = "ctorch\nFloatStorage\n";

/// _rebuild_tensor_v2(storage "0" of `elements`, offset, size, stride, False, OrderedDict())
std::string tensor(int elements, int offset, const std::string& size, const std::string& stride) {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + kFloats + text("0") + text("cpu") +
         raw({'K', elements, 'N', 't', 'Q', 'K', offset}) + size + stride + raw({0x89}) + "ccollections\nOrderedDict\n)Rt" + "R";
}
std::string object(const std::string& value) { return raw({0x80, 2}) + "}(" + text("w") + value + "u."; }
std::string tail(std::uint64_t elements, const std::vector<float>& data) {
  return raw({0x80, 2}) + "](" + text("0") + "e." + int64(elements) +
         std::string(reinterpret_cast<const char*>(data.data()), data.size() * sizeof(float));
}

Result<TensorFile> parse(const std::string& content) { return parse_torch_legacy(content, "teacher.pt"); }
std::string refusal(const std::string& content) {
  const auto file = parse(content);
  return file ? std::string() : file.error().sentence();
}

const std::string kSize = raw({'K', 2, 'K', 3, 0x86}), kRows = raw({'K', 3, 'K', 1, 0x86}), kColumns = raw({'K', 1, 'K', 2, 0x86});
const std::string kGood = kHead + object(tensor(6, 0, kSize, kRows)) + tail(6, {1, 2, 3, 4, 5, 6});

TEST(TorchLegacy, ReadsContiguousAndTransposedTensors) {
  const auto device = make_reference_device();
  const auto rows = parse(kGood);
  ASSERT_TRUE(rows) << rows.error().sentence();
  EXPECT_EQ(rows->find("w")->shape, (Shape{2, 3}));
  EXPECT_EQ(to_tensor(*rows->find("w"), *device).to_vector<float>(), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  const auto columns = parse(kHead + object(tensor(6, 0, kSize, kColumns)) + tail(6, {1, 2, 3, 4, 5, 6}));
  ASSERT_TRUE(columns) << columns.error().sentence();
  EXPECT_EQ(to_tensor(*columns->find("w"), *device).to_vector<float>(), (std::vector<float>{1, 3, 5, 2, 4, 6}));
}

TEST(TorchLegacy, ForeignGlobalsAreRefusedByNameAndPlace) {
  const std::string content = kHead + raw({0x80, 2}) + "cos\nsystem\n(" + text("touch /tmp/never") + "tR.";
  EXPECT_EQ(refusal(content), fmt::format("teacher.pt asks for `os.system` at byte {} of its pickle. Nothing of it was run and it was not "
                                          "imported. Ask for a safetensors file.",
                                          kHead.size() + 2));
  EXPECT_THAT(refusal(kHead + raw({0x80, 2}) + "c__builtin__\neval\n."), testing::HasSubstr("`__builtin__.eval`"));
  EXPECT_THAT(refusal(kHead + raw({0x80, 2, 0x93, '.'})), testing::HasSubstr("opcode 0x93"));
  EXPECT_THAT(refusal(kHead + raw({0x80, 4, '.'})), testing::HasSubstr("protocol 4"));
  EXPECT_THAT(refusal(kHead + raw({0x80, 2}) + "ccollections\nOrderedDict\n(K\1K\2tR."), testing::HasSubstr("in a way"));
}

TEST(TorchLegacy, LyingSizesAreRefused) {
  EXPECT_THAT(refusal(kHead + object(tensor(5, 0, kSize, kRows)) + tail(5, {1, 2, 3, 4, 5})),
              testing::HasSubstr("beyond its storage of 5"));
  EXPECT_THAT(refusal(kHead + object(tensor(6, 1, kSize, kRows)) + tail(6, {1, 2, 3, 4, 5, 6})), testing::HasSubstr("beyond its storage"));
  EXPECT_THAT(
      refusal(kHead + object(tensor(6, 0, raw({'J', 255, 255, 255, 127, 'J', 255, 255, 255, 127, 0x86}), raw({'K', 0, 'K', 0, 0x86}))) +
              tail(6, {1, 2, 3, 4, 5, 6})),
      testing::HasSubstr("beyond its storage"));
  EXPECT_THAT(
      refusal(kHead + object(tensor(6, 0, raw({'J', 255, 255, 255, 255, 0x85}), raw({'K', 1, 0x85}))) + tail(6, {1, 2, 3, 4, 5, 6})),
      testing::HasSubstr("beyond its storage"));
  EXPECT_THAT(refusal(kHead + object(tensor(6, 0, kSize, raw({'K', 1, 0x85}))) + tail(6, {1, 2, 3, 4, 5, 6})), testing::HasSubstr("axes"));
  EXPECT_THAT(refusal(kHead + object(tensor(6, 0, kSize, kRows)) + tail(7, {1, 2, 3, 4, 5, 6, 7})), testing::HasSubstr("has 7 elements"));
  EXPECT_THAT(refusal(kHead + object(tensor(6, 0, kSize, kRows)) + tail(6, {1, 2, 3})), testing::HasSubstr("cut off"));
  EXPECT_THAT(refusal("PK\3\4 and so on"), testing::HasSubstr("zip of PyTorch 1.6"));
  EXPECT_THAT(refusal("hello"), testing::HasSubstr("is not a file of torch.save"));
}

TEST(TorchLegacy, NestingAndCyclesCostNothing) {
  std::string deep = raw({0x80, 2, 'N'});
  for (int i = 0; i < 1'000'000; ++i) deep += raw({0x85});
  EXPECT_THAT(refusal(kHead + deep + "."), testing::HasSubstr("cut off"));
  EXPECT_THAT(refusal(kHead + raw({0x80, 2, ']', 'q', 1, 'h', 1, 'a', '.'})), testing::HasSubstr("cut off"));
  EXPECT_THAT(refusal(kHead + raw({0x80, 2, 'h', 7, '.'})), testing::HasSubstr("was not kept"));
  EXPECT_THAT(refusal(kHead + raw({0x80, 2, 'u', '.'})), testing::HasSubstr("misses a mark"));
  EXPECT_THAT(refusal(kHead + raw({0x80, 2, '.'})), testing::HasSubstr("without one value"));
}

TEST(TorchLegacy, EveryTruncationIsRefusedAndNoBitFlipCrashes) {
  for (std::size_t length = 0; length < kGood.size(); ++length) EXPECT_NE(refusal(kGood.substr(0, length)), "") << length;
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < kGood.size() * 8; ++bit) {
    std::string changed = kGood;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const auto file = parse(changed);
    if (!file) {
      ++refused;
      EXPECT_FALSE(file.error().message.empty());
      continue;
    }
    for (const StoredTensor& stored : file->tensors)
      EXPECT_EQ(stored.bytes.size(), static_cast<std::size_t>(stored.shape.elements()) * dtype_bytes(stored.dtype));
  }
  EXPECT_GT(refused, kGood.size() * 5);
}

TEST(TorchLegacy, ReadsTheCifarResNets) {
  const auto path = shared_data("resnet-cifar10/resnet20-12fca82f.th");
  if (!path) GTEST_SKIP() << kNoSharedData;
  const auto file = read_torch_legacy(*path);
  ASSERT_TRUE(file) << file.error().sentence();
  EXPECT_EQ(file->tensors.size(), 97u);
  EXPECT_EQ(file->tensors.front().name, "module.conv1.weight");
  EXPECT_EQ(file->tensors.front().shape, (Shape{16, 3, 3, 3}));
  EXPECT_EQ(file->find("module.linear.bias")->shape, (Shape{10}));
  EXPECT_EQ(*file->meta("best_prec1"), "91.78000183105469");
}

}  // namespace
}  // namespace dsw
