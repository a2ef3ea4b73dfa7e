/* SPDX-License-Identifier: GPL-3.0-or-later
 * The one table through which the engine reaches arithmetic, in plain C: a device may be a module loaded at run time. Three carry the same
 * names: kernels/reference (the meaning), kernels/cpu, kernels/cuda. An entry returns a DswStatus; no exception crosses; new ones go to the
 * end; null is "unsupported here". NaN in gives NaN out, also through relu, maximum, max pooling, softmax. Empty tensors are valid, strides
 * free unless said otherwise, outputs overwritten, shapes checked by the caller. Float arguments of one call may have different dtypes
 * (bfloat16 data, float32 statistics): read exactly, computed in float32 at least, results rounded to nearest even.
 * Letters: B batch, T tokens, C channels, H heads, D head width, V vocabulary, K classes, N rows.
 */
#ifndef DSW_KERNEL_TABLE_H
#define DSW_KERNEL_TABLE_H
#include <stddef.h>
#include <stdint.h>
/* clang-format off */
#ifdef __cplusplus
extern "C" {
#endif

#define DSW_MAX_RANK 6
#define DSW_SCALE_BLOCK 128 /* elements that share a scale along an axis of a matrix of 8-bit floats, and that matmul_blocks sums at once */
#define DSW_BLOCK 64 /* queries or keys of a block of attention, tokens of a page of kept keys and values */

typedef enum { DSW_F32 = 0, DSW_F64, DSW_BF16, DSW_F16, DSW_I32, DSW_I64, DSW_U8, DSW_BOOL, DSW_E4M3, DSW_E5M2 } DswDType;
typedef enum { DSW_OK = 0, DSW_UNSUPPORTED, DSW_BAD_ARGUMENT, DSW_OUT_OF_MEMORY, DSW_DEVICE_FAULT } DswStatus;

/* A borrowed tensor: strides in elements, 0 for a broadcast axis. data == NULL: "not given" for optional arguments. */
typedef struct DswView {
  void* data;
  int64_t shape[DSW_MAX_RANK];
  int64_t stride[DSW_MAX_RANK];
  int32_t rank;
  int32_t dtype;
} DswView;

/* Where a device executes: threads and scratch memory of the CPU, a stream of a GPU. Opaque outside the device. */
typedef struct DswStream DswStream;

typedef enum {
  DSW_NEG = 0, DSW_EXP, DSW_LOG, DSW_SQRT, DSW_RSQRT, DSW_SQUARE, DSW_ABS, DSW_RECIPROCAL,
  DSW_RELU, DSW_GELU_TANH, DSW_GELU_ERF, DSW_SILU, DSW_TANH, DSW_SIGMOID, DSW_AFFINE /* alpha x + beta */
} DswUnary;
typedef enum { DSW_ADD = 0, DSW_SUB, DSW_MUL, DSW_DIV, DSW_MAXIMUM, DSW_MINIMUM } DswBinary;
typedef enum { DSW_SUM = 0, DSW_MEAN, DSW_MAX } DswReduce;

typedef struct DswConv {   /* x [B, C, H, W], w [O, C/groups, R, S], y [B, O, H', W'] */
  int32_t stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, groups;
} DswConv;
typedef struct DswPool { int32_t kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, average; /* average: pads do not count */ } DswPool;

typedef struct DswAttention { /* q [B, Hq, T, D], k and v [B, Hkv, S, D], o [B, Hq, T, D]; Hq is a multiple of Hkv */
  double scale;            /* 1 / sqrt(D) usually */
  int32_t causal;          /* query t sees keys 0 … t + S - T */
  int32_t window;          /* > 0: and only the last `window` of them */
  double soft_cap;         /* > 0: scores = cap tanh(scores / cap) */
  double dropout;          /* > 0: a probability is 0 with this chance, else divided by 1 - dropout, before it meets v */
  uint64_t dropout_key;    /* of (b, h, t, s): word s % 4 of Philox(key, ((b Hq + h) T + t) ceil(S / 4) + s / 4) */
} DswAttention;

typedef struct DswAdamW { double lr, beta1, beta2, eps, weight_decay, bias1, bias2; /* bias_i = 1 - beta_i^t */ double grad_scale; } DswAdamW;
/* One parameter of many: contiguous views of one length; decay 0: without weight decay. */
typedef struct DswAdamWPiece { DswView w, g, m, v; int32_t decay; } DswAdamWPiece;
typedef struct DswAdamWMany { DswAdamW settings; const DswAdamWPiece* pieces; int64_t count; } DswAdamWMany;
typedef struct DswSgd { double lr, momentum, weight_decay, dampening, grad_scale; int32_t nesterov, first; } DswSgd;

typedef struct DswKernels {
  int32_t size;            /* sizeof(DswKernels) of the module, for versions */
  const char* name;        /* "reference", "cpu", "cuda" */

  /* memory */
  int (*fill)(DswStream*, DswView y, double value);
  int (*copy)(DswStream*, DswView x, DswView y);                       /* same shape, any strides, converts dtypes (round to nearest even) */
  int (*random_uniform)(DswStream*, DswView y, uint64_t key, double low, double high);  /* element i from Philox(key, i / 4)[i % 4], contiguous y */
  int (*random_normal)(DswStream*, DswView y, uint64_t key, double mean, double sd);    /* Box–Muller over pairs of the same words, contiguous y */

  /* elementwise; y and x same shape; binary broadcasts by zero strides */
  int (*unary)(DswStream*, DswUnary op, double alpha, double beta, DswView x, DswView y);
  /* dx = dy f'(x). Reads y for EXP SQRT RSQRT RECIPROCAL RELU TANH SIGMOID, neither for NEG AFFINE, x for the others; the rest may be not given */
  int (*unary_bwd)(DswStream*, DswUnary op, double alpha, double beta, DswView x, DswView y, DswView dy, DswView dx);
  int (*binary)(DswStream*, DswBinary op, DswView a, DswView b, DswView y);
  int (*compare_select_bwd)(DswStream*, DswBinary op, DswView a, DswView b, DswView dy, DswView da); /* gradient of MAXIMUM / MINIMUM to a; ties go to a */
  int (*dropout)(DswStream*, DswView x, DswView y, double p, uint64_t key);   /* y = x keep / (1 - p); element i by Philox(key, i / 4)[i % 4]; its own gradient; contiguous */
  int (*swiglu_fwd)(DswStream*, DswView gate, DswView up, DswView y);         /* silu(gate) up */
  int (*swiglu_bwd)(DswStream*, DswView gate, DswView up, DswView dy, DswView dgate, DswView dup);

  /* reductions; y has x's rank with 1 in the reduced axes */
  int (*reduce)(DswStream*, DswReduce op, DswView x, DswView y);
  int (*argmax)(DswStream*, DswView x, DswView index);                        /* over the last axis; index int32 [...]; first of equals, NaN above all */
  int (*square_sum)(DswStream*, DswView x, DswView y);                        /* y[0] += sum x^2, y float64 [1] */
  int (*count_not_finite)(DswStream*, DswView x, DswView y);                  /* y[0] += number of NaN and infinite elements, y int64 [1] */

  /* products: c = alpha a b (+ bias over rows) + beta c; a [..., M, K], b [..., K, N], c [..., M, N], bias [N] or not given.
   * Leading axes broadcast by zero strides; a transpose is a view. */
  int (*matmul)(DswStream*, DswView a, DswView b, DswView bias, DswView c, double alpha, double beta);

  /* normalised rows: last axis C; statistics in float32 at least. weight and bias of norms may be not given (1 and 0), and so may
   * each of their gradients dx, dweight, dbias */
  int (*softmax_fwd)(DswStream*, DswView x, DswView y);
  int (*softmax_bwd)(DswStream*, DswView y, DswView dy, DswView dx);
  int (*log_softmax_fwd)(DswStream*, DswView x, DswView y);
  int (*log_softmax_bwd)(DswStream*, DswView y, DswView dy, DswView dx);
  int (*layer_norm_fwd)(DswStream*, DswView x, DswView weight, DswView bias, double eps, DswView y, DswView mean, DswView rstd);  /* mean, rstd [N] */
  int (*layer_norm_bwd)(DswStream*, DswView x, DswView weight, DswView mean, DswView rstd, DswView dy, DswView dx, DswView dweight, DswView dbias);
  int (*rms_norm_fwd)(DswStream*, DswView x, DswView weight, double eps, DswView y, DswView rstd);
  int (*rms_norm_bwd)(DswStream*, DswView x, DswView weight, DswView rstd, DswView dy, DswView dx, DswView dweight);
  /* over all but axis 1 of [B, C, ...]; training: batch statistics, running ones updated by momentum (running variance unbiased) */
  int (*batch_norm_fwd)(DswStream*, DswView x, DswView weight, DswView bias, DswView running_mean, DswView running_var,
                        double momentum, double eps, int32_t training, DswView y, DswView mean, DswView rstd);
  int (*batch_norm_bwd)(DswStream*, DswView x, DswView weight, DswView mean, DswView rstd, int32_t training,
                        DswView dy, DswView dx, DswView dweight, DswView dbias);

  /* language */
  /* an index outside 0 ... V-1 is DSW_BAD_ARGUMENT */
  int (*embedding_fwd)(DswStream*, DswView weight, DswView index, DswView y);  /* weight [V, C], index int32 [...], y [..., C] */
  int (*embedding_bwd)(DswStream*, DswView index, DswView dy, DswView dweight, int32_t accumulate); /* dweight zeroed first unless accumulate; fixed order */
  /* rows [N, K] against target int32 [N]; target < 0 is left out, target >= K is DSW_BAD_ARGUMENT; no counted row gives loss 0. loss[0] = mean over counted rows of
   * (1 - s) (-log p[target]) + s mean_k (-log p[k]) with s = smoothing; row_lse [N] keeps log sum exp for the gradient; count int64 [1] */
  int (*cross_entropy_fwd)(DswStream*, DswView x, DswView target, double smoothing, DswView loss, DswView row_lse, DswView count);
  int (*cross_entropy_bwd)(DswStream*, DswView x, DswView target, double smoothing, DswView row_lse, DswView count, DswView dloss, DswView dx);
  /* rotary positions (Su et al. 2021): pairs of the last axis turned by position / base^(2i/D); position int32 [T];
   * interleaved 1: (2i, 2i+1), 0: (i, i + D/2); inverse 1: the gradient. x, y [B, H, T, D] */
  int (*rope)(DswStream*, DswView x, DswView position, double base, int32_t interleaved, int32_t inverse, DswView y);
  /* lse [B, Hq, T]; key_mask bool [B, S] (1 = may be seen) or not given; a row that sees nothing gives 0.
   * probabilities [B, Hq, T, S] or not given: written when given (for inspection), as they are before dropout. */
  int (*attention_fwd)(DswStream*, const DswAttention*, DswView q, DswView k, DswView v, DswView key_mask, DswView o, DswView lse, DswView probabilities);
  int (*attention_bwd)(DswStream*, const DswAttention*, DswView q, DswView k, DswView v, DswView key_mask, DswView o, DswView lse,
                       DswView d_o, DswView dq, DswView dk, DswView dv);

  /* images, [B, C, H, W]; bias [O] and dbias or not given */
  int (*conv2d_fwd)(DswStream*, const DswConv*, DswView x, DswView w, DswView bias, DswView y);
  int (*conv2d_bwd_data)(DswStream*, const DswConv*, DswView w, DswView dy, DswView dx);
  int (*conv2d_bwd_weights)(DswStream*, const DswConv*, DswView x, DswView dy, DswView dw, DswView dbias);
  int (*pool2d_fwd)(DswStream*, const DswPool*, DswView x, DswView y, DswView index);   /* index int32 like y (max only): h W + w of the maximum, first of equals */
  int (*pool2d_bwd)(DswStream*, const DswPool*, DswView dy, DswView index, DswView dx);

  /* optimisers, contiguous, in place */
  int (*adamw)(DswStream*, const DswAdamW*, DswView w, DswView g, DswView m, DswView v);  /* Loshchilov & Hutter 2019, algorithm 2 */
  int (*sgd)(DswStream*, const DswSgd*, DswView w, DswView g, DswView momentum);          /* momentum not given: plain */

  /* 8-bit floats (DSW_E4M3, DSW_E5M2) with float32 scales: a matrix [R, C] stands for scale x. Its scale [Rb, Cb] says the blocks that share one:
   * of an axis of length L, 1 block is the whole axis, L blocks are single elements, ceil(L / 128) blocks are 128 long, the last one
   * shorter; another number is DSW_BAD_ARGUMENT. [1, 1] is a scale per tensor, [R, ceil(C / 128)] blocks of 1 x 128,
   * [ceil(R / 128), ceil(C / 128)] blocks of 128 x 128. Source: DeepSeek-AI 2024, DeepSeek-V3 Technical Report, sec. 3.3.2 */
  /* y = x / scale and scale = amax / largest number of y's format (448 of E4M3, 57344 of E5M2), both quotients rounded to float32, y then to
   * nearest even, beyond the largest to it. x: any dtype, read as float32; amax: the largest |x| of the block's finite elements. scale is
   * 1 where amax is 0, else 2^-126 at least; power_of_two: rounded up to a power of two. NaN and infinite elements become NaN (0x7F): an
   * overflow must not pass for a number; the block's others are as they would be without them */
  int (*quantize_blocks)(DswStream*, DswView x, int32_t power_of_two, DswView y, DswView scale);
  int (*dequantize_blocks)(DswStream*, DswView x, DswView scale, DswView y);  /* y = scale x, rounded once to y's dtype */
  /* c [M, N] = (a_scale a) (b_scale b)^T + bias; a [M, K], b [N, K] of one 8-bit format or one each, bias [N] or not given. Of each slice of 128
   * along K the products of the 8-bit numbers, which are exact, are summed in float32 at least, multiplied by the slice's a_scale and b_scale
   * and added in float32 at least. Blocks along K are 128 long or the whole axis, along M and N any of the three. Source: ibid., sec. 3.3.2 */
  int (*matmul_blocks)(DswStream*, DswView a, DswView a_scale, DswView b, DswView b_scale, DswView bias, DswView c);

  /* attention_fwd and attention_bwd within listed blocks of keys (compressed sparse rows): queries 64 i … 64 i + 63 of (b, h) see of the keys
   * that these entries would let them see those of the blocks block[begin[b, h, i]] … block[begin[b, h, i + 1] - 1]; block j is the keys
   * 64 j … 64 j + 63. begin int32 [B, Hq, ceil(T / 64) + 1], block int32 [N]. DSW_BAD_ARGUMENT: begin descends or leaves 0 … N, or the blocks
   * of a row do not ascend strictly within 0 … ceil(S / 64) - 1. */
  int (*attention_blocks_fwd)(DswStream*, const DswAttention*, DswView q, DswView k, DswView v, DswView key_mask, DswView begin, DswView block,
                              DswView o, DswView lse);
  int (*attention_blocks_bwd)(DswStream*, const DswAttention*, DswView q, DswView k, DswView v, DswView key_mask, DswView begin, DswView block,
                              DswView o, DswView lse, DswView d_o, DswView dq, DswView dk, DswView dv);
  /* attention_fwd over keys and values kept in pages of 64 tokens (Kwon et al. 2023), always causal, without dropout: k_pages and v_pages
   * [P, Hkv, 64, D]; token s of text b lies in page table[b, s / 64], table int32 [B, M]; lengths int32 [B] counts the tokens kept, the queries'
   * own included: query t stands at lengths[b] - T + t. DSW_BAD_ARGUMENT: a length outside 0 … 64 M, or a page of it outside 0 … P - 1. */
  int (*attention_paged_fwd)(DswStream*, const DswAttention*, DswView q, DswView k_pages, DswView v_pages, DswView table, DswView lengths,
                             DswView o, DswView lse);

  /* Fused: each computes what the entries named do one after the other, in one pass over memory. Null: the caller makes those calls. */
  int (*adamw_many)(DswStream*, const DswAdamWMany*);  /* adamw of each piece, weight_decay 0 for pieces without decay; same bits */
  /* sum = x + r (binary), then the norm of sum as it is kept, that is rounded to its dtype. All of one shape; what is optional there is here */
  int (*add_layer_norm_fwd)(DswStream*, DswView x, DswView r, DswView weight, DswView bias, double eps, DswView sum, DswView y,
                            DswView mean, DswView rstd);
  int (*add_rms_norm_fwd)(DswStream*, DswView x, DswView r, DswView weight, double eps, DswView sum, DswView y, DswView rstd);
  /* their gradient to x and r alike: dx = dx of layer_norm_bwd (rms_norm_bwd) + dsum, what else flows into sum; rounded once. dx and dsum given,
   * dsum's shape that of dx; they may be the same memory */
  int (*add_layer_norm_bwd)(DswStream*, DswView sum, DswView weight, DswView mean, DswView rstd, DswView dy, DswView dsum, DswView dx,
                            DswView dweight, DswView dbias);
  int (*add_rms_norm_bwd)(DswStream*, DswView sum, DswView weight, DswView rstd, DswView dy, DswView dsum, DswView dx, DswView dweight);
  /* unary_bwd over rows [..., C], and dbias [C] = sum of dx over the rows before dx is rounded: the gradient of f(product + bias) */
  int (*unary_bias_bwd)(DswStream*, DswUnary op, double alpha, double beta, DswView x, DswView y, DswView dy, DswView dx, DswView dbias);
  /* The joined product of attention, joined [B, T, Hq + 2 Hkv, D] with the heads of q, k and v in this order: q [B, Hq, T, D], k and v
   * [B, Hkv, T, D] are its parts, q and k turned by rope where position int32 [T] is given */
  int (*split_heads_fwd)(DswStream*, DswView joined, DswView position, double base, int32_t interleaved, DswView q, DswView k, DswView v);
  /* djoined from the gradients of the parts, of which one at least is given; the others are 0 */
  int (*split_heads_bwd)(DswStream*, DswView dq, DswView dk, DswView dv, DswView position, double base, int32_t interleaved, DswView djoined);
  /* Keys or values of new tokens put into their pages, as attention_paged_fwd reads them: x [B, Hkv, T, D], pages [P, Hkv, 64, D] of x's dtype;
   * token t of text b is its token lengths[b] - T + t. Texts that are written share no page. DSW_BAD_ARGUMENT: as of attention_paged_fwd, or
   * lengths[b] < T. */
  int (*append_paged)(DswStream*, DswView x, DswView pages, DswView table, DswView lengths);
} DswKernels;

#ifdef __cplusplus
}
#endif
#endif
