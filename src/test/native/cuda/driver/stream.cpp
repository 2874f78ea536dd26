/* Streams and events. */
#include "../core/stream.h"

#include "../core/context.h"
#include "../core/handles.h"
#include "abi.h"

using stub::Call;
using stub::Stream;

EXPORTED CUresult cuStreamCreate(CUstream *stream, unsigned int) {
  Call call("cuStreamCreate");
  ANSWER(call.told());
  ANSWER(stub::require_context(call));
  *stream = stub::create_stream(stub::current_device());
  return CUDA_SUCCESS;
}

EXPORTED CUresult cuStreamDestroy_v2(CUstream handle) {
  Call call("cuStreamDestroy_v2");
  std::shared_ptr<Stream> stream = stub::find_stream(handle);
  if (!stream) {
    return call.wrong(CUDA_ERROR_INVALID_HANDLE, "there is no stream " + stub::text_of(handle));
  }
  if (stream->capturing) {
    call.wrong(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "the stream is being captured");
  }
  stub::finish(*stream);
  stub::destroy_stream(handle);
  return call.told();
}

EXPORTED CUresult cuStreamSynchronize(CUstream handle) {
  Call call("cuStreamSynchronize");
  ANSWER(stub::refuse_while_capturing(call));
  ANSWER(call.told());
  ANSWER(stub::require_context(call));
  if (!handle) {
    stub::finish_all();
    return CUDA_SUCCESS;
  }
  std::shared_ptr<Stream> stream = stub::find_stream(handle);
  if (!stream) {
    return call.wrong(CUDA_ERROR_INVALID_HANDLE, "there is no stream " + stub::text_of(handle));
  }
  stub::finish(*stream);
  return CUDA_SUCCESS;
}

/* A place in a stream. */
struct Event {
  int device = 0;
  bool timed = false;
  std::shared_ptr<Stream> stream; /* null: not recorded, or on the null stream, where everything is done at once */
  std::shared_ptr<stub::Mark> mark; /* null: not recorded */
  bool captured = false;

  bool pending() const { return mark && !mark->reached; }
};

static stub::Handles<Event> events(stub::Kind::EVENT);

static int require_event(const Call &call, CUevent handle, std::shared_ptr<Event> *event) {
  *event = events.find(handle);
  return *event ? CUDA_SUCCESS : call.wrong(CUDA_ERROR_INVALID_HANDLE, "there is no event " + stub::text_of(handle));
}

EXPORTED CUresult cuEventCreate(CUevent *event, unsigned int flags) {
  Call call("cuEventCreate");
  ANSWER(call.told());
  ANSWER(stub::require_context(call));
  auto made = std::make_shared<Event>();
  made->device = stub::current_device();
  made->timed = !(flags & CU_EVENT_DISABLE_TIMING);
  *event = events.add(made);
  return CUDA_SUCCESS;
}

EXPORTED CUresult cuEventDestroy_v2(CUevent handle) {
  Call call("cuEventDestroy_v2");
  if (!events.take(handle)) {
    return call.wrong(CUDA_ERROR_INVALID_HANDLE, "there is no event " + stub::text_of(handle));
  }
  return call.told();
}

EXPORTED CUresult cuEventRecord(CUevent handle, CUstream on) {
  Call call("cuEventRecord");
  ANSWER(call.told());
  ANSWER(stub::require_context(call));
  std::shared_ptr<Event> event;
  ANSWER(require_event(call, handle, &event));
  std::shared_ptr<Stream> stream = stub::find_stream(on);
  if (on && !stream) {
    return call.wrong(CUDA_ERROR_INVALID_HANDLE, "there is no stream " + stub::text_of(on));
  }
  if (event->device != stub::current_device() || (stream && stream->device != event->device)) {
    return call.wrong(CUDA_ERROR_INVALID_HANDLE, "event, stream and context are not one device's");
  }
  event->stream = stream;
  event->mark = stub::mark(stream.get());
  event->captured = stream && stream->capturing;
  return CUDA_SUCCESS;
}

static int refuse_captured(const Call &call, const Event &event) {
  if (!event.captured) {
    return CUDA_SUCCESS;
  }
  event.stream->capture_broken = true;
  return call.wrong(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "the event was recorded in a capture");
}

EXPORTED CUresult cuEventQuery(CUevent handle) {
  Call call("cuEventQuery");
  ANSWER(stub::refuse_while_capturing(call));
  ANSWER(call.told());
  std::shared_ptr<Event> event;
  ANSWER(require_event(call, handle, &event));
  ANSWER(refuse_captured(call, *event));
  if (!event->pending()) {
    return CUDA_SUCCESS;
  }
  stub::advance(*event->stream);
  return CUDA_ERROR_NOT_READY;
}

EXPORTED CUresult cuEventSynchronize(CUevent handle) {
  Call call("cuEventSynchronize");
  ANSWER(stub::refuse_while_capturing(call));
  ANSWER(call.told());
  std::shared_ptr<Event> event;
  ANSWER(require_event(call, handle, &event));
  ANSWER(refuse_captured(call, *event));
  while (event->pending()) {
    stub::advance(*event->stream);
  }
  return CUDA_SUCCESS;
}

static int require_time(const Call &call, CUevent handle, std::shared_ptr<Event> *event) {
  ANSWER(require_event(call, handle, event));
  ANSWER(refuse_captured(call, **event));
  if (!(*event)->timed) {
    return call.wrong(CUDA_ERROR_INVALID_HANDLE, "the event was made with CU_EVENT_DISABLE_TIMING");
  }
  if (!(*event)->mark) {
    return call.wrong(CUDA_ERROR_INVALID_HANDLE, "the event was never recorded");
  }
  if ((*event)->pending()) {
    return call.wrong(CUDA_ERROR_NOT_READY, "the event is not reached");
  }
  return CUDA_SUCCESS;
}

EXPORTED CUresult cuEventElapsedTime(float *milliseconds, CUevent from, CUevent to) {
  Call call("cuEventElapsedTime");
  ANSWER(stub::refuse_while_capturing(call));
  ANSWER(call.told());
  std::shared_ptr<Event> start;
  ANSWER(require_time(call, from, &start));
  std::shared_ptr<Event> end;
  ANSWER(require_time(call, to, &end));
  if (start->device != end->device) {
    return call.wrong(CUDA_ERROR_INVALID_HANDLE, "the events are not one device's");
  }
  *milliseconds = std::chrono::duration<float, std::milli>(*end->mark->reached - *start->mark->reached).count();
  return CUDA_SUCCESS;
}
