// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/even_rows.h"
#include "kernels/cpu/isa/table.h"
#include "kernels/reference/reference_kernels.h"

namespace dsw::kernels::DSW_ISA {
namespace {

constexpr float kInvSqrt2Pi = 0.39894228f, kGeluTanhA = 0.79788456f, kGeluTanhB = 0.044715f;
constexpr double kCheap = 0.25, kCostly = 1.0;  // nanoseconds an element
constexpr std::int64_t kRowRun = 64;            // rows whose sum is formed in float32 before it goes to float64

const DswKernels& reference() { return *dsw_reference_kernels(); }

/// out[i] = f(in[0][i], …) over a contiguous piece.
template <class F>
void map1(const float* x, float* y, std::int64_t n, F f) {
  std::int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) store(y + i, f(load(x + i)));
  if (i < n) store_first(y + i, f(load_first(x + i, n - i)), n - i);
}
template <class F>
void map2(const float* a, const float* b, float* y, std::int64_t n, F f) {
  std::int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) store(y + i, f(load(a + i), load(b + i)));
  if (i < n) store_first(y + i, f(load_first(a + i, n - i), load_first(b + i, n - i)), n - i);
}

Vec log_lanes(Vec x) {  // the library's logarithm: not in any steady step
  for (int i = 0; i < kWidth; ++i) x[i] = std::log(x[i]);
  return x;
}
Vec relu(Vec x) { return select(x <= 0.0f, Vec{}, x); }
/// (1 + tanh u) / 2 = sigmoid(2 u), which keeps its digits where tanh nears -1.
Vec gelu_tanh_gate(Vec x) { return sigmoid(2.0f * kGeluTanhA * (x + kGeluTanhB * x * x * x)); }

/// Calls use(f, cost) with the op's function of one vector.
template <class Use>
int with_unary(DswUnary op, float alpha, float beta, Use&& use) {
  switch (op) {
    case DSW_NEG:
      return use([](Vec x) { return -x; }, kCheap);
    case DSW_EXP:
      return use([](Vec x) { return exp(x); }, kCostly);
    case DSW_LOG:
      return use([](Vec x) { return log_lanes(x); }, 5.0);
    case DSW_SQRT:
      return use([](Vec x) { return sqrt(x); }, kCheap);
    case DSW_RSQRT:
      return use([](Vec x) { return 1.0f / sqrt(x); }, kCheap);
    case DSW_SQUARE:
      return use([](Vec x) { return x * x; }, kCheap);
    case DSW_ABS:
      return use([](Vec x) { return abs(x); }, kCheap);
    case DSW_RECIPROCAL:
      return use([](Vec x) { return 1.0f / x; }, kCheap);
    case DSW_RELU:
      return use([](Vec x) { return relu(x); }, kCheap);
    case DSW_GELU_TANH:
      return use([](Vec x) { return x * gelu_tanh_gate(x); }, kCostly);
    case DSW_GELU_ERF:
      return use([](Vec x) { return x * normal_below(x); }, kCostly);
    case DSW_SILU:
      return use([](Vec x) { return x * sigmoid(x); }, kCostly);
    case DSW_TANH:
      return use([](Vec x) { return tanh(x); }, kCostly);
    case DSW_SIGMOID:
      return use([](Vec x) { return sigmoid(x); }, kCostly);
    case DSW_AFFINE:
      return use([=](Vec x) { return alpha * x + beta; }, kCheap);
  }
  return DSW_BAD_ARGUMENT;
}

int unary(DswStream* stream, DswUnary op, double alpha, double beta, DswView x, DswView y) {
  if (!all_narrow({&x, &y})) return reference().unary(stream, op, alpha, beta, x, y);
  return with_unary(op, static_cast<float>(alpha), static_cast<float>(beta), [&](auto f, double cost) {
    for_each_piece<1>(stream, cost, {&x, &y}, [f](float* const* p, std::int64_t n) { map1(p[0], p[1], n, f); });
    return static_cast<int>(DSW_OK);
  });
}

