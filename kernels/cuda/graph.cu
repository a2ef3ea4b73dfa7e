// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/graph.h"

#include <memory>
#include <new>

#include "kernels/cuda/stream.h"

namespace dsw::cuda {
namespace {

struct Graph {
  cudaGraphExec_t executable = nullptr;
  unsigned scratch_moved = 0;  // as it stood when the work was captured
};
Graph& graph_of(DswGraph* graph) { return *reinterpret_cast<Graph*>(graph); }

/// Other threads may release memory while this one captures; in the graph that would free it again and again.
void stop_capturing(Stream& stream) {
  const std::lock_guard lock(stream.releases);
  stream.capturing = false;
  for (void* memory : stream.released_meanwhile) cudaFreeAsync(memory, stream.stream);
  stream.released_meanwhile.clear();
}

}  // namespace

int begin_capture(DswStream* opened) {
  Stream& stream = stream_of(opened);
  const std::lock_guard lock(stream.releases);
  const int status = status_of(cudaStreamBeginCapture(stream.stream, cudaStreamCaptureModeThreadLocal), "capturing a step");
  stream.capturing = status == DSW_OK;
  return status;
}

int end_capture(DswStream* opened, DswGraph** graph) {
  Stream& stream = stream_of(opened);
  std::unique_ptr<Graph> made(*graph != nullptr ? &graph_of(*graph) : new (std::nothrow) Graph);
  *graph = nullptr;
  cudaGraph_t captured = nullptr;
  cudaError_t error = cudaStreamEndCapture(stream.stream, &captured);
  stop_capturing(stream);
  if (made == nullptr) return DSW_OUT_OF_MEMORY;
  cudaGraphExecUpdateResultInfo result{};
  if (error == cudaSuccess && made->executable != nullptr && cudaGraphExecUpdate(made->executable, captured, &result) != cudaSuccess) {
    cudaGetLastError();  // another shape of work: made anew
    cudaGraphExecDestroy(made->executable);
    made->executable = nullptr;
  }
  if (error == cudaSuccess && made->executable == nullptr) error = cudaGraphInstantiate(&made->executable, captured, 0);
  if (captured != nullptr) cudaGraphDestroy(captured);
  made->scratch_moved = stream.scratch.moved;
  *graph = reinterpret_cast<DswGraph*>(made.release());
  if (error == cudaSuccess) return DSW_OK;
  const int status = status_of(error, "a captured step");
  destroy_graph(*graph);
  *graph = nullptr;
  return status;
}

int launch_graph(DswStream* opened, DswGraph* graph) {
  Stream& stream = stream_of(opened);
  if (graph_of(graph).scratch_moved != stream.scratch.moved) {
    last_error() = "the scratch memory of a captured step is gone";
    return DSW_UNSUPPORTED;
  }
  return status_of(cudaGraphLaunch(graph_of(graph).executable, stream.stream), "a captured step");
}

void destroy_graph(DswGraph* graph) {
  if (graph_of(graph).executable != nullptr) cudaGraphExecDestroy(graph_of(graph).executable);
  delete &graph_of(graph);
}

}  // namespace dsw::cuda
