// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "tests/support/cuda_emulation/faults.h"
#include "tests/support/cuda_emulation/options.h"
#include "tests/support/cuda_emulation/runtime_state.h"

namespace {

using Work = std::function<cudaError_t()>;
struct Node {
  const void* what;
  Work work;
};

}  // namespace

struct CUevent_st {
  std::uint64_t recorded = 0, done = 0;  // how often
};
struct CUgraph_st {
  std::vector<Node> nodes;
};
struct CUgraphExec_st {
  std::vector<Node> nodes;
};
struct CUstream_st {
  struct Entry {
    Work work;                            // or, where empty, of an event:
    std::shared_ptr<CUevent_st> event{};  //
    std::uint64_t number = 0;             // which of its records
    bool waits = false;                   // for it; else it is done by this entry
  };
  std::deque<Entry> queue;
  std::unique_ptr<CUgraph_st> capture;
  bool capture_broken = false;
};

namespace dsw::cuda_emulation {
namespace {

std::vector<std::unique_ptr<CUstream_st>>& streams() {  // as they were made
  static std::vector<std::unique_ptr<CUstream_st>> all;
  return all;
}
std::vector<std::shared_ptr<CUevent_st>>& events() {
  static std::vector<std::shared_ptr<CUevent_st>> all;
  return all;
}
std::shared_ptr<CUevent_st> shared(cudaEvent_t event) {
  const auto found = std::find_if(events().begin(), events().end(), [event](const auto& one) { return one.get() == event; });
  return found != events().end() ? *found : nullptr;
}

/// Does the stream's first entries, up to one that has to wait. Whether there were any.
bool advance(CUstream_st& stream) {
  bool some = false;
  while (!stream.queue.empty()) {
    CUstream_st::Entry& entry = stream.queue.front();
    if (entry.event && entry.waits && entry.event->done < entry.number) break;
    const CUstream_st::Entry first = std::move(entry);
    stream.queue.pop_front();
    some = true;
    if (first.event && !first.waits) first.event->done = first.number;
    if (!first.work || state().sticky != cudaSuccess) continue;
    if (const cudaError_t error = first.work(); error != cudaSuccess) state().last = error;
  }
  return some;
}
/// The queue of a stream, in which the work must stand however much other streams have done: all of them go as far as they can, or none.
cudaError_t add(CUstream_st& stream, CUstream_st::Entry entry) {
  stream.queue.push_back(std::move(entry));
  if (options().streams == Streams::AtOnce) drain(&stream);
  if (options().streams == Streams::LastMadeFirst && &stream == streams().back().get()) advance(stream);
  return state().sticky;
}
cudaError_t break_capture(cudaStream_t stream) {
  stream->capture_broken = true;
  return cudaErrorStreamCaptureUnsupported;
}

}  // namespace

cudaError_t put(cudaStream_t stream, const void* what, Work work) {
  if (stream == nullptr) return drain(nullptr) == cudaSuccess ? work() : state().sticky;
  if (stream->capture) {
    stream->capture->nodes.push_back({what, std::move(work)});
    return cudaSuccess;
  }
  if (options().streams == Streams::AtOnce && stream->queue.empty()) return work();
  return add(*stream, {std::move(work)});
}

cudaError_t drain(cudaStream_t stream) {
  const auto left = [stream] {
    return std::any_of(streams().begin(), streams().end(),
                       [stream](const auto& one) { return (stream == nullptr || stream == one.get()) && !one->queue.empty(); });
  };
  while (left()) {
    bool some = false;
    if (options().streams == Streams::LastMadeFirst) {
      for (auto one = streams().rbegin(); one != streams().rend(); ++one) some = advance(**one) || some;
    } else {
      if (stream != nullptr) some = advance(*stream);
      for (const auto& one : streams()) some = (left() && advance(*one)) || some;
    }
    if (!some) return cudaErrorLaunchFailure;  // a wait for what nobody does
  }
  return state().sticky;
}

bool captures(cudaStream_t stream) { return stream != nullptr && stream->capture != nullptr; }

void forget_streams() {
  for (const auto& stream : streams()) {
    stream->queue.clear();
    stream->capture.reset();
  }
}

}  // namespace dsw::cuda_emulation

using namespace dsw::cuda_emulation;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  return call([&](RuntimeState&) {
    streams().push_back(std::make_unique<CUstream_st>());
    *stream = streams().back().get();
    return cudaSuccess;
  });
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard lock(state().mutex);
  const cudaError_t error = call([&](RuntimeState&) { return drain(stream); });
  std::erase_if(streams(), [stream](const auto& one) { return one.get() == stream; });
  return error;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return call([&](RuntimeState&) { return captures(stream) ? break_capture(stream) : drain(stream); });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  return call([&](RuntimeState&) {
    events().push_back(std::make_shared<CUevent_st>());
    *event = events().back().get();
    return cudaSuccess;
  });
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const std::lock_guard lock(state().mutex);
  std::erase_if(events(), [event](const auto& one) { return one.get() == event; });
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return call([&](RuntimeState&) {
    if (captures(stream)) return break_capture(stream);
    return add(*stream, {{}, shared(event), ++event->recorded, false});
  });
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  return call([&](RuntimeState&) {
    if (captures(stream)) return break_capture(stream);
    return add(*stream, {{}, shared(event), event->recorded, true});
  });
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return call([&](RuntimeState&) {
    for (const auto& stream : streams())
      if (event->done < event->recorded) drain(stream.get());
    return state().sticky;
  });
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  return call([&](RuntimeState&) {
    if (stream->capture) return cudaErrorStreamCaptureUnsupported;
    stream->capture = std::make_unique<CUgraph_st>();
    stream->capture_broken = false;
    return cudaSuccess;
  });
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = nullptr;
  return call([&](RuntimeState&) {
    if (!stream->capture) return cudaErrorInvalidValue;
    const auto captured = std::exchange(stream->capture, nullptr);
    if (stream->capture_broken) return cudaErrorStreamCaptureInvalidated;
    *graph = new CUgraph_st(*captured);
    return cudaSuccess;
  });
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = nullptr;
  return call([&](RuntimeState&) {
    *executable = new CUgraphExec_st{graph->nodes};
    return cudaSuccess;
  });
}
cudaError_t cudaGraphExecUpdate(cudaGraphExec_t executable, cudaGraph_t graph, cudaGraphExecUpdateResultInfo*) {
  return call([&](RuntimeState&) {
    const bool alike = std::equal(executable->nodes.begin(), executable->nodes.end(), graph->nodes.begin(), graph->nodes.end(),
                                  [](const Node& a, const Node& b) { return a.what == b.what; });
    if (!alike) return cudaErrorGraphExecUpdateFailure;
    executable->nodes = graph->nodes;
    return cudaSuccess;
  });
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  return call([&](RuntimeState&) {
    if (struck(Fault::FailedLaunch, "graph")) return cudaErrorLaunchOutOfResources;
    for (const Node& node : executable->nodes)
      if (const cudaError_t error = put(stream, node.what, node.work); error != cudaSuccess) return error;
    return cudaSuccess;
  });
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}
