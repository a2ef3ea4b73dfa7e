// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/conv.h"

#include <algorithm>
#include <atomic>

#include "kernels/cpu/float_copies.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/parallel.h"
#include "kernels/reference/reference_kernels.h"

// Each thread takes its pictures in chunks that fit its cache: reorder to the layout that oneDNN likes, convolve, reorder back.
// The reorders cost 5 to 10 % of the convolution; convolving in the plain layout would cost more than twice as much.
namespace dsw::kernels {
namespace {

using dnnl::memory;
using onednn::Entry;

constexpr std::int64_t kChunkFloats = std::int64_t{1} << 20;  // of x and y together

enum class Kind : std::int64_t { Forward = 1, Data, Weights };

/// What a convolution call needs to know of its tensors; x and y may be gradients.
struct Call {
  Kind kind;
  const DswConv& p;
  DswView x, w, y;
  bool bias;

  std::int64_t batch() const { return x.shape[0]; }
  /// Pictures a chunk when a thread has `share` of them.
  std::int64_t chunk(std::int64_t share) const {
    const std::int64_t floats = x.shape[1] * x.shape[2] * x.shape[3] + y.shape[1] * y.shape[2] * y.shape[3];
    return std::clamp<std::int64_t>(kChunkFloats / std::max<std::int64_t>(1, floats), 1, std::max<std::int64_t>(1, share));
  }
  double nanoseconds() const {
    return static_cast<double>(elements(y)) * static_cast<double>(w.shape[1] * w.shape[2] * w.shape[3]) * 0.025 +
           0.2 * static_cast<double>(elements(x) + elements(y));
  }
};

bool usable(const DswView& x) {
  if ((x.dtype != DSW_F32 && x.dtype != DSW_BF16) || elements(x) == 0) return false;
  for (int a = 0; a < x.rank; ++a) {
    if (x.shape[a] > 1 && x.stride[a] < 1) return false;
  }
  return true;
}

/// Whether a call has to run in float32 copies: it is not all float32, and not all bfloat16 with a float32 bias on a processor that
/// multiplies bfloat16.
bool needs_copies(std::initializer_list<const DswView*> views, const DswView& bias) {
  static const bool fast = multiplies_bfloat16();
  if (given(bias) && bias.dtype != DSW_F32) return true;
  const int dtype = (*views.begin())->dtype;
  for (const DswView* view : views) {
    if (view->dtype != dtype || (view->dtype != DSW_F32 && !(fast && view->dtype == DSW_BF16))) return true;
  }
  return false;
}

memory::dims pictures_shape(const DswView& x, std::int64_t n) { return {n, x.shape[1], x.shape[2], x.shape[3]}; }

/// Pictures [n, C, H, W] with our strides; axes of length 1 get a regular one.
memory::desc pictures(const DswView& x, std::int64_t n) {
  memory::dims shape = pictures_shape(x, n), stride(x.stride, x.stride + 4);
  std::int64_t dense = 1;
  for (std::size_t a = 4; a-- > 0;) {
    if (shape[a] == 1) stride[a] = dense;
    dense = std::max(dense, shape[a] * stride[a]);
  }
  return {shape, onednn::data_type(x.dtype), stride};
}
/// Where picture n begins.
void* picture(const DswView& x, std::int64_t n) { return data<char>(x) + n * x.stride[0] * (x.dtype == DSW_BF16 ? 2 : 4); }

memory::dims weight_dims(const Call& c) {
  memory::dims dims(c.w.shape, c.w.shape + 4);
  if (c.p.groups > 1) {
    dims[0] /= c.p.groups;
    dims.insert(dims.begin(), c.p.groups);
  }
  return dims;
}
/// Contiguous weights [O, C/groups, R, S].
memory::desc plain_weights(const Call& c) {
  return {weight_dims(c), onednn::data_type(c.w.dtype), c.p.groups > 1 ? memory::format_tag::goihw : memory::format_tag::oihw};
}
memory::desc any(const memory::dims& shape, int dtype) { return {shape, onednn::data_type(dtype), memory::format_tag::any}; }

using Forward = dnnl::convolution_forward;
using Data = dnnl::convolution_backward_data;
using Weights = dnnl::convolution_backward_weights;

void make(const Call& c, std::int64_t n, Entry& entry) {
  const memory::desc x = pictures(c.x, n), y = pictures(c.y, n), w = plain_weights(c),
                     bias(memory::dims{c.w.shape[0]}, memory::data_type::f32, memory::format_tag::a);
  const memory::desc xa = any(pictures_shape(c.x, n), c.x.dtype), ya = any(pictures_shape(c.y, n), c.y.dtype),
                     wa = any(weight_dims(c), c.w.dtype), ba = c.bias ? bias : memory::desc();
  const memory::dims stride{c.p.stride_h, c.p.stride_w}, pad{c.p.pad_h, c.p.pad_w}, dilation{c.p.dilation_h - 1, c.p.dilation_w - 1};
  const auto algorithm = dnnl::algorithm::convolution_direct;
  const auto attr = onednn::user_scratchpad();
  const auto& engine = onednn::engine();
#if DNNL_VERSION_MAJOR >= 3
  const Forward::primitive_desc forward(engine, dnnl::prop_kind::forward_training, algorithm, xa, wa, ba, ya, stride, dilation, pad, pad,
                                        attr);
  const auto make_data = [&] { return Data::primitive_desc(engine, algorithm, xa, wa, ya, stride, dilation, pad, pad, forward, attr); };
  const auto make_weights = [&] {
    return Weights::primitive_desc(engine, algorithm, xa, wa, ba, ya, stride, dilation, pad, pad, forward, attr);
  };
#else
  const Forward::primitive_desc forward(
      Forward::desc(dnnl::prop_kind::forward_training, algorithm, xa, wa, ba, ya, stride, dilation, pad, pad), attr, engine);
  const auto make_data = [&] {
    return Data::primitive_desc(Data::desc(algorithm, xa, wa, ya, stride, dilation, pad, pad), attr, engine, forward);
  };
  const auto make_weights = [&] {
    return Weights::primitive_desc(Weights::desc(algorithm, xa, wa, ba, ya, stride, dilation, pad, pad), attr, engine, forward);
  };
#endif
  if (c.kind == Kind::Forward) {
    entry.primitive = Forward(forward);
    entry.scratch = forward.scratchpad_desc();
    entry.add(DNNL_ARG_SRC, false, x, forward.src_desc());
    entry.add(DNNL_ARG_WEIGHTS, false, w, forward.weights_desc());
    entry.add(DNNL_ARG_DST, true, y, forward.dst_desc());
    if (c.bias) entry.add(DNNL_ARG_BIAS, false, bias, bias);
  } else if (c.kind == Kind::Data) {
    const auto desc = make_data();
    entry.primitive = Data(desc);
    entry.scratch = desc.scratchpad_desc();
    entry.add(DNNL_ARG_DIFF_DST, false, y, desc.diff_dst_desc());
    entry.add(DNNL_ARG_WEIGHTS, false, w, desc.weights_desc());
    entry.add(DNNL_ARG_DIFF_SRC, true, x, desc.diff_src_desc());
  } else {
    const auto desc = make_weights();
    entry.primitive = Weights(desc);
    entry.scratch = desc.scratchpad_desc();
    entry.add(DNNL_ARG_SRC, false, x, desc.src_desc());
    entry.add(DNNL_ARG_DIFF_DST, false, y, desc.diff_dst_desc());
    entry.add(DNNL_ARG_DIFF_WEIGHTS, true, w, desc.diff_weights_desc());
    if (c.bias) entry.add(DNNL_ARG_DIFF_BIAS, true, bias, bias);
  }
}

const Entry& entry_of(DswStream* stream, const Call& c, std::int64_t n) {
  onednn::PrimitiveCache::Key key{static_cast<std::int64_t>(c.kind),
                                  n,
                                  c.p.stride_h,
                                  c.p.stride_w,
                                  c.p.pad_h,
                                  c.p.pad_w,
                                  c.p.dilation_h,
                                  c.p.dilation_w,
                                  c.p.groups,
                                  c.bias,
                                  c.x.dtype};
  auto next = key.begin() + 11;
  for (const DswView* v : {&c.x, &c.y}) next = std::copy_n(v->stride, 4, std::copy_n(v->shape + 1, 3, next));
  std::copy_n(c.w.shape, 4, next);
  return onednn::cache_of(stream).get(key, [&](Entry& entry) { make(c, n, entry); });
}

/// The entries of one thread: whole chunks and the rest of its share.
struct Plan {
  std::int64_t begin = 0, end = 0, chunk = 1;
  const Entry *whole = nullptr, *rest = nullptr;
  std::size_t scratch_bytes() const {
    return std::max(whole != nullptr ? whole->scratch_bytes() : 0, rest != nullptr ? rest->scratch_bytes() : 0);
  }
};

/// Of the calling thread, so that a call after the first asks for no memory.
std::vector<Plan>& kept_plans() {
  thread_local std::vector<Plan> plans;
  return plans;
}

/// body(entry, queue, first picture, thread, thread's first chunk?, entry new to the thread?, extra memory, the entry's memory) for
/// every chunk of every thread; extra_bytes of memory stay the thread's own from chunk to chunk.
template <class F>
int for_chunks(DswStream* stream, const Call& c, std::size_t extra_bytes, std::vector<Plan>& plans, F&& body) {
  return onednn::guarded([&] {
    onednn::PrimitiveCache& cache = onednn::cache_of(stream);
    const onednn::OneThread one_thread;
    const int used = c.nanoseconds() < kSerialNanoseconds || stream->threads() == 1 ? 1 : stream->threads();
    plans.assign(static_cast<std::size_t>(used), Plan{});
    for (int t = 0; t < used; ++t) {
      Plan& plan = plans[static_cast<std::size_t>(t)];
      const Share share = share_of(c.batch(), t, used);
      plan.begin = share.begin;
      plan.end = share.end;
      const std::int64_t count = share.end - share.begin;
      if (count == 0) continue;
      plan.chunk = c.chunk(count);
      plan.whole = &entry_of(stream, c, plan.chunk);
      if (count % plan.chunk != 0) plan.rest = &entry_of(stream, c, count % plan.chunk);
      if (stream->scratch(t, extra_bytes + plan.scratch_bytes()) == nullptr) return static_cast<int>(DSW_OUT_OF_MEMORY);
    }
    std::atomic<int> status{DSW_OK};
    parallel(stream, c.nanoseconds(), [&](int thread, int) {
      const int mine = onednn::guarded([&] {
        const onednn::OneThread here;
        dnnl::stream& queue = cache.queue(thread);
        const Plan& plan = plans[static_cast<std::size_t>(thread)];
        char* scratch = static_cast<char*>(stream->scratch(thread, 0));
        for (std::int64_t n = plan.begin; n < plan.end; n += plan.chunk) {
          const bool whole = n + plan.chunk <= plan.end;
          // The weights' reordered copy stays from chunk to chunk of one entry.
          body(whole ? *plan.whole : *plan.rest, queue, n, thread, n == plan.begin, n == plan.begin || !whole, scratch,
               scratch + extra_bytes);
        }
        return static_cast<int>(DSW_OK);
      });
      if (mine != DSW_OK) status = mine;
    });
    return status.load();
  });
}

}  // namespace

namespace library {

int conv2d_fwd(DswStream* stream, const DswConv* p, DswView x, DswView w, DswView bias, DswView y) {
  const auto plain_loops = [&] { return dsw_reference_kernels()->conv2d_fwd(stream, p, x, w, bias, y); };
  if (needs_copies({&x, &w, &y}, bias)) {
    if (!FloatCopies::possible({&x, &w, &bias, &y}) || elements(y) == 0) return plain_loops();
    const FloatCopies copies(stream, {&x, &w, &bias}, {&y});
    return copies.finish(copies.status() == DSW_OK ? conv2d_fwd(stream, p, x, w, bias, y) : copies.status());
  }
  if (!usable(x) || !usable(w) || !usable(y) || !contiguous(w) || (given(bias) && !contiguous(bias))) return plain_loops();
  const Call call{Kind::Forward, *p, x, w, y, given(bias)};
  std::vector<Plan>& plans = kept_plans();
  const int status =
      for_chunks(stream, call, 0, plans,
                 [&](const Entry& entry, dnnl::stream& queue, std::int64_t n, int thread, bool, bool fresh, char*, char* scratch) {
                   entry.run(thread, queue, scratch, {picture(x, n), w.data, picture(y, n), bias.data}, fresh ? 0 : 2);
                 });
  return status == DSW_UNSUPPORTED ? plain_loops() : status;
}

int conv2d_bwd_data(DswStream* stream, const DswConv* p, DswView w, DswView dy, DswView dx) {
  const auto plain_loops = [&] { return dsw_reference_kernels()->conv2d_bwd_data(stream, p, w, dy, dx); };
  if (needs_copies({&w, &dy, &dx}, {})) {
    if (!FloatCopies::possible({&w, &dy, &dx}) || elements(dx) == 0) return plain_loops();
    const FloatCopies copies(stream, {&w, &dy}, {&dx});
    return copies.finish(copies.status() == DSW_OK ? conv2d_bwd_data(stream, p, w, dy, dx) : copies.status());
  }
  if (!usable(dx) || !usable(w) || !usable(dy) || !contiguous(w)) return plain_loops();
  const Call call{Kind::Data, *p, dx, w, dy, false};
  std::vector<Plan>& plans = kept_plans();
  const int status =
      for_chunks(stream, call, 0, plans,
                 [&](const Entry& entry, dnnl::stream& queue, std::int64_t n, int thread, bool, bool fresh, char*, char* scratch) {
                   entry.run(thread, queue, scratch, {picture(dy, n), w.data, picture(dx, n)}, fresh ? 0 : 2);
                 });
  return status == DSW_UNSUPPORTED ? plain_loops() : status;
}

int conv2d_bwd_weights(DswStream* stream, const DswConv* p, DswView x, DswView dy, DswView dw, DswView dbias) {
  const auto plain_loops = [&] { return dsw_reference_kernels()->conv2d_bwd_weights(stream, p, x, dy, dw, dbias); };
  if (dw.dtype != DSW_F32 || needs_copies({&x, &dy}, dbias)) {
    if (!FloatCopies::possible({&x, &dy, &dw, &dbias}) || elements(dw) == 0) return plain_loops();
    const FloatCopies copies(stream, {&x, &dy}, {&dw, &dbias});
    return copies.finish(copies.status() == DSW_OK ? conv2d_bwd_weights(stream, p, x, dy, dw, dbias) : copies.status());
  }
  if (!usable(x) || !usable(dw) || !usable(dy) || !contiguous(dw) || (given(dbias) && !contiguous(dbias))) return plain_loops();
  const Call call{Kind::Weights, *p, x, dw, dy, given(dbias)};
  // Each thread sums its chunks in its own [weights, bias]; then the threads' sums are added in order.
  const std::int64_t weights = elements(dw), numbers = weights + dw.shape[0];
  const std::size_t sum_bytes = (static_cast<std::size_t>(numbers) * sizeof(float) + 63) / 64 * 64;
  std::vector<Plan>& plans = kept_plans();
  int status =
      for_chunks(stream, call, 2 * sum_bytes, plans,
                 [&](const Entry& entry, dnnl::stream& queue, std::int64_t n, int thread, bool first, bool, char* sums, char* scratch) {
                   float *total = reinterpret_cast<float*>(sums), *part = first ? total : reinterpret_cast<float*>(sums + sum_bytes);
                   if (!call.bias) std::fill(part + weights, part + numbers, 0.0f);
                   entry.run(thread, queue, scratch, {picture(x, n), picture(dy, n), part, part + weights});
                   for (std::int64_t i = 0; !first && i < numbers; ++i) total[i] += part[i];
                 });
  if (status == DSW_UNSUPPORTED) return plain_loops();
  if (status != DSW_OK) return status;
  parallel_for(stream, numbers, 0.3 * static_cast<double>(plans.size()), 16, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) {
      float sum = 0;
      for (std::size_t t = 0; t < plans.size(); ++t) {
        if (plans[t].whole != nullptr) sum += static_cast<const float*>(stream->scratch(static_cast<int>(t), 0))[i];
      }
      if (i < weights)
        data<float>(dw)[i] = sum;
      else if (call.bias)
        data<float>(dbias)[i - weights] = sum;
    }
  });
  return DSW_OK;
}

}  // namespace library
}  // namespace dsw::kernels
