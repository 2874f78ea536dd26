/* Captures and the graphs they make. */
#include "../core/context.h"
#include "../core/handles.h"
#include "../core/stream.h"
#include "abi.h"

using stub::Call;
using stub::Stream;
using stub::Work;

struct Graph {
  int device;
  std::vector<Work> nodes;
};

static stub::Handles<Graph> graphs(stub::Kind::GRAPH);
static stub::Handles<Graph> executables(stub::Kind::GRAPH_EXEC);

EXPORTED CUresult cuStreamBeginCapture_v2(CUstream handle, int mode) {
  Call call("cuStreamBeginCapture_v2");
  ANSWER(call.told());
  ANSWER(stub::require_context(call));
  std::shared_ptr<Stream> stream = stub::find_stream(handle);
  if (!stream || stream->capturing) {
    return call.wrong(CUDA_ERROR_ILLEGAL_STATE, stream ? "the stream is captured already" : "there is no such stream");
  }
  if (mode < stub::EVERY_THREAD || mode > stub::NOBODY) {
    return call.wrong(CUDA_ERROR_INVALID_VALUE, "there is no mode " + std::to_string(mode));
  }
  stream->capturing = true;
  stream->capture_broken = false;
  stream->mode = static_cast<stub::CaptureMode>(mode);
  stream->capturer = std::this_thread::get_id();
  stream->captured.clear();
  return CUDA_SUCCESS;
}

EXPORTED CUresult cuStreamEndCapture(CUstream handle, CUgraph *graph) {
  Call call("cuStreamEndCapture");
  *graph = nullptr;
  std::shared_ptr<Stream> stream = stub::find_stream(handle);
  if (!stream || !stream->capturing) {
    return call.wrong(CUDA_ERROR_ILLEGAL_STATE, "the stream is not captured");
  }
  if (stream->mode != stub::NOBODY && stream->capturer != std::this_thread::get_id()) {
    return call.wrong(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, "another thread captures");
  }
  stream->capturing = false;
  std::vector<Work> nodes;
  nodes.swap(stream->captured);
  ANSWER(call.told());
  if (stream->capture_broken) {
    return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  }
  *graph = graphs.add(std::make_shared<Graph>(Graph{stream->device, std::move(nodes)}));
  return CUDA_SUCCESS;
}

static int require_graph(const Call &call, const stub::Handles<Graph> &from, const void *handle,
                         std::shared_ptr<Graph> *graph) {
  *graph = from.find(handle);
  return *graph ? CUDA_SUCCESS : call.wrong(CUDA_ERROR_INVALID_VALUE, "there is no graph " + stub::text_of(handle));
}

EXPORTED CUresult cuGraphGetNodes(CUgraph handle, CUgraphNode *nodes, size_t *count) {
  Call call("cuGraphGetNodes");
  ANSWER(call.told());
  std::shared_ptr<Graph> graph;
  ANSWER(require_graph(call, graphs, handle, &graph));
  size_t room = nodes ? *count : 0;
  *count = graph->nodes.size();
  for (size_t i = 0; i < room; i++) {
    nodes[i] = i < *count ? &graph->nodes[i] : nullptr;
  }
  return CUDA_SUCCESS;
}

EXPORTED CUresult cuGraphInstantiateWithFlags(CUgraphExec *executable, CUgraph handle, unsigned long long) {
  Call call("cuGraphInstantiateWithFlags");
  ANSWER(stub::refuse_while_capturing(call));
  ANSWER(call.told());
  ANSWER(stub::require_context(call));
  std::shared_ptr<Graph> graph;
  ANSWER(require_graph(call, graphs, handle, &graph));
  *executable = executables.add(std::make_shared<Graph>(*graph));
  return CUDA_SUCCESS;
}

static int require_executable(const Call &call, CUgraphExec handle, CUstream stream, std::shared_ptr<Graph> *graph) {
  ANSWER(stub::require_context(call));
  ANSWER(require_graph(call, executables, handle, graph));
  std::shared_ptr<Stream> on = stub::find_stream(stream);
  if (!on || on->device != (*graph)->device) {
    return call.wrong(CUDA_ERROR_INVALID_HANDLE, on ? "the graph is another device's" : "there is no such stream");
  }
  if (on->capturing) {
    on->capture_broken = true;
    return call.wrong(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "stubs capture no graphs within graphs");
  }
  return CUDA_SUCCESS;
}

EXPORTED CUresult cuGraphUpload(CUgraphExec handle, CUstream stream) {
  Call call("cuGraphUpload");
  ANSWER(call.told());
  std::shared_ptr<Graph> graph;
  return require_executable(call, handle, stream, &graph);
}

EXPORTED CUresult cuGraphLaunch(CUgraphExec handle, CUstream stream) {
  Call call("cuGraphLaunch");
  ANSWER(call.told());
  std::shared_ptr<Graph> graph;
  ANSWER(require_executable(call, handle, stream, &graph));
  Work all;
  all.what = "a graph";
  all.obstacle = [graph] {
    for (const Work &node : graph->nodes) {
      std::string obstacle = node.obstacle();
      if (!obstacle.empty()) {
        return node.what + ": " + obstacle;
      }
    }
    return std::string();
  };
  all.run = [graph] {
    for (const Work &node : graph->nodes) {
      stub::run(node);
    }
  };
  return stub::enqueue(call, stream, std::move(all));
}

EXPORTED CUresult cuGraphExecDestroy(CUgraphExec handle) {
  Call call("cuGraphExecDestroy");
  if (!executables.take(handle)) {
    return call.wrong(CUDA_ERROR_INVALID_VALUE, "there is no graph " + stub::text_of(handle));
  }
  return call.told();
}

EXPORTED CUresult cuGraphDestroy(CUgraph handle) {
  Call call("cuGraphDestroy");
  if (!graphs.take(handle)) {
    return call.wrong(CUDA_ERROR_INVALID_VALUE, "there is no graph " + stub::text_of(handle));
  }
  return call.told();
}