/// Calls use(f, reads_y, cost): f(v) is dy/dx, v being x or y as kernel_table.h says for the op.
template <class Use>
int with_slope(DswUnary op, float alpha, Use&& use) {
  switch (op) {
    case DSW_NEG:
      return use([](Vec) { return splat(-1.0f); }, false, kCheap);
    case DSW_EXP:
      return use([](Vec y) { return y; }, true, kCheap);
    case DSW_LOG:
      return use([](Vec x) { return 1.0f / x; }, false, kCheap);
    case DSW_SQRT:
      return use([](Vec y) { return 0.5f / y; }, true, kCheap);
    case DSW_RSQRT:
      return use([](Vec y) { return -0.5f * y * y * y; }, true, kCheap);
    case DSW_SQUARE:
      return use([](Vec x) { return 2.0f * x; }, false, kCheap);
    case DSW_ABS:
      return use([](Vec x) { return select(x > 0.0f, splat(1.0f), select(x < 0.0f, splat(-1.0f), x)); }, false, kCheap);
    case DSW_RECIPROCAL:
      return use([](Vec y) { return -y * y; }, true, kCheap);
    case DSW_RELU:
      return use([](Vec y) { return select(y <= 0.0f, Vec{}, splat(1.0f)); }, true, kCheap);
    case DSW_GELU_TANH:
      return use(
          [](Vec x) {
            const Vec g = gelu_tanh_gate(x);
            return g + 2.0f * x * g * (1.0f - g) * (kGeluTanhA + 3.0f * kGeluTanhA * kGeluTanhB * x * x);
          },
          false, kCostly);
    case DSW_GELU_ERF:
      return use([](Vec x) { return normal_below(x) + x * kInvSqrt2Pi * exp(-0.5f * x * x); }, false, kCostly);
    case DSW_SILU:
      return use(
          [](Vec x) {
            const Vec s = sigmoid(x);
            return s * (1.0f + x * (1.0f - s));
          },
          false, kCostly);
    case DSW_TANH:
      return use([](Vec y) { return 1.0f - y * y; }, true, kCheap);
    case DSW_SIGMOID:
      return use([](Vec y) { return y * (1.0f - y); }, true, kCheap);
    case DSW_AFFINE:
      return use([=](Vec) { return splat(alpha); }, false, kCheap);
  }
  return DSW_BAD_ARGUMENT;
}

int unary_bwd(DswStream* stream, DswUnary op, double alpha, double beta, DswView x, DswView y, DswView dy, DswView dx) {
  if (!all_narrow({&x, &y, &dy, &dx})) return reference().unary_bwd(stream, op, alpha, beta, x, y, dy, dx);
  return with_slope(op, static_cast<float>(alpha), [&](auto f, bool reads_y, double cost) {
    const bool reads_none = op == DSW_NEG || op == DSW_AFFINE;
    const DswView& from = reads_none ? dy : reads_y ? y : x;
    for_each_piece<2>(stream, cost, {&from, &dy, &dx},
                      [f](float* const* p, std::int64_t n) { map2(p[0], p[1], p[2], n, [f](Vec v, Vec g) { return g * f(v); }); });
    return static_cast<int>(DSW_OK);
  });
}

/// Rows of dx as unary_bwd makes them; their sums stay with the thread, in float32 for kRowRun rows, then in float64.
int unary_bias_bwd(DswStream* stream, DswUnary op, double alpha, double beta, DswView x, DswView y, DswView dy, DswView dx, DswView dbias) {
  if (!all_narrow({&x, &y, &dy, &dx}) || !all_float32({&dbias}) || !contiguous(dbias))
    return reference().unary_bias_bwd(stream, op, alpha, beta, x, y, dy, dx, dbias);
  const std::int64_t rows = row_count(dx), n = last_length(dx), p = padded(n);
  if (n == 0) return DSW_OK;
  // A thread's scratch: rows of x or y, dy, dx; a float32 run of the sums; their float64 totals.
  if (!stream->reserve(static_cast<std::size_t>(4 * p) * sizeof(float) + static_cast<std::size_t>(p) * sizeof(double)))
    return DSW_OUT_OF_MEMORY;
  const auto totals_of = [&](int thread) { return reinterpret_cast<double*>(static_cast<float*>(stream->scratch(thread, 0)) + 4 * p); };
  int used = 1;
  const int status = with_slope(op, static_cast<float>(alpha), [&](auto f, bool reads_y, double cost) {
    const Rows from_rows(op == DSW_NEG || op == DSW_AFFINE ? dy : reads_y ? y : x), dy_rows(dy), dx_rows(dx);
    parallel(stream, cost * static_cast<double>(rows * (n + 16)), [&](int thread, int threads) {
      if (thread == 0) used = threads;
      float *buffer = static_cast<float*>(stream->scratch(thread, 0)), *run = buffer + 3 * p;
      double* totals = totals_of(thread);
      std::fill(totals, totals + n, 0.0);
      const Share share = share_of(rows, thread, threads);
      for (std::int64_t begin = share.begin; begin < share.end; begin += kRowRun) {
        std::fill(run, run + n, 0.0f);
        for (std::int64_t r = begin; r < std::min(share.end, begin + kRowRun); ++r) {
          float* to = dx_rows.write(r, buffer + 2 * p);
          map2(from_rows.read(r, buffer), dy_rows.read(r, buffer + p), to, n, [f](Vec v, Vec g) { return g * f(v); });
          map2(run, to, run, n, [](Vec sum, Vec d) { return sum + d; });
          dx_rows.finish(r, to);
        }
        for (std::int64_t i = 0; i < n; ++i) totals[i] += static_cast<double>(run[i]);
      }
    });
    return static_cast<int>(DSW_OK);
  });
  if (status != DSW_OK) return status;
  double* total = totals_of(0);
  for (int t = 1; t < used; ++t) {
    const double* other = totals_of(t);
    for (std::int64_t i = 0; i < n; ++i) total[i] += other[i];
  }
  for (std::int64_t i = 0; i < n; ++i) data<float>(dbias)[i] = static_cast<float>(total[i]);
  return DSW_OK;
}

