#include "fibers.h"

#include <sys/mman.h>

#include <cstdint>
#include <vector>

/* Keeps what a function must keep on the stack, changes stacks, and goes on where that one stopped. The C library's way
 * to do so asks the kernel about signals every time. */
extern "C" void stub_switch(void **from, void *to);
asm(".text\n"
    ".hidden stub_switch\n"
    ".globl stub_switch\n"
    ".type stub_switch, @function\n"
    "stub_switch:\n"
    "  pushq %rbp\n"
    "  pushq %rbx\n"
    "  pushq %r12\n"
    "  pushq %r13\n"
    "  pushq %r14\n"
    "  pushq %r15\n"
    "  movq %rsp, (%rdi)\n"
    "  movq %rsi, %rsp\n"
    "  popq %r15\n"
    "  popq %r14\n"
    "  popq %r13\n"
    "  popq %r12\n"
    "  popq %rbx\n"
    "  popq %rbp\n"
    "  ret\n"
    ".size stub_switch, .-stub_switch\n");

namespace stub {

namespace {

/* Pages of it exist once they are touched. */
const size_t STACK = 256 << 10;
const int KEPT_REGISTERS = 6;

struct Fiber {
  int index;
  void *stack;
  void *at;
  bool waits;
};

std::vector<void *> free_stacks;
void *scheduler;
Fiber *running;
void (*running_body)(int, void *);
void *running_context;

void *take_stack() {
  if (free_stacks.empty()) {
    return mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  }
  void *stack = free_stacks.back();
  free_stacks.pop_back();
  return stack;
}

void begin() {
  running_body(running->index, running_context);
  running->waits = false;
  stub_switch(&running->at, scheduler);
}

/* A stack that looks as if it had been left within the first instruction. */
void prepare(Fiber &fiber) {
  fiber.stack = take_stack();
  uintptr_t *top = reinterpret_cast<uintptr_t *>(static_cast<char *>(fiber.stack) + STACK);
  *--top = 0; /* nobody to return to; aligned as a call leaves it */
  *--top = reinterpret_cast<uintptr_t>(begin);
  for (int i = 0; i < KEPT_REGISTERS; i++) {
    *--top = 0;
  }
  fiber.at = top;
}

/* Until it waits or ends. */
void go_on(Fiber &fiber) {
  running = &fiber;
  stub_switch(&scheduler, fiber.at);
  if (!fiber.waits) {
    free_stacks.push_back(fiber.stack);
  }
}

}  // namespace

void wait_for_others() {
  running->waits = true;
  stub_switch(&running->at, scheduler);
}

bool run_fibers(int count, void (*body)(int, void *), void (*before)(int, void *), void *context) {
  running_body = body;
  running_context = context;
  /* Fibers stay where they are: their stacks know the address. */
  std::vector<Fiber> fibers(count);
  std::vector<Fiber *> waiting;
  for (int i = 0; i < count; i++) {
    fibers[i].index = i;
    prepare(fibers[i]);
    before(i, context);
    go_on(fibers[i]);
    if (fibers[i].waits) {
      waiting.push_back(&fibers[i]);
    }
  }
  bool all_came = true;
  size_t left = count;
  while (!waiting.empty()) {
    all_came = all_came && waiting.size() == left;
    left = waiting.size();
    std::vector<Fiber *> still;
    for (Fiber *fiber : waiting) {
      before(fiber->index, context);
      go_on(*fiber);
      if (fiber->waits) {
        still.push_back(fiber);
      }
    }
    waiting.swap(still);
  }
  return all_came;
}

}  // namespace stub
