package dev.unnoise.backend.cpu.onednn;

import dev.unnoise.backend.cpu.bindings.dnnl_h;
import dev.unnoise.backend.cpu.bindings.dnnl_version_t;
import dev.unnoise.graph.run.BackendException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.ToIntFunction;

/** oneDNN's engine for processors, and the objects made with it. */
public final class OneDnn implements AutoCloseable {
  private static final AddressLayout POINTER = ValueLayout.ADDRESS;

  private final Scope scope = new Scope();
  private final MemorySegment engine;

  /**
   * Loads the library and sees it compute.
   *
   * @throws BackendException if the library cannot be loaded or computes wrongly
   */
  public OneDnn() {
    OneDnnLibrary.load();
    try {
      engine =
          create(scope, "dnnl_engine_create", out -> dnnl_h.dnnl_engine_create(out, dnnl_h.dnnl_cpu(), 0),
              "dnnl_engine_destroy", dnnl_h::dnnl_engine_destroy);
      SelfTest.run(this);
    } catch (RuntimeException e) {
      scope.close();
      throw e;
    }
  }

  /** The version of the library in use. */
  public static String version() {
    MemorySegment version = dnnl_h.dnnl_version();
    return dnnl_version_t.major(version) + "." + dnnl_version_t.minor(version) + "." + dnnl_version_t.patch(version);
  }

  /** How many threads primitives that the calling thread creates and executes will use. */
  public static void useThreads(int count) {
    dnnl_h.omp_set_num_threads(count);
  }

  public Stream stream(Scope owner) {
    return new Stream(
        create(owner, "dnnl_stream_create",
            out -> dnnl_h.dnnl_stream_create(out, engine, dnnl_h.dnnl_stream_in_order()),
            "dnnl_stream_destroy", dnnl_h::dnnl_stream_destroy));
  }

