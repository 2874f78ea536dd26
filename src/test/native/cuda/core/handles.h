/* What is alive, and what tells it apart from what was. */
#pragma once

#include <map>
#include <memory>
#include <string>

namespace stub {

/* Everything that is made and has to be given back, by the names that tests use. */
#define STUB_KINDS(X) \
  X(ALLOCATION, "allocations") X(HOST_ALLOCATION, "host allocations") X(CONTEXT, "retained contexts") \
  X(STREAM, "streams") X(EVENT, "events") X(MODULE, "modules") X(GRAPH, "graphs") X(GRAPH_EXEC, "executable graphs") \
  X(PROGRAM, "NVRTC programs") X(CUDNN_HANDLE, "cuDNN handles") X(CUDNN_DESCRIPTOR, "cuDNN descriptors") \
  X(CUBLASLT_HANDLE, "cuBLASLt handles") X(CUBLASLT_DESCRIPTOR, "cuBLASLt descriptors")
#define STUB_KIND(name, text) name,
enum class Kind { STUB_KINDS(STUB_KIND) COUNT };

/* One more, or one fewer, of a kind. */
void count(Kind kind, long change);

/* A handle that no object has had before, so that one kept too long is never taken for a younger object's. */
void *fresh_handle();

std::string text_of(const void *handle);

/* The objects of one type that are alive. */
template <class T>
class Handles {
 public:
  explicit Handles(Kind kind) : kind_(kind) {}

  void *add(std::shared_ptr<T> object) {
    void *handle = fresh_handle();
    objects_[handle] = std::move(object);
    count(kind_, 1);
    return handle;
  }

  /* Null if there is no such object now. */
  std::shared_ptr<T> find(const void *handle) const {
    auto found = objects_.find(handle);
    return found == objects_.end() ? nullptr : found->second;
  }

  /* As find; the object is alive no more. */
  std::shared_ptr<T> take(const void *handle) {
    std::shared_ptr<T> object = find(handle);
    if (object) {
      objects_.erase(handle);
      count(kind_, -1);
    }
    return object;
  }

  const std::map<const void *, std::shared_ptr<T>> &all() const { return objects_; }

 private:
  Kind kind_;
  std::map<const void *, std::shared_ptr<T>> objects_;
};

}  // namespace stub