template <class Use>
int with_binary(DswBinary op, Use&& use) {
  switch (op) {
    case DSW_ADD:
      return use([](Vec a, Vec b) { return a + b; });
    case DSW_SUB:
      return use([](Vec a, Vec b) { return a - b; });
    case DSW_MUL:
      return use([](Vec a, Vec b) { return a * b; });
    case DSW_DIV:
      return use([](Vec a, Vec b) { return a / b; });
    case DSW_MAXIMUM:
      return use([](Vec a, Vec b) { return maximum(a, b); });
    case DSW_MINIMUM:
      return use([](Vec a, Vec b) { return minimum(a, b); });
  }
  return DSW_BAD_ARGUMENT;
}

int binary(DswStream* stream, DswBinary op, DswView a, DswView b, DswView y) {
  if (!all_narrow({&a, &b, &y})) return reference().binary(stream, op, a, b, y);
  return with_binary(op, [&](auto f) {
    for_each_piece<2>(stream, kCheap, {&a, &b, &y}, [f](float* const* p, std::int64_t n) { map2(p[0], p[1], p[2], n, f); });
    return static_cast<int>(DSW_OK);
  });
}

int compare_select_bwd(DswStream* stream, DswBinary op, DswView a, DswView b, DswView dy, DswView da) {
  if (!all_narrow({&a, &b, &dy, &da})) return reference().compare_select_bwd(stream, op, a, b, dy, da);
  const bool larger = op == DSW_MAXIMUM;
  for_each_piece<3>(stream, kCheap, {&a, &b, &dy, &da}, [larger](float* const* p, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) {
      const float x = p[0][i], z = p[1][i];
      p[3][i] = (larger ? x >= z : x <= z) || x != x ? p[2][i] : 0.0f;
    }
  });
  return DSW_OK;
}

int swiglu_fwd(DswStream* stream, DswView gate, DswView up, DswView y) {
  if (!all_narrow({&gate, &up, &y})) return reference().swiglu_fwd(stream, gate, up, y);
  for_each_piece<2>(stream, kCostly, {&gate, &up, &y},
                    [](float* const* p, std::int64_t n) { map2(p[0], p[1], p[2], n, [](Vec g, Vec u) { return g * sigmoid(g) * u; }); });
  return DSW_OK;
}

int swiglu_bwd(DswStream* stream, DswView gate, DswView up, DswView dy, DswView dgate, DswView dup) {
  if (!all_narrow({&gate, &up, &dy, &dgate, &dup})) return reference().swiglu_bwd(stream, gate, up, dy, dgate, dup);
  for_each_piece<3>(stream, kCostly, {&gate, &up, &dy, &dgate, &dup}, [](float* const* p, std::int64_t n) {
    for (std::int64_t i = 0; i < n; i += kWidth) {
      const std::int64_t rest = n - i;
      const Vec g = load_first(p[0] + i, rest), u = load_first(p[1] + i, rest), d = load_first(p[2] + i, rest), s = sigmoid(g);
      store_first(p[3] + i, d * u * s * (1.0f + g * (1.0f - s)), rest);
      store_first(p[4] + i, d * g * s, rest);
    }
  });
  return DSW_OK;
}

}  // namespace

void add_elementwise(DswKernels& table) {
  table.unary = unary;
  table.unary_bwd = unary_bwd;
  table.unary_bias_bwd = unary_bias_bwd;
  table.binary = binary;
  table.compare_select_bwd = compare_select_bwd;
  table.swiglu_fwd = swiglu_fwd;
  table.swiglu_bwd = swiglu_bwd;
}

}  // namespace dsw::kernels::DSW_ISA
