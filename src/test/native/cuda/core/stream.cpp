#include "stream.h"

#include "context.h"
#include "handles.h"
#include "memory.h"

namespace stub {

static Handles<Stream> streams(Kind::STREAM);

void *create_stream(int device) {
  auto stream = std::make_shared<Stream>();
  stream->device = device;
  return streams.add(stream);
}

std::shared_ptr<Stream> find_stream(const void *handle) {
  return streams.find(handle);
}

std::shared_ptr<Stream> destroy_stream(void *handle) {
  return streams.take(handle);
}

long streams_of(int device) {
  long number = 0;
  for (const auto &entry : streams.all()) {
    number += entry.second->device == device;
  }
  return number;
}

void run(const Work &work) {
  std::string obstacle = work.obstacle();
  if (!obstacle.empty()) {
    violation(work.what + ": " + obstacle);
    return;
  }
  work.run();
  check_bounds(work.what);
}

/* Nothing runs there while a capture is on: it would be missing in the graph. */
static int enqueue_on_null(const Call &call, const Work &work) {
  for (const auto &entry : streams.all()) {
    if (entry.second->capturing && entry.second->capturer == std::this_thread::get_id()) {
      entry.second->capture_broken = true;
      return call.wrong(CAPTURE_UNSUPPORTED, work.what + " on the null stream while another is captured");
    }
  }
  int device = current_device();
  for (const auto &entry : streams.all()) {
    if (entry.second->device == device) {
      finish(*entry.second);
    }
  }
  run(work);
  return DONE;
}

int enqueue(const Call &call, void *handle, Work work) {
  int status = require_context(call);
  if (status) {
    return status;
  }
  std::string obstacle = work.obstacle();
  if (!obstacle.empty()) {
    return call.wrong(ILLEGAL_ADDRESS, work.what + ": " + obstacle);
  }
  if (!handle) {
    return enqueue_on_null(call, work);
  }
  std::shared_ptr<Stream> stream = find_stream(handle);
  if (!stream) {
    return call.wrong(INVALID_HANDLE, "there is no stream " + text_of(handle));
  }
  if (stream->device != current_device()) {
    return call.wrong(INVALID_HANDLE, "the stream is another device's than the current context");
  }
  if (stream->capturing) {
    stream->captured.push_back(std::move(work));
    return DONE;
  }
  stream->enqueued++;
  stream->waiting.push_back(std::move(work));
  if (!setting("deferred")) {
    finish(*stream);
  }
  return DONE;
}

std::shared_ptr<Mark> mark(Stream *stream) {
  auto made = std::make_shared<Mark>();
  if (stream && stream->done < stream->enqueued) {
    made->place = stream->enqueued;
    stream->marks.push_back(made);
  } else {
    made->reached = std::chrono::steady_clock::now();
  }
  return made;
}

void advance(Stream &stream) {
  if (!stream.waiting.empty()) {
    Work work = std::move(stream.waiting.front());
    stream.waiting.pop_front();
    run(work);
    stream.done++;
    while (!stream.marks.empty() && stream.marks.front()->place <= stream.done) {
      stream.marks.front()->reached = std::chrono::steady_clock::now();
      stream.marks.pop_front();
    }
  }
}

void finish(Stream &stream) {
  while (!stream.waiting.empty()) {
    advance(stream);
  }
}

void finish_all() {
  for (const auto &entry : streams.all()) {
    finish(*entry.second);
  }
}

std::shared_ptr<Stream> capture_in_the_way() {
  for (const auto &entry : streams.all()) {
    const Stream &stream = *entry.second;
    bool own = stream.capturer == std::this_thread::get_id();
    if (stream.capturing && (stream.mode == EVERY_THREAD || (stream.mode == ITS_THREAD && own))) {
      return entry.second;
    }
  }
  return nullptr;
}

int refuse_while_capturing(const Call &call) {
  std::shared_ptr<Stream> capturing = capture_in_the_way();
  if (!capturing) {
    return DONE;
  }
  capturing->capture_broken = true;
  return call.wrong(CAPTURE_UNSUPPORTED, "must not be called while a stream is captured");
}

int require_context(const Call &call) {
  return current_device() < 0 ? call.wrong(INVALID_CONTEXT, "no context is current") : DONE;
}

}  // namespace stub
