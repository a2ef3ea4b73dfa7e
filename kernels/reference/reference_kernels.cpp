// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/reference/reference_kernels.h"

#include <deque>
#include <initializer_list>
#include <vector>

#include "kernels/page_table.h"
#include "kernels/reference/attention.h"
#include "kernels/reference/conv.h"
#include "kernels/reference/elementwise.h"
#include "kernels/reference/embedding.h"
#include "kernels/reference/fp8.h"
#include "kernels/reference/gemm.h"
#include "kernels/reference/memory.h"
#include "kernels/reference/norm.h"
#include "kernels/reference/optimizer.h"
#include "kernels/reference/reduce.h"
#include "kernels/reference/softmax.h"

namespace ref = dsw::kernels::reference;
using V = DswView;
using S = DswStream*;

namespace {

/// Float64 copies that stand for views of other dtypes during one call.
class Widened {
 public:
  void take(V& view, bool written) {
    if (!dsw::kernels::given(view)) return;
    Copy& copy =
        copies_.emplace_back(Copy{std::vector<double>(static_cast<std::size_t>(dsw::kernels::elements(view)) + 1), view, {}, written});
    copy.wide = ref::dense_like(view);
    copy.wide.data = copy.memory.data();
    copy.wide.dtype = DSW_F64;
    ref::copy(view, copy.wide);
    view = copy.wide;
  }
  void write_back() const {
    for (const Copy& copy : copies_) {
      if (copy.written) ref::copy(copy.wide, copy.ours);
    }
  }

