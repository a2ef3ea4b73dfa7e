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

std::size_t Entry::scratch_bytes() const {
  std::size_t bytes = lines(scratch.get_size());
  for (const Argument& argument : arguments) bytes += lines(argument.bytes);
  return bytes + 64;
}

void Entry::run(dnnl::stream& stream, void* scratch_memory, const std::vector<void*>& plain, std::uint32_t kept_inputs) const {
  char* next = static_cast<char*>(scratch_memory);
  std::unordered_map<int, dnnl::memory> values;
  std::vector<std::pair<std::size_t, dnnl::memory>> outputs;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Argument& argument = arguments[i];
    if (argument.bytes == 0) {
      values.emplace(argument.name, dnnl::memory(argument.chosen, engine(), plain[i]));
      continue;
    }
    dnnl::memory copy(argument.chosen, engine(), next);
    next += lines(argument.bytes);
    if (argument.output)
      outputs.emplace_back(i, copy);
    else if ((kept_inputs >> i & 1) == 0) {
      dnnl::memory ours(argument.plain, engine(), plain[i]);
      argument.reorder.execute(stream, ours, copy);
    }
    values.emplace(argument.name, std::move(copy));
  }
  values.emplace(DNNL_ARG_SCRATCHPAD, dnnl::memory(scratch, engine(), next));
  primitive.execute(stream, values);
  for (auto& [i, copy] : outputs) {
    dnnl::memory ours(arguments[i].plain, engine(), plain[i]);
    arguments[i].reorder.execute(stream, copy, ours);
  }
  stream.wait();
}

PrimitiveCache& cache_of(DswStream* stream) {
  auto& slot = stream->prepared(PreparedSlot::Primitives);
  if (!slot) slot = std::make_unique<PrimitiveCache>();
  return static_cast<PrimitiveCache&>(*slot);
}

}  // namespace dsw::kernels::onednn
