// SPDX-License-Identifier: GPL-3.0-or-later
#include <atomic>
#include <cstring>

#include "kernels/cpu/float_copies.h"
#include "kernels/cpu/isa/few_rows.h"
#include "kernels/cpu/narrow_gemm.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/parallel.h"
#include "kernels/reference/reference_kernels.h"

namespace dsw::kernels {
namespace {

using dnnl::memory;

/// One matrix of a product: memory, rows x columns, one of the two strides is 1.
struct Matrix {
  std::int64_t rows, columns, row_step, column_step;
};

/// The last two axes, with the strides of axes of length 1 made regular; false when neither stride is 1.
bool matrix_of(const DswView& x, Matrix& m) {
  const int r = x.rank;
  m = {x.shape[r - 2], x.shape[r - 1], x.stride[r - 2], x.stride[r - 1]};
  if (m.columns == 1) m.column_step = 1;
  if (m.rows == 1) m.row_step = m.column_step == 1 ? m.columns : 1;
  if (m.columns == 1 && m.row_step < 1) return false;
  return (m.column_step == 1 && m.row_step >= m.columns) || (m.row_step == 1 && m.column_step >= m.rows);
}

memory::desc describe(std::int64_t rows, std::int64_t columns, const Matrix& m, int dtype) {
  return {memory::dims{rows, columns}, onednn::data_type(dtype), memory::dims{m.row_step, m.column_step}};
}

/// A part of one product that a thread computes: rows [m0, m1) x columns [n0, n1).
struct Part {
  std::int64_t m0, m1, n0, n1;
  bool empty() const { return m0 >= m1 || n0 >= n1; }
};

struct Product {
  DswView a, b, bias, c;
  Matrix am, bm, cm;
  std::int64_t batches = 1;

