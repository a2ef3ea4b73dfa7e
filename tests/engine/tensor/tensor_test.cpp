// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/tensor/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "engine/core/result.h"
#include "tests/support/error_of.h"

namespace dsw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TensorTest : public testing::Test {
 protected:
  Tensor counted(const Shape& shape) {
    std::vector<float> values(static_cast<std::size_t>(shape.elements()));
    std::iota(values.begin(), values.end(), 0.0f);
    return from_host(values, shape, *device_);
  }
  std::unique_ptr<Device> device_ = make_reference_device();
};

TEST(ShapeTest, countsAndPrints) {
  EXPECT_EQ(Shape{}.elements(), 1);
  EXPECT_EQ((Shape{2, 3}).elements(), 6);
  EXPECT_EQ((Shape{1LL << 40, 1LL << 40, 0}).elements(), 0);
  EXPECT_EQ((Shape{2, 3}).text(), "[2, 3]");
  EXPECT_EQ(Shape{}.text(), "[]");
  EXPECT_EQ((Shape{2, 3})[-1], 3);
}

TEST(ShapeTest, refusesWhatIsNoShape) {
  EXPECT_THAT(error_of([] { Shape({1, 1, 1, 1, 1, 1, 1}); }), HasSubstr("at most 6 axes"));
  EXPECT_THAT(error_of([] { Shape(std::vector<std::int64_t>{2, -1}); }), HasSubstr("length -1"));
  EXPECT_THAT(error_of([] { (void)(Shape{1LL << 40, 1LL << 40}).elements(); }), HasSubstr("more elements than can be counted"));
}

TEST(ShapeTest, broadcasts) {
  EXPECT_EQ(broadcast("add", {2, 1, 4}, {3, 1}), (Shape{2, 3, 4}));
  EXPECT_EQ(broadcast("add", {}, {3}), (Shape{3}));
  EXPECT_EQ(broadcast("add", {0, 3}, {1, 3}), (Shape{0, 3}));
  EXPECT_EQ(error_of([] {
              broadcast("add", {2, 3}, {4});
            }),
            "add: a is [2, 3], b is [4]; lengths of an axis, counted from the last, must be equal or 1");
}

TEST_F(TensorTest, keepsValuesAndConverts) {
  const Tensor x = from_host(std::vector<float>{1.5f, -2, 0}, {3}, *device_);
  EXPECT_THAT(x.to_vector<float>(), ElementsAre(1.5f, -2, 0));
  EXPECT_THAT(x.to_vector<double>(), ElementsAre(1.5, -2, 0));
  EXPECT_EQ(x.view_slice(0, 1, 2).item(), -2);
  EXPECT_EQ(full({2}, 7, DType::I32, *device_).to_vector<std::int64_t>(), (std::vector<std::int64_t>{7, 7}));
  EXPECT_EQ(full({}, 3, DType::Bool, *device_).shape(), Shape{});
  EXPECT_EQ(empty({0, 4}, DType::F32, *device_).to_vector<float>().size(), 0u);
  EXPECT_THAT(error_of([&] { from_host(std::vector<float>{1}, {2}, *device_); }), HasSubstr("1 values for a tensor of shape [2]"));
  EXPECT_THAT(error_of([&] { (void)x.item(); }), HasSubstr("only one element"));
}

