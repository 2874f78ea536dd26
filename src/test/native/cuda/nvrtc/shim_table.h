/* Makes entries of the table of kernels from the types of their parameters. */
#pragma once

template <class... P>
struct StubSignature {
  static constexpr StubParameter parameters[] = {{sizeof(P), std::is_pointer<P>::value}..., {0, 0}};

  template <void (*kernel)(P...), size_t... I>
  static void call(void **arguments, std::index_sequence<I...>) {
    kernel(*static_cast<P *>(arguments[I])...);
  }

  template <void (*kernel)(P...)>
  static void call(void **arguments) {
    call<kernel>(arguments, std::index_sequence_for<P...>());
  }
};

template <class... P>
constexpr StubSignature<P...> stub_signature(void (*)(P...)) {
  return {};
}

#define STUB_ENTRY(kernel, most_threads) \
  {#kernel, decltype(stub_signature(kernel))::template call<kernel>, decltype(stub_signature(kernel))::parameters, \
   sizeof decltype(stub_signature(kernel))::parameters / sizeof(StubParameter) - 1, most_threads}
