// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/onednn.h"

#if DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_OMP
#include <omp.h>
#endif

namespace dsw::kernels::onednn {
namespace {
std::size_t lines(std::size_t bytes) { return (bytes + 63) / 64 * 64; }
}  // namespace

#if DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_OMP
OneThread::OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
OneThread::~OneThread() { omp_set_num_threads(before_); }
#else
OneThread::OneThread() : before_(0) {}
OneThread::~OneThread() = default;
#endif

dnnl::engine& engine() {
  static dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl::memory::data_type data_type(int dtype) { return dtype == DSW_BF16 ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32; }

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

void Entry::add(int name, bool output, const dnnl::memory::desc& plain, const dnnl::memory::desc& chosen) {
  Argument argument;
  argument.name = name;
  argument.output = output;
  argument.plain = plain;
  argument.chosen = chosen;
  if (plain != chosen) {
    argument.bytes = chosen.get_size();
    const dnnl::memory::desc& from = output ? chosen : plain;
    const dnnl::memory::desc& to = output ? plain : chosen;
    argument.reorder = dnnl::reorder(dnnl::reorder::primitive_desc(engine(), from, engine(), to));
  }
  arguments.push_back(std::move(argument));
}

void Entry::prepare(int threads) {
  scratch_bytes_ = lines(scratch.get_size()) + 64;
  for (const Argument& argument : arguments) scratch_bytes_ += lines(argument.bytes);
  bound_.resize(static_cast<std::size_t>(threads));
  for (Bound& bound : bound_) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const Argument& argument = arguments[i];
      bound.chosen[i] = dnnl::memory(argument.chosen, engine(), DNNL_MEMORY_NONE);
      if (argument.bytes != 0) bound.plain[i] = dnnl::memory(argument.plain, engine(), DNNL_MEMORY_NONE);
      bound.call[i] = {argument.name, bound.chosen[i].get()};
    }
    bound.scratch = dnnl::memory(scratch, engine(), DNNL_MEMORY_NONE);
    bound.call[arguments.size()] = {DNNL_ARG_SCRATCHPAD, bound.scratch.get()};
  }
}

void Entry::run(int thread, dnnl::stream& stream, void* scratch_memory, std::initializer_list<void*> plain,
                std::uint32_t kept_inputs) const {
  Bound& bound = bound_[static_cast<std::size_t>(thread)];
  const auto point = [](dnnl::memory& at, void* to) {
    if (at.get_data_handle() != to) at.set_data_handle(to);
  };
  const auto reorder = [&](std::size_t i, bool out) {
    const dnnl_exec_arg_t call[] = {{DNNL_ARG_FROM, (out ? bound.chosen : bound.plain)[i].get()},
                                    {DNNL_ARG_TO, (out ? bound.plain : bound.chosen)[i].get()}};
    dnnl::error::wrap_c_api(dnnl_primitive_execute(arguments[i].reorder.get(), stream.get(), 2, call), "a reorder failed");
  };
  char* next = static_cast<char*>(scratch_memory);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Argument& argument = arguments[i];
    void* const ours = plain.begin()[i];
    if (argument.bytes == 0) {
      point(bound.chosen[i], ours);
      continue;
    }
    point(bound.chosen[i], next);
    point(bound.plain[i], ours);
    next += lines(argument.bytes);
    if (!argument.output && (kept_inputs >> i & 1) == 0) reorder(i, false);
  }
  point(bound.scratch, next);
  dnnl::error::wrap_c_api(dnnl_primitive_execute(primitive.get(), stream.get(), static_cast<int>(arguments.size()) + 1, bound.call.data()),
                          "a primitive failed");
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (arguments[i].bytes != 0 && arguments[i].output) reorder(i, true);
  stream.wait();
}

PrimitiveCache::PrimitiveCache(int threads) {
  for (int i = 0; i < threads; ++i) queues_.emplace_back(engine());
}

PrimitiveCache& cache_of(DswStream* stream) {
  auto& slot = stream->prepared(PreparedSlot::Primitives);
  if (!slot) slot = std::make_unique<PrimitiveCache>(stream->threads());
  return static_cast<PrimitiveCache&>(*slot);
}

}  // namespace dsw::kernels::onednn