TEST_F(TensorTest, viewsShareMemory) {
  const Tensor x = counted({2, 3});
  EXPECT_THAT(x.view_permute({1, 0}).to_vector<float>(), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(x.view_slice(1, 1, 3).to_vector<float>(), ElementsAre(1, 2, 4, 5));
  EXPECT_THAT(x.view_slice(0, 1, 2).view_expand({2, 3}).to_vector<float>(), ElementsAre(3, 4, 5, 3, 4, 5));
  copy_into(full({2}, 9, DType::F32, *device_), x.view_slice(1, 1, 2).view_reshape({2}));
  EXPECT_THAT(x.to_vector<float>(), ElementsAre(0, 9, 2, 3, 9, 5));
  EXPECT_FALSE(x.view_permute({1, 0}).is_contiguous());
  EXPECT_TRUE(x.view_permute({1, 0}).contiguous_copy().is_contiguous());
}

TEST_F(TensorTest, reshapesStridedMemoryWhereNoCopyIsNeeded) {
  // Three projections side by side, [B, T, 3 H D]: the heads of one of them are a view [B, T, H, D], and [B, H, T, D] by permuting.
  const Tensor qkv = counted({2, 3, 12});
  const Tensor k = qkv.view_slice(2, 4, 8).view_reshape({2, 3, 2, 2}).view_permute({0, 2, 1, 3});
  EXPECT_THAT(k.view_slice(0, 1, 2).view_slice(1, 1, 2).to_vector<float>(), ElementsAre(42, 43, 54, 55, 66, 67));
  const Tensor x = counted({2, 3, 4});
  EXPECT_TRUE(x.view_permute({1, 0, 2}).can_view_as({3, 2, 2, 2}));
  EXPECT_FALSE(x.view_permute({1, 0, 2}).can_view_as({6, 4}));
  EXPECT_TRUE(x.view_slice(0, 1, 2).can_view_as({1, 12}));
  EXPECT_TRUE(x.view_permute({2, 0, 1}).can_view_as({4, 6}));
  EXPECT_EQ(x.view_permute({2, 0, 1}).view_reshape({4, 6}).to_vector<float>(), x.view_permute({2, 0, 1}).to_vector<float>());
  EXPECT_EQ(x.view_reshape({1, 2, 1, 12, 1}).to_vector<float>(), x.to_vector<float>());
  EXPECT_THROW(x.view_permute({1, 0, 2}).view_reshape({6, 4}), Error);
  EXPECT_EQ(error_of([&] { x.view_reshape({5, 5}); }), "reshape: [2, 3, 4] has 24 elements, [5, 5] has 25");
}

TEST_F(TensorTest, refusesViewsThatDoNotFit) {
  const Tensor x = counted({2, 3});
  EXPECT_EQ(error_of([&] { x.view_slice(1, 2, 4); }), "slice: 2 to 4 of axis 1 is not within [2, 3]");
  EXPECT_EQ(error_of([&] { x.view_slice(2, 0, 1); }), "slice: 0 to 1 of axis 2 is not within [2, 3]");
  EXPECT_EQ(error_of([&] { x.view_permute({0, 0}); }), "permute: the tensor is [2, 3]; its 2 axes must each be named once");
  EXPECT_EQ(error_of([&] { x.view_permute({0}); }), "permute: the tensor is [2, 3]; its 2 axes must each be named once");
  EXPECT_EQ(error_of([&] { x.view_expand({2, 4}); }), "expand: [2, 3] cannot be repeated to [2, 4]; only axes of length 1 can");
}

TEST_F(TensorTest, resultsLieInTheOrderOfTheirModel) {
  const Tensor heads = counted({2, 3, 12}).view_slice(2, 0, 4).view_reshape({2, 3, 2, 2}).view_permute({0, 2, 1, 3});
  const Tensor like = empty_in_order_of(heads, DType::F32);
  EXPECT_EQ(like.shape(), heads.shape());
  EXPECT_TRUE(like.view_permute({0, 2, 1, 3}).is_contiguous());
}

TEST_F(TensorTest, hostAccessChecksWhatItGives) {
  const Tensor x = counted({2, 3});
  x.data<float>()[1] = 8;
  EXPECT_EQ(x.to_vector<float>()[1], 8);
  EXPECT_THROW(x.data<double>(), Error);
  EXPECT_THROW(x.view_permute({1, 0}).data<float>(), Error);
  EXPECT_THROW(Tensor().shape(), Error);
  EXPECT_EQ(Tensor().view().data, nullptr);
}

TEST_F(TensorTest, copiesBetweenDevices) {
  const std::unique_ptr<Device> cpu = make_cpu_device(1);
  const Tensor x = counted({2, 3}).view_permute({1, 0});
  const Tensor y = to_device_copy(x, *cpu);
  EXPECT_EQ(&y.device(), cpu.get());
  EXPECT_EQ(y.to_vector<float>(), x.to_vector<float>());
  EXPECT_THROW(copy_into(x, y), Error);
}

}  // namespace
}  // namespace dsw
