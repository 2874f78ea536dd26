#include "memory.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <vector>

#include "call.h"
#include "handles.h"

namespace stub {

namespace {

/* What allocations of a device are aligned to, and how far beyond them somebody who strays is seen. */
const size_t MARGIN = 256;
/* Bytes that make a NaN of every float, half and bfloat16: of those that nobody has written, and of margins. */
const unsigned char UNWRITTEN = 0xFF;
const uint16_t UNTOUCHED = 0x7FA5;

struct Allocation {
  int device;
  size_t size;
};

std::map<const char *, Allocation> allocations;

/* The allocation that begins at the address or before it. */
std::map<const char *, Allocation>::iterator around(const void *at) {
  auto after = allocations.upper_bound(static_cast<const char *>(at));
  return after == allocations.begin() ? allocations.end() : std::prev(after);
}

/* What a margin at the address holds. */
const char *untouched(const char *at) {
  static const std::vector<uint16_t> pattern(MARGIN, UNTOUCHED);
  return reinterpret_cast<const char *>(pattern.data()) + reinterpret_cast<uintptr_t>(at) % sizeof UNTOUCHED;
}

/* Whether nobody has written to a margin; nobody has, afterwards. */
bool restore(char *margin) {
  bool whole = memcmp(margin, untouched(margin), MARGIN) == 0;
  if (!whole) {
    memcpy(margin, untouched(margin), MARGIN);
  }
  return whole;
}

}  // namespace

long allocations_of(int device) {
  long number = 0;
  for (const auto &entry : allocations) {
    number += entry.second.device == device;
  }
  return number;
}

long memory_left(int device) {
  long left = setting("memory");
  for (const auto &[at, allocation] : allocations) {
    left -= allocation.device == device ? static_cast<long>(allocation.size) : 0;
  }
  return left;
}

void *allocate(int device, size_t size) {
  size_t all = (size + MARGIN - 1) / MARGIN * MARGIN + 2 * MARGIN; /* a multiple, as aligned_alloc wants it */
  char *block = static_cast<char *>(aligned_alloc(MARGIN, all));
  if (!block) {
    return nullptr;
  }
  char *at = block + MARGIN;
  memset(at, UNWRITTEN, size);
  restore(block);
  restore(at + size);
  allocations[at] = {device, size};
  count(device < 0 ? Kind::HOST_ALLOCATION : Kind::ALLOCATION, 1);
  return at;
}

bool release(int device, void *at) {
  auto found = allocations.find(static_cast<char *>(at));
  if (found == allocations.end() || (found->second.device < 0) != (device < 0)) {
    return false;
  }
  check_bounds("somebody");
  memset(at, UNWRITTEN, found->second.size);
  free(static_cast<char *>(at) - MARGIN);
  count(device < 0 ? Kind::HOST_ALLOCATION : Kind::ALLOCATION, -1);
  allocations.erase(found);
  return true;
}

bool within(int device, const void *at, size_t size) {
  auto found = around(at);
  return found != allocations.end() && found->second.device == device
      && static_cast<const char *>(at) - found->first + size <= found->second.size;
}

std::string not_of_device(int device, const void *at, size_t size) {
  auto found = around(at);
  if (found == allocations.end() || static_cast<const char *>(at) >= found->first + found->second.size) {
    return text_of(at) + " is nobody's memory";
  }
  if (found->second.device != device) {
    return text_of(at) + " is memory of another device or of the host";
  }
  return within(device, at, size) ? "" : std::to_string(size) + " bytes at " + text_of(at) + " are more than there are";
}

std::string not_of_host(const void *at, size_t size) {
  auto found = around(at);
  if (found == allocations.end() || static_cast<const char *>(at) >= found->first + found->second.size) {
    return "";
  }
  if (found->second.device >= 0) {
    return text_of(at) + " is memory of a device, not of the host";
  }
  return within(-1, at, size) ? "" : std::to_string(size) + " bytes at " + text_of(at) + " are more than there are";
}

void check_bounds(const std::string &writer) {
  for (const auto &[at, allocation] : allocations) {
    char *begin = const_cast<char *>(at);
    bool before = restore(begin - MARGIN);
    bool after = restore(begin + allocation.size);
    if (!before || !after) {
      violation(writer + " wrote " + (before ? "after the end" : "before the beginning") + " of an allocation of "
                + std::to_string(allocation.size) + " bytes");
    }
  }
}

}  // namespace stub
