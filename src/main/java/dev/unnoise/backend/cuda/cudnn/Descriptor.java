package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.run.BackendException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;

/**
 * A descriptor of the graph API: attributes are set, it is finalised, and only then used. Using one that is not
 * finalised can end the process, so {@link #ready} stands between.
 */
final class Descriptor implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Descriptor.class.getName());

  /** Statuses of executions that failed end before this. */
  private static final int END_OF_FAILED_EXECUTIONS = 6000;

  private final MemorySegment descriptor;
  private final String name;
  private boolean finalised;
  private boolean closed;

  /**
   * Makes an empty one.
   *
   * @param kind one of {@code CUDNN_BACKEND_…_DESCRIPTOR}
   * @param name for messages
   */
  Descriptor(int kind, String name) {
    this.name = name;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment made = arena.allocate(ValueLayout.ADDRESS);
      Cudnn.check(cudnn_h.cudnnBackendCreateDescriptor(kind, made), "cudnnBackendCreateDescriptor(" + name + ")");
      descriptor = made.get(ValueLayout.ADDRESS, 0);
      Cudnn.HELD.incrementAndGet();
    }
  }

  /** The number of a type. */
  static int type(DataType type) {
    return switch (type) {
      case F32 -> cudnn_h.CUDNN_DATA_FLOAT();
      case F16 -> cudnn_h.CUDNN_DATA_HALF();
      case BF16 -> cudnn_h.CUDNN_DATA_BFLOAT16();
    };
  }

  Descriptor longs(int attribute, long... values) {
    try (Arena arena = Arena.ofConfined()) {
      return set(attribute, cudnn_h.CUDNN_TYPE_INT64(), values.length, arena.allocateFrom(ValueLayout.JAVA_LONG, values));
    }
  }

  /** An attribute whose values are numbers of an enumeration. */
  Descriptor choice(int attribute, int type, int value) {
    try (Arena arena = Arena.ofConfined()) {
      return set(attribute, type, 1, arena.allocateFrom(ValueLayout.JAVA_INT, value));
    }
  }

  Descriptor flag(int attribute, boolean value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment flag = arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) (value ? 1 : 0));
      return set(attribute, cudnn_h.CUDNN_TYPE_BOOLEAN(), 1, flag);
    }
  }

  Descriptor number(int attribute, float value) {
    try (Arena arena = Arena.ofConfined()) {
      return set(attribute, cudnn_h.CUDNN_TYPE_FLOAT(), 1, arena.allocateFrom(ValueLayout.JAVA_FLOAT, value));
    }
  }

  Descriptor characters(int attribute, String text) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment characters = arena.allocateFrom(text);
      return set(attribute, cudnn_h.CUDNN_TYPE_CHAR(), characters.byteSize(), characters);
    }
  }

  /** As {@link #characters}; answers whether the library takes them, and logs what it says against them. */
  boolean charactersIfTaken(int attribute, String text) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment characters = arena.allocateFrom(text);
      int status =
          cudnn_h.cudnnBackendSetAttribute(
              descriptor, attribute, cudnn_h.CUDNN_TYPE_CHAR(), characters.byteSize(), characters);
      return isTaken(status, "cudnnBackendSetAttribute(" + name + ", " + attribute + ")");
    }
  }

  private static boolean isTaken(int status, String call) {
    if (status == cudnn_h.CUDNN_STATUS_SUCCESS()) {
      return true;
    }
    BackendException refusal = Cudnn.failure(status, call);
    if (!isRefusal(status)) {
      throw refusal;
    }
    LOG.log(System.Logger.Level.DEBUG, refusal::getMessage);
    return false;
  }

  Descriptor handle(int attribute, Cudnn cudnn) {
    return pointers(attribute, cudnn_h.CUDNN_TYPE_HANDLE(), cudnn.handle().address());
  }

  /** Addresses on the device. */
  Descriptor addresses(int attribute, long... addresses) {
    return pointers(attribute, cudnn_h.CUDNN_TYPE_VOID_PTR(), addresses);
  }

  Descriptor descriptors(int attribute, List<Descriptor> others) {
    return pointers(
        attribute,
        cudnn_h.CUDNN_TYPE_BACKEND_DESCRIPTOR(),
        others.stream().mapToLong(other -> other.ready().address()).toArray());
  }

  Descriptor descriptor(int attribute, Descriptor other) {
    return descriptors(attribute, List.of(other));
  }

  private Descriptor pointers(int attribute, int type, long... addresses) {
    try (Arena arena = Arena.ofConfined()) {
      return set(attribute, type, addresses.length, arena.allocateFrom(ValueLayout.JAVA_LONG, addresses));
    }
  }

  private Descriptor set(int attribute, int type, long count, MemorySegment values) {
    if (finalised) {
      throw new IllegalStateException(name + " is finalised");
    }
    Cudnn.check(
        cudnn_h.cudnnBackendSetAttribute(descriptor, attribute, type, count, values),
        "cudnnBackendSetAttribute(" + name + ", " + attribute + ")");
    return this;
  }

  /** Finalises it. */
  Descriptor finish() {
    Cudnn.check(cudnn_h.cudnnBackendFinalize(descriptor), "cudnnBackendFinalize(" + name + ")");
    finalised = true;
    return this;
  }

  /**
   * Finalises it if the library takes what it describes.
   *
   * @param card that must still answer where the library says that a kernel of its own failed
   * @return whether it does; what the library says against it is logged
   */
  boolean finishIfSupported(Card card) {
    int status = cudnn_h.cudnnBackendFinalize(descriptor);
    finalised = status == cudnn_h.CUDNN_STATUS_SUCCESS();
    if (!finalised) {
      BackendException refusal = Cudnn.failure(status, "cudnnBackendFinalize(" + name + ")");
      if (!isRefusal(status) && !(isFailedExecution(status) && card.isAlive())) {
        throw refusal;
      }
      LOG.log(System.Logger.Level.DEBUG, refusal::getMessage);
    }
    return finalised;
  }

  /** Engines refuse in many ways, with internal errors too; lost devices and lack of memory are none of them. */
  private static boolean isRefusal(int status) {
    boolean refuses =
        status >= cudnn_h.CUDNN_STATUS_BAD_PARAM() && status < cudnn_h.CUDNN_STATUS_EXECUTION_FAILED();
    // A part of the library that is not there has engines that others can stand in for, and what another version has
    // written can be made again.
    boolean parts =
        status >= cudnn_h.CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH()
            && status <= cudnn_h.CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED();
    return (refuses || parts)
        && status != cudnn_h.CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED()
        && status != cudnn_h.CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED();
  }

  /** What engines say whose kernels cannot be loaded. */
  private static boolean isFailedExecution(int status) {
    return status >= cudnn_h.CUDNN_STATUS_EXECUTION_FAILED() && status < END_OF_FAILED_EXECUTIONS;
  }

  /** Says that the library has finalised it: it does so with descriptors that it fills. */
  void filled() {
    finalised = true;
  }

  /** The finalised descriptor. */
  MemorySegment ready() {
    if (!finalised || closed) {
      throw new IllegalStateException(name + (closed ? " is closed" : " is used before it is finalised"));
    }
    return descriptor;
  }

  /** The bare descriptor, for the library to fill. */
  MemorySegment bare() {
    return descriptor;
  }

  /** Numbers of an enumeration, of which there are at most {@code most}. */
  int[] choices(int attribute, int type, int most) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocate(ValueLayout.JAVA_INT, most);
      long found = Math.min(most, get(attribute, type, most, values));
      return values.asSlice(0, Integer.BYTES * found).toArray(ValueLayout.JAVA_INT);
    }
  }

  long integer(int attribute) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
      get(attribute, cudnn_h.CUDNN_TYPE_INT64(), 1, value);
      return value.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /** A text, nothing if there is none. */
  Optional<String> text(int attribute) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
      if (!isThere(attribute, 0, count, MemorySegment.NULL)) {
        return Optional.empty();
      }
      long length = count.get(ValueLayout.JAVA_LONG, 0);
      // Zero or not, it ends where the room does.
      MemorySegment characters = arena.allocate(length + 1);
      return length > 0 && isThere(attribute, length, count, characters)
          ? Optional.of(characters.getString(0))
          : Optional.empty();
    }
  }

  private boolean isThere(int attribute, long room, MemorySegment count, MemorySegment values) {
    int status =
        cudnn_h.cudnnBackendGetAttribute(ready(), attribute, cudnn_h.CUDNN_TYPE_CHAR(), room, count, values);
    return isTaken(status, "cudnnBackendGetAttribute(" + name + ", " + attribute + ")");
  }

  /** How many descriptors {@link #fill} could fill. */
  int count(int attribute) {
    return Math.toIntExact(get(attribute, cudnn_h.CUDNN_TYPE_BACKEND_DESCRIPTOR(), 0, MemorySegment.NULL));
  }

  /**
   * Has the library fill descriptors.
   *
   * @return how many of {@code into} it filled
   */
  int fill(int attribute, List<Descriptor> into) {
    try (Arena arena = Arena.ofConfined()) {
      long[] addresses = into.stream().mapToLong(one -> one.bare().address()).toArray();
      MemorySegment values = arena.allocateFrom(ValueLayout.JAVA_LONG, addresses);
      long there = get(attribute, cudnn_h.CUDNN_TYPE_BACKEND_DESCRIPTOR(), into.size(), values);
      int filled = (int) Math.min(into.size(), there);
      into.subList(0, filled).forEach(Descriptor::filled);
      return filled;
    }
  }

  /**
   * Reads an attribute.
   *
   * @param room elements that {@code values} has room for
   * @return how many the attribute has
   */
  private long get(int attribute, int type, long room, MemorySegment values) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
      Cudnn.check(
          cudnn_h.cudnnBackendGetAttribute(ready(), attribute, type, room, count, values),
          "cudnnBackendGetAttribute(" + name + ", " + attribute + ")");
      return count.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Cudnn.HELD.decrementAndGet();
      Cudnn.check(cudnn_h.cudnnBackendDestroyDescriptor(descriptor), "cudnnBackendDestroyDescriptor(" + name + ")");
    }
  }
}
