// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>

#include <cstring>

#include <cstdint>
#include <thread>

#include "engine/tensor/caching_allocator.h"
#include "engine/tensor/device.h"

namespace dsw {
namespace {

TEST(CachingAllocator, SameSizesAgainAskTheSystemNothing) {
  const auto device = make_cpu_device(2);
  const auto step = [&] {
    std::vector<std::shared_ptr<Storage>> held;
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{4}, std::size_t{1000}, std::size_t{70000}, std::size_t{3} << 20})
      held.push_back(device->allocate(bytes));
    for (const auto& block : held) EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block->data()) % 64, 0u);
  };
  step();
  const AllocatorStats first = device->allocator_stats();
  EXPECT_EQ(first.live_bytes, 0u);
  EXPECT_EQ(first.system_allocations, 4u);  // the last two are cut from one region
  EXPECT_GE(first.peak_bytes, (std::uint64_t{3} << 20) + 71004);
  for (int i = 0; i < 3; ++i) step();
  EXPECT_EQ(device->allocator_stats().system_allocations, first.system_allocations);
  EXPECT_EQ(device->allocator_stats().reserved_bytes, first.reserved_bytes);
  device->release_cache();
  EXPECT_EQ(device->allocator_stats().reserved_bytes, 0u);
}

TEST(CachingAllocator, RoundingWastesAtMostAnEighth) {
  std::size_t before = 0;
  for (std::size_t bytes = 1; bytes < 100000; ++bytes) {
    const std::size_t rounded = CachingAllocator::rounded(bytes);
    ASSERT_GE(rounded, bytes);
    ASSERT_GE(rounded, before);
    ASSERT_EQ(rounded % 64, 0u) << bytes;
    ASSERT_EQ(CachingAllocator::rounded(rounded), rounded) << bytes;
    ASSERT_LE(rounded - bytes, bytes > 512 ? bytes / 8 : 63) << bytes;
    before = rounded;
  }
}

TEST(CachingAllocator, RegionsGoBackWhenAllOfThemIsFree) {
  const auto device = make_cpu_device(1);
  std::vector<std::shared_ptr<Storage>> held;
  const std::size_t bytes = std::size_t{1} << 20;
  for (int i = 0; i < 40; ++i) held.push_back(device->allocate(bytes));
  for (std::size_t i = 1; i < 16; ++i)
    EXPECT_EQ(static_cast<char*>(held[i]->data()) - static_cast<char*>(held[i - 1]->data()), static_cast<std::ptrdiff_t>(bytes));
  const AllocatorStats all = device->allocator_stats();
  EXPECT_EQ(all.system_allocations, 3u);
  const std::shared_ptr<Storage> kept = held[20];
  std::memset(kept->data(), 7, bytes);
  held.clear();
  device->release_cache();
  EXPECT_EQ(device->allocator_stats().reserved_bytes, all.reserved_bytes / 3) << "the region that still holds a block stays";
  EXPECT_EQ(static_cast<char*>(kept->data())[bytes - 1], 7);
  for (int i = 0; i < 15; ++i) held.push_back(device->allocate(bytes));
  EXPECT_EQ(device->allocator_stats().system_allocations, 3u) << "what is free of it is given out again";
}

TEST(CachingAllocator, PeakAndForeignThreads) {
  const auto device = make_cpu_device(1);
  auto block = device->allocate(1 << 20);
  EXPECT_EQ(device->allocator_stats().live_bytes, 1u << 20);
  std::thread([held = std::move(block)]() mutable { held.reset(); }).join();
  EXPECT_EQ(device->allocator_stats().live_bytes, 0u);
  EXPECT_EQ(device->allocator_stats().peak_bytes, 1u << 20);
  device->reset_peak();
  EXPECT_EQ(device->allocator_stats().peak_bytes, 0u);
}

TEST(CachingAllocator, StorageMayOutliveItsDevice) {
  auto device = make_cpu_device(1);
  const auto block = device->allocate(100);
  device.reset();
  static_cast<char*>(block->data())[99] = 1;
  EXPECT_EQ(block->bytes(), 100u);
}

TEST(CachingAllocator, TooMuchIsASentence) {
  const auto device = make_cpu_device(1);
  for (const std::size_t bytes : {std::size_t{1} << 45, SIZE_MAX - 100}) {
    try {
      device->allocate(bytes);
      FAIL() << bytes;
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::OutOfMemory);
      EXPECT_NE(error.message.find("MiB of memory are free"), std::string::npos) << error.message;
      EXPECT_FALSE(error.hint.empty());
    }
  }
  EXPECT_EQ(device->allocator_stats().live_bytes, 0u);
}

TEST(CpuDevice, SaysWhatItIs) {
  const auto device = make_cpu_device(3);
  EXPECT_EQ(device->threads(), 3);
  EXPECT_EQ(device->info().name, "cpu");
  EXPECT_NE(device->info().description.find("core"), std::string::npos);
  EXPECT_GT(device->info().memory_bytes, std::uint64_t{1} << 28);
  const bool bfloat16_first = device->info().description.find("bfloat16 products") != std::string::npos;
  EXPECT_EQ(device->info().precisions, bfloat16_first ? (std::vector<std::string>{"bfloat16", "float32", "float16", "float8"})
                                                      : (std::vector<std::string>{"float32", "bfloat16", "float16", "float8"}));
  EXPECT_GE(make_cpu_device()->threads(), 1);
  EXPECT_EQ(make_reference_device()->threads(), 1);
  EXPECT_STREQ(device->kernels().name, "cpu");
}

TEST(CpuDevice, StatusesBecomeErrors) {
  const auto device = make_reference_device();
  EXPECT_NO_THROW(check_status(DSW_OK, "matmul", *device));
  try {
    check_status(DSW_BAD_ARGUMENT, "embedding_fwd", *device);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::InvalidArgument);
    EXPECT_NE(error.message.find("embedding_fwd on reference"), std::string::npos);
  }
  EXPECT_THROW(check_status(DSW_UNSUPPORTED, "x", *device), Error);
}

}  // namespace
}  // namespace dsw