  /// `offset` elements behind the begin of a matrix of x.
  static void* at(const DswView& x, std::int64_t batch, std::int64_t offset) {
    return data<char>(x) + (offset_of(x, batch, x.rank - 2) + offset) * (x.dtype == DSW_BF16 ? 2 : 4);
  }
  float* a_at(std::int64_t batch) const { return static_cast<float*>(at(a, batch, 0)); }
  float* b_at(std::int64_t batch) const { return static_cast<float*>(at(b, batch, 0)); }
  float* c_at(std::int64_t batch) const { return static_cast<float*>(at(c, batch, 0)); }
};

/// The primitive of a part of M rows and N columns.
const onednn::Entry& prepared(DswStream* stream, const Product& p, std::int64_t M, std::int64_t N) {
  const Matrix &a = p.am, &b = p.bm, &c = p.cm;
  const std::int64_t K = a.columns;
  const bool bias = given(p.bias);
  const onednn::PrimitiveCache::Key key{
      0, M, N, K, a.row_step, a.column_step, b.row_step, b.column_step, c.row_step, c.column_step, bias, p.a.dtype, p.c.dtype};
  return onednn::cache_of(stream).get(key, [&](onednn::Entry& entry) {
    const memory::desc am = describe(M, K, a, p.a.dtype), bm = describe(K, N, b, p.b.dtype), cm = describe(M, N, c, p.c.dtype);
    const memory::desc bias_desc(memory::dims{1, N}, memory::data_type::f32, memory::dims{N, 1});
#if DNNL_VERSION_MAJOR >= 3
    const dnnl::matmul::primitive_desc desc =
        bias ? dnnl::matmul::primitive_desc(onednn::engine(), am, bm, bias_desc, cm, onednn::user_scratchpad())
             : dnnl::matmul::primitive_desc(onednn::engine(), am, bm, cm, onednn::user_scratchpad());
#else
    const dnnl::matmul::primitive_desc desc(bias ? dnnl::matmul::desc(am, bm, bias_desc, cm) : dnnl::matmul::desc(am, bm, cm), onednn::user_scratchpad(), onednn::engine());
#endif
    entry.primitive = dnnl::matmul(desc);
    entry.scratch = desc.scratchpad_desc();
    entry.add(DNNL_ARG_SRC, false, am, am);
    entry.add(DNNL_ARG_WEIGHTS, false, bm, bm);
    entry.add(DNNL_ARG_DST, true, cm, cm);
    if (bias) entry.add(DNNL_ARG_BIAS, false, bias_desc, bias_desc);
  });
}

/// With the same right matrix for the whole last batch axis, its left matrices under one another are one taller matrix.
void merge_batches(Product& p) {
  while (p.c.rank > 2) {
    const int last = p.c.rank - 3;
    const bool stacked = p.c.shape[last] == 1 || (p.b.stride[last] == 0 && p.a.stride[last] == p.am.rows * p.am.row_step &&
                                                  p.c.stride[last] == p.cm.rows * p.cm.row_step);
    if (!stacked) return;
    for (DswView* v : {&p.a, &p.b, &p.c}) {
      if (v != &p.b) v->shape[last + 1] *= v->shape[last];
      for (int axis = last; axis + 1 < v->rank; ++axis) {
        v->shape[axis] = v->shape[axis + 1];
        v->stride[axis] = v->stride[axis + 1];
      }
      --v->rank;
    }
    p.am.rows = p.a.shape[p.a.rank - 2];
    p.cm.rows = p.c.shape[p.c.rank - 2];
  }
}

/// alpha 1, beta 0: prepared primitives with the bias inside.
int run_primitives(DswStream* stream, const Product& p, double nanoseconds) {
  return onednn::guarded([&] {
    const std::int64_t M = p.cm.rows, N = p.cm.columns;
    const bool alone = nanoseconds < kSerialNanoseconds || stream->threads() == 1, by_batch = p.batches >= stream->threads();
    const int used = alone ? 1 : stream->threads();
    const onednn::OneThread one_thread;
    // Of this thread, so that a call after the first asks for no memory.
    thread_local std::vector<const onednn::Entry*> kept_entries;
    thread_local std::vector<Part> kept_parts;
    std::vector<const onednn::Entry*>& entries = kept_entries;  // a lambda would name the other thread's
    std::vector<Part>& parts = kept_parts;
    entries.assign(static_cast<std::size_t>(used), nullptr);
    parts.assign(static_cast<std::size_t>(used), Part{0, M, 0, N});
    onednn::PrimitiveCache& cache = onednn::cache_of(stream);
    for (int t = 0; t < used; ++t) {
      Part& part = parts[static_cast<std::size_t>(t)];
      if (!by_batch && !alone) {
        const Share share = share_of(M >= N ? M : N, t, used, 16);
        part = M >= N ? Part{share.begin, share.end, 0, N} : Part{0, M, share.begin, share.end};
      }
      if (part.empty()) continue;
      const onednn::Entry& entry = prepared(stream, p, part.m1 - part.m0, part.n1 - part.n0);
      entries[static_cast<std::size_t>(t)] = &entry;
      if (stream->scratch(t, entry.scratch_bytes()) == nullptr) return static_cast<int>(DSW_OUT_OF_MEMORY);
    }
    std::atomic<int> status{DSW_OK};
    parallel(stream, nanoseconds, [&](int thread, int threads) {
      const int mine = onednn::guarded([&] {
        const onednn::Entry* entry = entries[static_cast<std::size_t>(thread)];
        if (entry == nullptr) return static_cast<int>(DSW_OK);
        const onednn::OneThread here;
        const Part& part = parts[static_cast<std::size_t>(thread)];
        const Share batches = by_batch ? share_of(p.batches, thread, threads) : Share{0, p.batches};
        for (std::int64_t batch = batches.begin; batch < batches.end; ++batch) {
          entry->run(thread, cache.queue(thread), stream->scratch(thread, 0),
                     {Product::at(p.a, batch, part.m0 * p.am.row_step), Product::at(p.b, batch, part.n0 * p.bm.column_step),
                      Product::at(p.c, batch, part.m0 * p.cm.row_step + part.n0 * p.cm.column_step),
                      given(p.bias) ? data<float>(p.bias) + part.n0 : nullptr});
        }
        return static_cast<int>(DSW_OK);
      });
      if (mine != DSW_OK) status = mine;
    });
    return status.load();
  });
}

/// Any alpha and beta; c's rows are dense.
int run_sgemm(DswStream* stream, const Product& p, double alpha, double beta, double nanoseconds) {
  const std::int64_t M = p.cm.rows, N = p.cm.columns, K = p.am.columns;
  std::atomic<int> status{DSW_OK};
  const bool by_batch = p.batches >= stream->threads();
  parallel(stream, nanoseconds, [&](int thread, int threads) {
    const onednn::OneThread here;
    Part part{0, M, 0, N};
    if (!by_batch) {
      const Share share = share_of(M >= N ? M : N, thread, threads, 16);
      part = M >= N ? Part{share.begin, share.end, 0, N} : Part{0, M, share.begin, share.end};
    }
    if (part.empty()) return;
    const Share batches = by_batch ? share_of(p.batches, thread, threads) : Share{0, p.batches};
    const bool a_rows = p.am.column_step == 1, b_rows = p.bm.column_step == 1;
    for (std::int64_t batch = batches.begin; batch < batches.end; ++batch) {
      float* c = p.c_at(batch) + part.m0 * p.cm.row_step + part.n0;
      const dnnl_status_t done = dnnl_sgemm(a_rows ? 'N' : 'T', b_rows ? 'N' : 'T', part.m1 - part.m0, part.n1 - part.n0, K,
                                            static_cast<float>(alpha), p.a_at(batch) + part.m0 * p.am.row_step,
                                            a_rows ? p.am.row_step : p.am.column_step, p.b_at(batch) + part.n0 * p.bm.column_step,
                                            b_rows ? p.bm.row_step : p.bm.column_step, static_cast<float>(beta), c, p.cm.row_step);
      if (done != dnnl_success) status = done == dnnl_out_of_memory ? DSW_OUT_OF_MEMORY : DSW_DEVICE_FAULT;
      if (!given(p.bias)) continue;
      const float* bias = data<float>(p.bias) + part.n0;
      for (std::int64_t m = 0; m < part.m1 - part.m0; ++m) {
        for (std::int64_t n = 0; n < part.n1 - part.n0; ++n) c[m * p.cm.row_step + n] += bias[n];
      }
    }
  });
  return status.load();
}

/// bfloat16 factors as they are, where the processor multiplies them; DSW_UNSUPPORTED: by another way.
int run_bfloat16(DswStream* stream, const DswView& a, const DswView& b, const DswView& bias, const DswView& c) {
  const bool fits = a.dtype == DSW_BF16 && b.dtype == DSW_BF16 && (c.dtype == DSW_BF16 || c.dtype == DSW_F32) &&
                    (!given(bias) || (bias.dtype == DSW_F32 && contiguous(bias)));
  static const bool fast = multiplies_bfloat16();
  Product p{a, b, bias, c, {}, {}, {}};
  if (!fits || !fast || !matrix_of(a, p.am) || !matrix_of(b, p.bm) || !matrix_of(c, p.cm) || p.cm.column_step != 1) return DSW_UNSUPPORTED;
  merge_batches(p);
  for (int axis = 0; axis + 2 < p.c.rank; ++axis) p.batches *= p.c.shape[axis];
  return run_primitives(stream, p,
                        static_cast<double>(p.batches * p.cm.rows * p.cm.columns) * (static_cast<double>(p.am.columns) * 0.01 + 0.1));
}

/// One or a few rows times a matrix whose columns are dense, as weights [N, K] are: a token's products.
bool has_few_rows(const Product& p, double alpha, double beta) {
  return alpha == 1 && beta == 0 && p.batches == 1 && p.cm.rows <= kFewRows && p.am.column_step == 1 && p.bm.row_step == 1 &&
         p.am.columns >= 16;
}

template <FewRows kFewRowsProduct>
int matmul(DswStream* stream, DswView a, DswView b, DswView bias, DswView c, double alpha, double beta) {
  const auto plain_loops = [&] { return dsw_reference_kernels()->matmul(stream, a, b, bias, c, alpha, beta); };
  if (!FloatCopies::none_needed({&a, &b, &bias, &c})) {
    if (!FloatCopies::possible({&a, &b, &bias, &c}) || beta != 0) return plain_loops();
    if (elements(c) == 0) return DSW_OK;
    if (alpha == 1 && a.shape[a.rank - 1] != 0) {
      int status = run_bfloat16(stream, a, b, bias, c);
      if (status == DSW_UNSUPPORTED) status = narrow_product(stream, a, b, bias, c);
      if (status != DSW_UNSUPPORTED) return status;
    }
    const FloatCopies copies(stream, {&a, &b, &bias}, {&c});
    return copies.finish(copies.status() == DSW_OK ? matmul<kFewRowsProduct>(stream, a, b, bias, c, alpha, beta) : copies.status());
  }
  Product p{a, b, bias, c, {}, {}, {}};
  if (elements(c) == 0) return DSW_OK;
  if (a.shape[a.rank - 1] == 0 || (given(bias) && !contiguous(bias))) return plain_loops();
  // A matrix without a unit stride (a broadcast, every second column) is copied into scratch memory first.
  const DswKernels& table = *dsw_reference_kernels();
  std::size_t packed = 0;
  const bool pack_a = !matrix_of(a, p.am), pack_b = !matrix_of(b, p.bm);
  const auto pack_bytes = [](const DswView& x) { return (static_cast<std::size_t>(elements(x)) * sizeof(float) + 63) / 64 * 64; };
  packed = (pack_a ? pack_bytes(a) : 0) + (pack_b ? pack_bytes(b) : 0);
  if (packed > 0) {
    char* memory_block = static_cast<char*>(stream->scratch(stream->threads(), packed));
    if (memory_block == nullptr) return DSW_OUT_OF_MEMORY;
    const auto pack = [&](DswView& x, Matrix& m) {
      DswView dense = x;
      dense.data = memory_block;
      memory_block += pack_bytes(x);
      std::int64_t step = 1;
      for (int axis = x.rank - 1; axis >= 0; --axis) {
        dense.stride[axis] = step;
        step *= x.shape[axis];
      }
      table.copy(stream, x, dense);
      x = dense;
      return matrix_of(x, m);
    };
    if ((pack_a && !pack(p.a, p.am)) || (pack_b && !pack(p.b, p.bm))) return plain_loops();
  }
  if (!matrix_of(c, p.cm) || p.cm.column_step != 1) return plain_loops();
  merge_batches(p);
  for (int axis = 0; axis + 2 < p.c.rank; ++axis) p.batches *= p.c.shape[axis];
  const double nanoseconds = static_cast<double>(p.batches * p.cm.rows * p.cm.columns) * (static_cast<double>(p.am.columns) * 0.02 + 0.1);
  if (has_few_rows(p, alpha, beta)) {
    kFewRowsProduct(stream, {p.a_at(0), p.am.row_step, p.b_at(0), p.bm.column_step, given(bias) ? data<float>(bias) : nullptr, p.c_at(0),
                             p.cm.row_step, p.cm.rows, p.cm.columns, p.am.columns});
    return DSW_OK;
  }
  if (alpha == 1 && beta == 0) {
    const int status = run_primitives(stream, p, nanoseconds);
    if (status != DSW_UNSUPPORTED) return status;
  }
  return run_sgemm(stream, p, alpha, beta, nanoseconds);
}

}  // namespace

template <FewRows kFewRowsProduct>
void add_gemm(DswKernels& table) {
  table.matmul = matmul<kFewRowsProduct>;
}
template void add_gemm<baseline::few_rows>(DswKernels&);
#ifdef DSW_X86_LEVELS
template void add_gemm<v3::few_rows>(DswKernels&);
template void add_gemm<v4::few_rows>(DswKernels&);
#endif

}  // namespace dsw::kernels
