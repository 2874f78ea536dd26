/* Streams: work that is done when it is enqueued, later, or never but by the graph that a capture makes of it. */
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "call.h"

namespace stub {

/* What streams answer; the driver's own numbers. */
enum StreamStatus {
  DONE = 0,
  INVALID_VALUE = 1,
  INVALID_CONTEXT = 201,
  INVALID_HANDLE = 400,
  ILLEGAL_ADDRESS = 700,
  CAPTURE_UNSUPPORTED = 900,
  CAPTURE_INVALIDATED = 901,
  CAPTURE_WRONG_THREAD = 908,
};

/* Whom a capture keeps from calls that would not wait for it. */
enum CaptureMode { EVERY_THREAD = 0, ITS_THREAD = 1, NOBODY = 2 };

/* One piece of work. It owns all that it needs. */
struct Work {
  std::string what;
  /* What keeps it from being done, at present; empty: nothing. */
  std::function<std::string()> obstacle;
  std::function<void()> run;
};

/* A place behind so many pieces of a stream's work. */
struct Mark {
  long place = 0;
  /* When the work before it was done, by the clock of the host; empty: it is not. */
  std::optional<std::chrono::steady_clock::time_point> reached;
};

struct Stream {
  int device = 0;
  std::deque<Work> waiting;
  /* Those that are not reached, in their order. */
  std::deque<std::shared_ptr<Mark>> marks;
  long enqueued = 0;
  long done = 0;
  bool capturing = false;
  bool capture_broken = false;
  CaptureMode mode = ITS_THREAD;
  std::thread::id capturer;
  std::vector<Work> captured;
};

void *create_stream(int device);
std::shared_ptr<Stream> find_stream(const void *handle);
std::shared_ptr<Stream> destroy_stream(void *handle);

/* How many streams a device has. */
long streams_of(int device);

/* Does the work on the stream, or lets it wait, or captures it. Null is the stream that every context has. */
int enqueue(const Call &call, void *stream, Work work);

/* A mark behind all work that the stream has been given. A stream that is null has done its work. */
std::shared_ptr<Mark> mark(Stream *stream);

/* Does a piece of work, unless something keeps it from being done: a violation. */
void run(const Work &work);

/* Does one piece of what waits on the stream. */
void advance(Stream &stream);

/* Does all that waits on the stream, or on all streams. */
void finish(Stream &stream);
void finish_all();

/* The stream that the calling thread may not disturb; null: none. */
std::shared_ptr<Stream> capture_in_the_way();

/* What a call that waits, allocates or frees does first: a status if somebody captures. */
int refuse_while_capturing(const Call &call);

/* A status if the calling thread has no context. */
int require_context(const Call &call);

}  // namespace stub
