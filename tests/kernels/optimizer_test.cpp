// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>

#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

const std::vector<Lengths> kShapes = {{1}, {0}, {33}, {7, 9}, {70001}};

TEST(Optimizer, AdamW) {
  for (const Lengths& shape : kShapes) {
    for (const double decay : {0.0, 0.1}) {
      const DswAdamW p{1e-3, 0.9, 0.95, 1e-8, decay, 1 - 0.9 * 0.9, 1 - 0.95 * 0.95, 0.5};
      KernelCase("adamw")
          .changed(shape)
          .input(shape)
          .changed(shape)
          .changed(shape, Layout::Dense, 0, 1)
          .run([&](const DswKernels& k, DswStream* s, const auto& v) { return k.adamw(s, &p, v[0], v[1], v[2], v[3]); });
    }
  }
}

TEST(Optimizer, AdamWOfManyParameters) {
  const DswAdamWMany many{{1e-3, 0.9, 0.95, 1e-8, 0.1, 1 - 0.9 * 0.9, 1 - 0.95 * 0.95, 0.5}, nullptr, 0};
  for (const std::vector<Lengths>& shapes : {std::vector<Lengths>{{3}, {0}, {33, 5}}, {{70001}, {7}, {40003}}, {{1}}, {}}) {
    KernelCase all("adamw of many");
    for (const Lengths& shape : shapes) all.changed(shape).input(shape).changed(shape).changed(shape, Layout::Dense, 0, 1);
    all.run([&](const DswKernels& k, DswStream* s, const auto& v) {
      std::vector<DswAdamWPiece> pieces;
      for (std::size_t i = 0; i < v.size(); i += 4) pieces.push_back({v[i], v[i + 1], v[i + 2], v[i + 3], i % 8 == 0 ? 1 : 0});
      DswAdamWMany now = many;
      now.pieces = pieces.data();
      now.count = static_cast<std::int64_t>(pieces.size());
      return k.adamw_many(s, &now);
    });
  }
}

/// The same bits as one call a parameter, wherever threads divide them.
TEST(Optimizer, AdamWOfManyParametersIsThatOfEach) {
  for (const auto& [name, kernels] : cpu_tables()) {
    for (const int threads : {1, 2, 3}) {
      const Stream stream(threads);
      std::vector<std::vector<float>> values[2];  // one after the other: w, g, m, v of each parameter
      for (auto& copy : values) {
        for (const std::size_t n : {40013u, 5u, 30001u}) {
          for (int slot = 0; slot < 4; ++slot) {
            std::vector<float>& x = copy.emplace_back(n);
            for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>((i * 7 + static_cast<std::size_t>(slot) * 13) % 101) / 101;
          }
        }
      }
      DswAdamW settings{1e-2, 0.9, 0.99, 1e-8, 0.1, 0.1, 0.01, 0.7};
      std::vector<DswAdamWPiece> pieces;
      for (std::size_t i = 0; i < values[0].size(); i += 4) {
        const auto view = [&](std::size_t copy, std::size_t slot) {
          std::vector<float>& x = values[copy][i + slot];
          return dense_view(x.data(), {static_cast<std::int64_t>(x.size())}, DSW_F32);
        };
        pieces.push_back({view(0, 0), view(0, 1), view(0, 2), view(0, 3), i == 4 ? 0 : 1});
        settings.weight_decay = i == 4 ? 0 : 0.1;
        ASSERT_EQ(kernels->adamw(stream.get(), &settings, view(1, 0), view(1, 1), view(1, 2), view(1, 3)), DSW_OK);
      }
      settings.weight_decay = 0.1;
      const DswAdamWMany many{settings, pieces.data(), static_cast<std::int64_t>(pieces.size())};
      ASSERT_EQ(kernels->adamw_many(stream.get(), &many), DSW_OK);
      EXPECT_EQ(values[0], values[1]) << name << ", threads: " << threads;
    }
  }
}

TEST(Optimizer, Sgd) {
  for (const Lengths& shape : kShapes) {
    for (const std::int32_t nesterov : {0, 1}) {
      for (const std::int32_t first : {0, 1}) {
        const DswSgd p{0.1, 0.9, 5e-4, 0.2, 2.0, nesterov, first};
        KernelCase("momentum").changed(shape).input(shape).changed(shape).run([&](const DswKernels& k, DswStream* s, const auto& v) {
          return k.sgd(s, &p, v[0], v[1], v[2]);
        });
      }
    }
    const DswSgd p{0.1, 0, 0.01, 0, 1.0, 0, 1};
    KernelCase("plain").changed(shape).input(shape).missing().run(
        [&](const DswKernels& k, DswStream* s, const auto& v) { return k.sgd(s, &p, v[0], v[1], v[2]); });
  }
}

/// Two steps by hand: published formulas, not our loops. PyTorch's AdamW gives the same numbers.
TEST(Optimizer, AdamWByHand) {
  KernelCase("by hand").changed({1}).input({1}).changed({1}).changed({1}).run([](const DswKernels& k, DswStream* s, const auto& v) {
    for (const DswView& x : v) {
      if (x.dtype == DSW_F32)
        *static_cast<float*>(x.data) = 0;
      else
        *static_cast<double*>(x.data) = 0;
    }
    const auto set = [](const DswView& x, double value) {
      x.dtype == DSW_F32 ? void(*static_cast<float*>(x.data) = static_cast<float>(value)) : void(*static_cast<double*>(x.data) = value);
    };
    const auto get = [](const DswView& x) {
      return x.dtype == DSW_F32 ? static_cast<double>(*static_cast<float*>(x.data)) : *static_cast<double*>(x.data);
    };
    set(v[0], 1.0);
    set(v[1], 0.5);
    const DswAdamW first{0.1, 0.9, 0.999, 0, 0.01, 1 - 0.9, 1 - 0.999, 1.0};
    EXPECT_EQ(k.adamw(s, &first, v[0], v[1], v[2], v[3]), DSW_OK);
    EXPECT_NEAR(get(v[0]), 1 - 0.1 * 0.01 - 0.1, 1e-6);  // the first step is lr times the gradient's sign
    set(v[1], -0.5);
    const DswAdamW second{0.1, 0.9, 0.999, 0, 0.01, 1 - 0.81, 1 - 0.999 * 0.999, 1.0};
    EXPECT_EQ(k.adamw(s, &second, v[0], v[1], v[2], v[3]), DSW_OK);
    EXPECT_NEAR(get(v[0]), 0.899 * (1 - 0.001) - 0.1 * (-0.005 / 0.19) / 0.5, 1e-6);
    set(v[1], get(v[1]));
    const float before = static_cast<float>(get(v[1]));
    EXPECT_EQ(before, -0.5f);
    set(v[0], 0);
    set(v[1], 0);
    set(v[2], 0);
    set(v[3], 0);
    return -1;  // the numbers were compared here
  });
}

}  // namespace
}  // namespace dsw::test