  /** Extents and the distances between neighbours along each axis, in elements. */
  public Layout strided(Scope owner, long[] extents, long[] strides) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment dims = arena.allocateFrom(ValueLayout.JAVA_LONG, extents);
      MemorySegment steps = arena.allocateFrom(ValueLayout.JAVA_LONG, strides);
      return layout(
          create(owner, "dnnl_memory_desc_create_with_strides",
              out -> dnnl_h.dnnl_memory_desc_create_with_strides(out, extents.length, dims, dnnl_h.dnnl_f32(), steps),
              "dnnl_memory_desc_destroy", dnnl_h::dnnl_memory_desc_destroy));
    }
  }

  /** Row-major, without gaps. */
  public Layout dense(Scope owner, long... extents) {
    long[] strides = new long[extents.length];
    long stride = 1;
    for (int i = extents.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= extents[i];
    }
    return strided(owner, extents, strides);
  }

  /** Extents alone: the primitive chooses the layout. */
  public Layout any(Scope owner, long... extents) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment dims = arena.allocateFrom(ValueLayout.JAVA_LONG, extents);
      MemorySegment handle =
          create(owner, "dnnl_memory_desc_create_with_tag",
              out ->
                  dnnl_h.dnnl_memory_desc_create_with_tag(
                      out, extents.length, dims, dnnl_h.dnnl_f32(), dnnl_h.dnnl_format_tag_any()),
              "dnnl_memory_desc_destroy", dnnl_h::dnnl_memory_desc_destroy);
      return new Layout(handle, 0);
    }
  }

  /** Whether two layouts are the same. */
  public static boolean same(Layout left, Layout right) {
    return dnnl_h.dnnl_memory_desc_equal(left.handle(), right.handle()) != 0;
  }

  /** A memory object over bytes that outlive it. */
  public Memory memory(Scope owner, Layout layout, MemorySegment bytes) {
    if (bytes.byteSize() < layout.bytes()) {
      throw new IllegalArgumentException(bytes.byteSize() + " bytes for a layout of " + layout.bytes());
    }
    return new Memory(
        create(owner, "dnnl_memory_create",
            out -> dnnl_h.dnnl_memory_create(out, layout.handle(), engine, bytes),
            "dnnl_memory_destroy", dnnl_h::dnnl_memory_destroy));
  }

  /** A memory object over new bytes. */
  public Memory memory(Scope owner, Layout layout) {
    return memory(owner, layout, owner.allocate(layout.bytes()));
  }

  /**
   * A convolution of N,C,H,W-shaped operands with O,I,H,W-shaped weights.
   *
   * @param bias layout of the bias, or null
   * @param padBefore zeros above and to the left
   * @param padAfter zeros below and to the right
   */
  public Primitive convolution(
      Scope owner,
      Layout source,
      Layout weights,
      Layout bias,
      Layout destination,
      int stride,
      int padBefore,
      int padAfter,
      PostOps postOps) {
    try (Arena arena = Arena.ofConfined();
        Scope attributes = new Scope()) {
      MemorySegment strides = arena.allocateFrom(ValueLayout.JAVA_LONG, stride, stride);
      MemorySegment dilates = arena.allocateFrom(ValueLayout.JAVA_LONG, 0, 0);
      MemorySegment before = arena.allocateFrom(ValueLayout.JAVA_LONG, padBefore, padBefore);
      MemorySegment after = arena.allocateFrom(ValueLayout.JAVA_LONG, padAfter, padAfter);
      MemorySegment attr = attributes(attributes, postOps);
      return primitive(
          owner, "dnnl_convolution_forward_primitive_desc_create", true,
          out ->
              dnnl_h.dnnl_convolution_forward_primitive_desc_create(
                  out, engine, dnnl_h.dnnl_forward_inference(), dnnl_h.dnnl_convolution_direct(),
                  source.handle(), weights.handle(), handle(bias), destination.handle(),
                  strides, dilates, before, after, attr));
    }
  }

  /** A matrix product, batched over leading axes. */
  public Primitive matmul(
      Scope owner, Layout source, Layout weights, Layout bias, Layout destination, PostOps postOps) {
    try (Scope attributes = new Scope()) {
      MemorySegment attr = attributes(attributes, postOps);
      return primitive(
          owner, "dnnl_matmul_primitive_desc_create", true,
          out ->
              dnnl_h.dnnl_matmul_primitive_desc_create(
                  out, engine, source.handle(), weights.handle(), handle(bias), destination.handle(), attr));
    }
  }

  /** Softmax along an axis. */
  public Primitive softmax(Scope owner, Layout layout, int axis) {
    try (Scope attributes = new Scope()) {
      MemorySegment attr = attributes(attributes, new PostOps());
      return primitive(
          owner, "dnnl_softmax_forward_primitive_desc_create", false,
          out ->
              dnnl_h.dnnl_softmax_forward_primitive_desc_create(
                  out, engine, dnnl_h.dnnl_forward_inference(), dnnl_h.dnnl_softmax_accurate(),
                  layout.handle(), layout.handle(), axis, attr));
    }
  }

  /** Copies elements from one layout into another. */
  public void reorder(Layout from, MemorySegment source, Layout to, MemorySegment destination) {
    try (Scope temporary = new Scope()) {
      Primitive reorder =
          primitive(
              temporary, "dnnl_reorder_primitive_desc_create", false,
              out ->
                  dnnl_h.dnnl_reorder_primitive_desc_create(
                      out, from.handle(), engine, to.handle(), engine, attributes(temporary, new PostOps())));
      Arguments arguments =
          new Arguments()
              .source(memory(temporary, from, source))
              .destination(memory(temporary, to, destination))
              .scratchpad(memory(temporary, reorder.scratchpad()));
      new Invocation("reorder", reorder, arguments, temporary).run(stream(temporary));
    }
  }

  private MemorySegment attributes(Scope owner, PostOps postOps) {
    MemorySegment ops =
        create(owner, "dnnl_post_ops_create", dnnl_h::dnnl_post_ops_create,
            "dnnl_post_ops_destroy", dnnl_h::dnnl_post_ops_destroy);
    for (PostOps.Op op : postOps.ops()) {
      switch (op) {
        case PostOps.Op.AddTensor add ->
            Status.check(
                dnnl_h.dnnl_post_ops_append_binary(ops, dnnl_h.dnnl_binary_add(), add.layout().handle()),
                "dnnl_post_ops_append_binary");
        case PostOps.Op.Scale scale ->
            Status.check(
                dnnl_h.dnnl_post_ops_append_eltwise(ops, dnnl_h.dnnl_eltwise_linear(), scale.factor(), 0),
                "dnnl_post_ops_append_eltwise");
      }
    }
    MemorySegment attributes =
        create(owner, "dnnl_primitive_attr_create", dnnl_h::dnnl_primitive_attr_create,
            "dnnl_primitive_attr_destroy", dnnl_h::dnnl_primitive_attr_destroy);
    Status.check(dnnl_h.dnnl_primitive_attr_set_post_ops(attributes, ops), "dnnl_primitive_attr_set_post_ops");
    Status.check(
        dnnl_h.dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_h.dnnl_scratchpad_mode_user()),
        "dnnl_primitive_attr_set_scratchpad_mode");
    return attributes;
  }

  private Primitive primitive(Scope owner, String call, boolean weighted, ToIntFunction<MemorySegment> describe) {
    try (Scope temporary = new Scope()) {
      MemorySegment description =
          create(temporary, call, describe, "dnnl_primitive_desc_destroy", dnnl_h::dnnl_primitive_desc_destroy);
      Layout weights = weighted ? query(owner, description, dnnl_h.dnnl_query_weights_md()) : null;
      Layout scratchpad = query(owner, description, dnnl_h.dnnl_query_scratchpad_md());
      String implementation = implementation(description);
      MemorySegment handle =
          create(owner, "dnnl_primitive_create", out -> dnnl_h.dnnl_primitive_create(out, description),
              "dnnl_primitive_destroy", dnnl_h::dnnl_primitive_destroy);
      return new Primitive(handle, weights, scratchpad, implementation);
    }
  }

  /** A copy of a layout that a primitive's description holds. */
  private static Layout query(Scope owner, MemorySegment description, int what) {
    MemorySegment held = dnnl_h.dnnl_primitive_desc_query_md(description, what, 0);
    return layout(
        create(owner, "dnnl_memory_desc_clone", out -> dnnl_h.dnnl_memory_desc_clone(out, held),
            "dnnl_memory_desc_destroy", dnnl_h::dnnl_memory_desc_destroy));
  }

  private static String implementation(MemorySegment description) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(POINTER);
      Status.check(
          dnnl_h.dnnl_primitive_desc_query(description, dnnl_h.dnnl_query_impl_info_str(), 0, out),
          "dnnl_primitive_desc_query");
      return out.get(POINTER, 0).reinterpret(Long.MAX_VALUE).getString(0);
    }
  }

  private static Layout layout(MemorySegment handle) {
    return new Layout(handle, dnnl_h.dnnl_memory_desc_get_size(handle));
  }

  private static MemorySegment handle(Layout layout) {
    return layout == null ? MemorySegment.NULL : layout.handle();
  }

  /** Calls a function that stores a new object's pointer, and gives the object to a scope. */
  private static MemorySegment create(
      Scope owner,
      String call,
      ToIntFunction<MemorySegment> function,
      String destroyCall,
      ToIntFunction<MemorySegment> destroy) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(POINTER);
      Status.check(function.applyAsInt(out), call);
      return owner.own(out.get(POINTER, 0), destroyCall, destroy);
    }
  }

  @Override
  public void close() {
    scope.close();
  }
}