 private:
  struct Copy {
    std::vector<double> memory;
    V ours, wide;
    bool written;
  };
  std::deque<Copy> copies_;
};

bool is_float(int dtype) { return dtype == DSW_F32 || dtype == DSW_F64 || dtype == DSW_BF16 || dtype == DSW_F16; }

/// f(float{}) or f(double{}) where all float views of a call have that dtype. For narrower and mixed ones the views become float64 and
/// what f wrote is rounded once, to nearest even: that is their meaning. Memory that the host lacks must not become an exception
/// across the C table.
template <class F>
int on_floats(std::initializer_list<V*> inputs, std::initializer_list<V*> outputs, F&& f) noexcept {
  try {
    int dtype = -1;
    bool mixed = false;
    for (const auto& views : {inputs, outputs}) {
      for (const V* view : views) {
        if (!dsw::kernels::given(*view)) continue;
        if (!is_float(view->dtype)) return DSW_UNSUPPORTED;
        mixed = mixed || (dtype >= 0 && view->dtype != dtype);
        dtype = view->dtype;
      }
    }
    if (!mixed && dtype == DSW_F32) return f(float{});
    if (!mixed && (dtype == DSW_F64 || dtype < 0)) return f(double{});
    Widened widened;
    for (V* view : inputs) widened.take(*view, false);
    for (V* view : outputs) widened.take(*view, true);
    const int status = f(double{});
    if (status == DSW_OK) widened.write_back();
    return status;
  } catch (...) {
    return DSW_OUT_OF_MEMORY;
  }
}

int fill(S, V y, double value) { return ref::fill(y, value); }
int copy(S, V x, V y) { return ref::copy(x, y); }
int random_uniform(S, V y, uint64_t key, double low, double high) {
  return on_floats({}, {&y}, [&]<class T>(T) { return ref::random_uniform<T>(y, key, low, high); });
}
int random_normal(S, V y, uint64_t key, double mean, double sd) {
  return on_floats({}, {&y}, [&]<class T>(T) { return ref::random_normal<T>(y, key, mean, sd); });
}
int unary(S, DswUnary op, double alpha, double beta, V x, V y) {
  return on_floats({&x}, {&y}, [&]<class T>(T) { return ref::unary<T>(op, alpha, beta, x, y); });
}
int unary_bwd(S, DswUnary op, double alpha, double, V x, V y, V dy, V dx) {
  return on_floats({&x, &y, &dy}, {&dx}, [&]<class T>(T) { return ref::unary_bwd<T>(op, alpha, x, y, dy, dx); });
}
int binary(S, DswBinary op, V a, V b, V y) {
  return on_floats({&a, &b}, {&y}, [&]<class T>(T) { return ref::binary<T>(op, a, b, y); });
}
int compare_select_bwd(S, DswBinary op, V a, V b, V dy, V da) {
  return on_floats({&a, &b, &dy}, {&da}, [&]<class T>(T) { return ref::compare_select_bwd<T>(op, a, b, dy, da); });
}
int dropout(S, V x, V y, double p, uint64_t key) {
  return on_floats({&x}, {&y}, [&]<class T>(T) { return ref::dropout<T>(x, y, p, key); });
}
int swiglu_fwd(S, V gate, V up, V y) {
  return on_floats({&gate, &up}, {&y}, [&]<class T>(T) { return ref::swiglu_fwd<T>(gate, up, y); });
}
int swiglu_bwd(S, V gate, V up, V dy, V dgate, V dup) {
  return on_floats({&gate, &up, &dy}, {&dgate, &dup}, [&]<class T>(T) { return ref::swiglu_bwd<T>(gate, up, dy, dgate, dup); });
}
int reduce(S, DswReduce op, V x, V y) {
  return on_floats({&x}, {&y}, [&]<class T>(T) { return ref::reduce<T>(op, x, y); });
}
int argmax(S, V x, V index) {
  return on_floats({&x}, {}, [&]<class T>(T) { return ref::argmax<T>(x, index); });
}
int square_sum(S, V x, V y) {
  return on_floats({&x}, {}, [&]<class T>(T) { return ref::square_sum<T>(x, y); });
}
int count_not_finite(S, V x, V y) {
  return on_floats({&x}, {}, [&]<class T>(T) { return ref::count_not_finite<T>(x, y); });
}
int matmul(S, V a, V b, V bias, V c, double alpha, double beta) {
  return on_floats({&a, &b, &bias}, {&c}, [&]<class T>(T) { return ref::matmul<T>(a, b, bias, c, alpha, beta); });
}
int softmax_fwd(S, V x, V y) {
  return on_floats({&x}, {&y}, [&]<class T>(T) { return ref::softmax_fwd<T>(x, y, false); });
}
int softmax_bwd(S, V y, V dy, V dx) {
  return on_floats({&y, &dy}, {&dx}, [&]<class T>(T) { return ref::softmax_bwd<T>(y, dy, dx, false); });
}
int log_softmax_fwd(S, V x, V y) {
  return on_floats({&x}, {&y}, [&]<class T>(T) { return ref::softmax_fwd<T>(x, y, true); });
}
int log_softmax_bwd(S, V y, V dy, V dx) {
  return on_floats({&y, &dy}, {&dx}, [&]<class T>(T) { return ref::softmax_bwd<T>(y, dy, dx, true); });
}
int layer_norm_fwd(S, V x, V weight, V bias, double eps, V y, V mean, V rstd) {
  return on_floats({&x, &weight, &bias}, {&y, &mean, &rstd},
                   [&]<class T>(T) { return ref::layer_norm_fwd<T>(x, weight, bias, eps, y, mean, rstd); });
}
int layer_norm_bwd(S, V x, V weight, V mean, V rstd, V dy, V dx, V dweight, V dbias) {
  return on_floats({&x, &weight, &mean, &rstd, &dy}, {&dx, &dweight, &dbias},
                   [&]<class T>(T) { return ref::row_norm_bwd<T>(x, weight, &mean, rstd, dy, dx, dweight, dbias); });
}
int rms_norm_fwd(S, V x, V weight, double eps, V y, V rstd) {
  return on_floats({&x, &weight}, {&y, &rstd}, [&]<class T>(T) { return ref::rms_norm_fwd<T>(x, weight, eps, y, rstd); });
}
int rms_norm_bwd(S, V x, V weight, V rstd, V dy, V dx, V dweight) {
  return on_floats({&x, &weight, &rstd, &dy}, {&dx, &dweight},
                   [&]<class T>(T) { return ref::row_norm_bwd<T>(x, weight, nullptr, rstd, dy, dx, dweight, V{}); });
}
int batch_norm_fwd(S, V x, V weight, V bias, V running_mean, V running_var, double momentum, double eps, int32_t training, V y, V mean,
                   V rstd) {
  return on_floats({&x, &weight, &bias}, {&running_mean, &running_var, &y, &mean, &rstd}, [&]<class T>(T) {
    return ref::batch_norm_fwd<T>(x, weight, bias, running_mean, running_var, momentum, eps, training != 0, y, mean, rstd);
  });
}
int batch_norm_bwd(S, V x, V weight, V mean, V rstd, int32_t training, V dy, V dx, V dweight, V dbias) {
  return on_floats({&x, &weight, &mean, &rstd, &dy}, {&dx, &dweight, &dbias},
                   [&]<class T>(T) { return ref::batch_norm_bwd<T>(x, weight, mean, rstd, training != 0, dy, dx, dweight, dbias); });
}
int embedding_fwd(S, V weight, V index, V y) {
  return on_floats({&weight}, {&y}, [&]<class T>(T) { return ref::embedding_fwd<T>(weight, index, y); });
}
int embedding_bwd(S, V index, V dy, V dweight, int32_t accumulate) {
  return on_floats({&dy}, {&dweight}, [&]<class T>(T) { return ref::embedding_bwd<T>(index, dy, dweight, accumulate != 0); });
}
int cross_entropy_fwd(S, V x, V target, double smoothing, V loss, V row_lse, V count) {
  return on_floats({&x}, {&loss, &row_lse},
                   [&]<class T>(T) { return ref::cross_entropy_fwd<T>(x, target, smoothing, loss, row_lse, count); });
}
int cross_entropy_bwd(S, V x, V target, double smoothing, V row_lse, V count, V dloss, V dx) {
  return on_floats({&x, &row_lse, &dloss}, {&dx},
                   [&]<class T>(T) { return ref::cross_entropy_bwd<T>(x, target, smoothing, row_lse, count, dloss, dx); });
}
int rope(S, V x, V position, double base, int32_t interleaved, int32_t inverse, V y) {
  return on_floats({&x}, {&y}, [&]<class T>(T) { return ref::rope<T>(x, position, base, interleaved != 0, inverse != 0, y); });
}
int attention_fwd(S, const DswAttention* p, V q, V k, V v, V key_mask, V o, V lse, V probabilities) {
  return on_floats({&q, &k, &v}, {&o, &lse, &probabilities},
                   [&]<class T>(T) { return ref::attention_fwd<T>(*p, q, k, v, key_mask, o, lse, probabilities); });
}
int attention_bwd(S, const DswAttention* p, V q, V k, V v, V key_mask, V o, V lse, V d_o, V dq, V dk, V dv) {
  return on_floats({&q, &k, &v, &o, &lse, &d_o}, {&dq, &dk, &dv},
                   [&]<class T>(T) { return ref::attention_bwd<T>(*p, q, k, v, key_mask, o, lse, d_o, dq, dk, dv); });
}
int attention_blocks_fwd(S, const DswAttention* p, V q, V k, V v, V key_mask, V begin, V block, V o, V lse) {
  const dsw::kernels::BlockList list{begin, block};
  if (const int status = dsw::kernels::check_block_list(list, k.shape[2]); status != DSW_OK) return status;
  return on_floats({&q, &k, &v}, {&o, &lse}, [&]<class T>(T) { return ref::attention_fwd<T>(*p, q, k, v, key_mask, o, lse, V{}, list); });
}
int attention_blocks_bwd(S, const DswAttention* p, V q, V k, V v, V key_mask, V begin, V block, V o, V lse, V d_o, V dq, V dk, V dv) {
  const dsw::kernels::BlockList list{begin, block};
  if (const int status = dsw::kernels::check_block_list(list, k.shape[2]); status != DSW_OK) return status;
  return on_floats({&q, &k, &v, &o, &lse, &d_o}, {&dq, &dk, &dv},
                   [&]<class T>(T) { return ref::attention_bwd<T>(*p, q, k, v, key_mask, o, lse, d_o, dq, dk, dv, list); });
}
int attention_paged_fwd(S, const DswAttention* p, V q, V k_pages, V v_pages, V table, V lengths, V o, V lse) {
  if (const int status = dsw::kernels::check_page_table(table, lengths, k_pages.shape[0]); status != DSW_OK) return status;
  return on_floats({&q, &k_pages, &v_pages}, {&o, &lse},
                   [&]<class T>(T) { return ref::attention_paged_fwd<T>(*p, q, k_pages, v_pages, table, lengths, o, lse); });
}
int append_paged(S, V x, V pages, V table, V lengths) {
  if (const int status = dsw::kernels::check_appended(table, lengths, pages.shape[0], x.shape[2]); status != DSW_OK) return status;
  if (x.dtype != pages.dtype) return DSW_UNSUPPORTED;
  switch (x.dtype) {  // moved as bits: what the pages held before stays
    case DSW_F64:
      return ref::append_paged<double>(x, pages, table, lengths);
    case DSW_F32:
      return ref::append_paged<float>(x, pages, table, lengths);
    case DSW_BF16:
    case DSW_F16:
      return ref::append_paged<std::uint16_t>(x, pages, table, lengths);
    default:
      return DSW_UNSUPPORTED;
  }
}
int conv2d_fwd(S, const DswConv* p, V x, V w, V bias, V y) {
  return on_floats({&x, &w, &bias}, {&y}, [&]<class T>(T) { return ref::conv2d_fwd<T>(*p, x, w, bias, y); });
}
int conv2d_bwd_data(S, const DswConv* p, V w, V dy, V dx) {
  return on_floats({&w, &dy}, {&dx}, [&]<class T>(T) { return ref::conv2d_bwd_data<T>(*p, w, dy, dx); });
}
int conv2d_bwd_weights(S, const DswConv* p, V x, V dy, V dw, V dbias) {
  return on_floats({&x, &dy}, {&dw, &dbias}, [&]<class T>(T) { return ref::conv2d_bwd_weights<T>(*p, x, dy, dw, dbias); });
}
int pool2d_fwd(S, const DswPool* p, V x, V y, V index) {
  return on_floats({&x}, {&y}, [&]<class T>(T) { return ref::pool2d_fwd<T>(*p, x, y, index); });
}
int pool2d_bwd(S, const DswPool* p, V dy, V index, V dx) {
  return on_floats({&dy}, {&dx}, [&]<class T>(T) { return ref::pool2d_bwd<T>(*p, dy, index, dx); });
}
int adamw(S, const DswAdamW* p, V w, V g, V m, V v) {
  return on_floats({&g}, {&w, &m, &v}, [&]<class T>(T) { return ref::adamw<T>(*p, w, g, m, v); });
}
int sgd(S, const DswSgd* p, V w, V g, V momentum) {
  return on_floats({&g}, {&w, &momentum}, [&]<class T>(T) { return ref::sgd<T>(*p, w, g, momentum); });
}
int quantize_blocks(S, V x, int32_t power_of_two, V y, V scale) { return ref::quantize_blocks(x, power_of_two != 0, y, scale); }
int dequantize_blocks(S, V x, V scale, V y) { return ref::dequantize_blocks(x, scale, y); }
int matmul_blocks(S, V a, V a_scale, V b, V b_scale, V bias, V c) {
  return on_floats({&bias}, {&c}, [&]<class T>(T) { return ref::matmul_blocks<T>(a, a_scale, b, b_scale, bias, c); });
}

int adamw_many(S, const DswAdamWMany* many) {
  DswAdamW settings = many->settings;
  for (int64_t i = 0; i < many->count; ++i) {
    const DswAdamWPiece& piece = many->pieces[i];
    settings.weight_decay = piece.decay != 0 ? many->settings.weight_decay : 0;
    if (const int status = adamw(nullptr, &settings, piece.w, piece.g, piece.m, piece.v); status != DSW_OK) return status;
  }
  return DSW_OK;
}
int add_layer_norm_fwd(S s, V x, V r, V weight, V bias, double eps, V sum, V y, V mean, V rstd) {
  const int status = binary(s, DSW_ADD, x, r, sum);
  return status != DSW_OK ? status : layer_norm_fwd(s, sum, weight, bias, eps, y, mean, rstd);
}
int add_rms_norm_fwd(S s, V x, V r, V weight, double eps, V sum, V y, V rstd) {
  const int status = binary(s, DSW_ADD, x, r, sum);
  return status != DSW_OK ? status : rms_norm_fwd(s, sum, weight, eps, y, rstd);
}
int add_layer_norm_bwd(S, V sum, V weight, V mean, V rstd, V dy, V dsum, V dx, V dweight, V dbias) {
  return on_floats({&sum, &weight, &mean, &rstd, &dy, &dsum}, {&dx, &dweight, &dbias},
                   [&]<class T>(T) { return ref::row_norm_bwd<T>(sum, weight, &mean, rstd, dy, dx, dweight, dbias, dsum); });
}
int add_rms_norm_bwd(S, V sum, V weight, V rstd, V dy, V dsum, V dx, V dweight) {
  return on_floats({&sum, &weight, &rstd, &dy, &dsum}, {&dx, &dweight},
                   [&]<class T>(T) { return ref::row_norm_bwd<T>(sum, weight, nullptr, rstd, dy, dx, dweight, V{}, dsum); });
}
int unary_bias_bwd(S, DswUnary op, double alpha, double, V x, V y, V dy, V dx, V dbias) {
  return on_floats({&x, &y, &dy}, {&dx, &dbias}, [&]<class T>(T) { return ref::unary_bias_bwd<T>(op, alpha, x, y, dy, dx, dbias); });
}
int split_heads_fwd(S, V joined, V position, double base, int32_t interleaved, V q, V k, V v) {
  return on_floats({&joined}, {&q, &k, &v},
                   [&]<class T>(T) { return ref::split_heads_fwd<T>(joined, position, base, interleaved != 0, q, k, v); });
}
int split_heads_bwd(S, V dq, V dk, V dv, V position, double base, int32_t interleaved, V djoined) {
  return on_floats({&dq, &dk, &dv}, {&djoined},
                   [&]<class T>(T) { return ref::split_heads_bwd<T>(dq, dk, dv, position, base, interleaved != 0, djoined); });
}

}  // namespace

