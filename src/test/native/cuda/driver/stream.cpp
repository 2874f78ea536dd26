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
  std::shared_ptr<Stream> stream; /* null: not recorded, or on the null stream, where everything is done at once */
  long place = 0;
  bool captured = false;
};

static stub::Handles<Event> events(stub::Kind::EVENT);

static int require_event(const Call &call, CUevent handle, std::shared_ptr<Event> *event) {
  *event = events.find(handle);
  return *event ? CUDA_SUCCESS : call.wrong(CUDA_ERROR_INVALID_HANDLE, "there is no event " + stub::text_of(handle));
}

EXPORTED CUresult cuEventCreate(CUevent *event, unsigned int) {
  Call call("cuEventCreate");
  ANSWER(call.told());
  ANSWER(stub::require_context(call));
  auto made = std::make_shared<Event>();
  made->device = stub::current_device();
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
  event->place = stream ? stream->enqueued : 0;
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
  if (!event->stream || event->stream->done >= event->place) {
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
  while (event->stream && event->stream->done < event->place) {
    stub::advance(*event->stream);
  }
  return CUDA_SUCCESS;
}