const DswKernels* dsw_reference_kernels(void) {
  static const DswKernels table = {sizeof(DswKernels),
                                   "reference",
                                   fill,
                                   copy,
                                   random_uniform,
                                   random_normal,
                                   unary,
                                   unary_bwd,
                                   binary,
                                   compare_select_bwd,
                                   dropout,
                                   swiglu_fwd,
                                   swiglu_bwd,
                                   reduce,
                                   argmax,
                                   square_sum,
                                   count_not_finite,
                                   matmul,
                                   softmax_fwd,
                                   softmax_bwd,
                                   log_softmax_fwd,
                                   log_softmax_bwd,
                                   layer_norm_fwd,
                                   layer_norm_bwd,
                                   rms_norm_fwd,
                                   rms_norm_bwd,
                                   batch_norm_fwd,
                                   batch_norm_bwd,
                                   embedding_fwd,
                                   embedding_bwd,
                                   cross_entropy_fwd,
                                   cross_entropy_bwd,
                                   rope,
                                   attention_fwd,
                                   attention_bwd,
                                   conv2d_fwd,
                                   conv2d_bwd_data,
                                   conv2d_bwd_weights,
                                   pool2d_fwd,
                                   pool2d_bwd,
                                   adamw,
                                   sgd,
                                   quantize_blocks,
                                   dequantize_blocks,
                                   matmul_blocks,
                                   attention_blocks_fwd,
                                   attention_blocks_bwd,
                                   attention_paged_fwd,
                                   adamw_many,
                                   add_layer_norm_fwd,
                                   add_rms_norm_fwd,
                                   add_layer_norm_bwd,
                                   add_rms_norm_bwd,
                                   unary_bias_bwd,
                                   split_heads_fwd,
                                   split_heads_bwd,
                                   append_paged};
  return &table;
}
