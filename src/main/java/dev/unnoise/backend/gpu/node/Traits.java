package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.GpuInfo;
import dev.unnoise.graph.run.BackendException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * How kernels are shaped for a kind of device.
 *
 * @param vectorWidth floats of a vector: 4, 8 or 16
 * @param itemsPerGroup work-items of a group along its first axis, where a kernel leaves it open
 * @param normItems work-items that normalise a run of groups together
 * @param products the kernel of convolutions and linear layers
 * @param wideConvolutions the template of those convolutions of many channels that it fits
 * @param attention the template of attention
 * @param attentionLibraries that are asked, in this order, before the template
 * @param matrixUnit matrix cores that the tuner may try
 */
public record Traits(
    int vectorWidth,
    int itemsPerGroup,
    int normItems,
    KernelTemplate products,
    ProductTemplate wideConvolutions,
    AttentionTemplate attention,
    List<AttentionLibrary> attentionLibraries,
    Optional<MatrixUnit> matrixUnit) {
  public Traits {
    attentionLibraries = List.copyOf(attentionLibraries);
  }

  /**
   * {@code card}, {@code miniature} or {@code processor} chooses the shape in place of what suits the device; for tests
   * and comparisons.
   */
  public static final String PROPERTY = "unnoise.gpu.shape";

  /** Floats of a vector on cards: 16 bytes, what a work-item moves at once. */
  static final int CARD_VECTOR = 4;

  /** Channels from which transforming tiles costs less than it saves. */
  private static final int WIDE = 64;

  private static final Tiled CARD_PRODUCTS = new Tiled(64, 64, 16, 4, 8);

  private static final Tiled SMALL_PRODUCTS = new Tiled(8, 16, 4, 4, 8);

  /** For cards: products of 64 by 64 results a group of 128, 32 each, out of 8 KiB of local memory. */
  public static final Traits CARD =
      new Traits(CARD_VECTOR, 32, 128, CARD_PRODUCTS, CARD_PRODUCTS, new AttentionTemplate.Tiled(16, 32, 32), List.of(), Optional.empty());

  /** {@link #CARD} with tiles so small that few numbers fill several: for tests in simulators. */
  static final Traits MINIATURE =
      new Traits(
          CARD_VECTOR,
          8,
          8,
          SMALL_PRODUCTS,
          SMALL_PRODUCTS,
          new AttentionTemplate.Tiled(4, 8, 4),
          List.of(),
          Optional.empty());

  /** For processors with vectors of 16 floats: 32 registers hold 8·2 sums, two weights and broadcasts. */
  public static final Traits WIDE_PROCESSOR = processor(16, 8);

  /**
   * What suits a device: processors want wide vectors and few items, cards the opposite, if they have the local memory.
   *
   * @throws BackendException if the device has too little even so, or for the shape that was asked for
   */
  public static Traits of(GpuInfo info) {
    String suitable = info.card() && CARD.fit(info) ? "card" : "processor";
    String shape = System.getProperty(PROPERTY, suitable);
    Traits chosen =
        switch (shape) {
          case "card" -> CARD.with(MatrixUnit.of(info.name()));
          case "miniature" -> MINIATURE;
          case "processor" -> processor(info);
          case String other ->
              throw new BackendException(PROPERTY + " is " + other + ", expected card, miniature or processor");
        };
    if (!chosen.fit(info)) {
      throw new BackendException(
          "kernels of the shape " + shape + " need groups of " + chosen.largestGroup() + " work-items with "
              + chosen.localBytes() + " bytes of local memory, " + info.name() + " has " + info.maxGroupItems() + " with "
              + info.localMemoryBytes());
    }
    return chosen;
  }

  private boolean fit(GpuInfo info) {
    return localBytes() <= info.localMemoryBytes() && largestGroup() <= info.maxGroupItems();
  }

  /** Bytes of local memory that a group takes at most. */
  public int localBytes() {
    // The search for quantiles counts in local memory whatever the shape.
    int quantile = Integer.BYTES * KernelChoice.QUANTILE_ITEMS;
    int norm = GroupRun.localBytes(normItems, vectorWidth);
    return largest(quantile, norm, products.localBytes(), wideConvolutions.localBytes(), attention.localBytes());
  }

  private int largestGroup() {
    return largest(
        KernelChoice.QUANTILE_ITEMS,
        itemsPerGroup,
        normItems,
        products.itemsPerGroup(),
        wideConvolutions.itemsPerGroup(),
        attention.itemsPerGroup());
  }

  /** Bytes of scratch memory that libraries of the vendor's may take, all of them together. */
  public long workspaceBytes() {
    LongStream ofAttention = attentionLibraries.stream().mapToLong(AttentionLibrary::workspaceBytes);
    LongStream ofProducts =
        wideConvolutions instanceof LibraryProduct(ProductLibrary library)
            ? LongStream.of(library.workspaceBytes())
            : LongStream.empty();
    return LongStream.concat(ofAttention, ofProducts).max().orElse(0);
  }

  private static int largest(int... numbers) {
    return Arrays.stream(numbers).max().orElseThrow();
  }

  private static Traits processor(GpuInfo info) {
    int width = info.vectorWidth() >= 16 ? 16 : info.vectorWidth() >= 8 ? 8 : 4;
    // 16 registers hold 4·2 sums.
    return width == 16 ? WIDE_PROCESSOR : processor(width, 4);
  }

  /** For processors with vectors of {@code width} floats, whose registers hold 2·tilePixels sums beside operands. */
  static Traits processor(int width, int tilePixels) {
    return new Traits(
        width,
        1,
        1,
        new Staged(tilePixels, 2, width),
        new Winograd(32, tilePixels / 2, 4, width),
        new AttentionTemplate.Private(8, width, width),
        List.of(),
        Optional.empty());
  }

  /** The same with these matrix cores. */
  public Traits with(Optional<MatrixUnit> unit) {
    return new Traits(
        vectorWidth, itemsPerGroup, normItems, products, wideConvolutions, attention, attentionLibraries, unit);
  }

  /** The same with convolutions and linear layers of many channels by a library. */
  public Traits with(ProductLibrary library) {
    ProductTemplate wide = new LibraryProduct(library);
    return new Traits(vectorWidth, itemsPerGroup, normItems, products, wide, attention, attentionLibraries, matrixUnit);
  }

  /** The same with attention by the first of these libraries that takes it. */
  public Traits with(List<AttentionLibrary> libraries) {
    return new Traits(
        vectorWidth, itemsPerGroup, normItems, products, wideConvolutions, attention, libraries, matrixUnit);
  }

  /** The template of a product nobody has tuned. */
  ProductTemplate product(ProductGeometry geometry) {
    boolean wide = Math.max(geometry.channels(), geometry.outputChannels()) >= WIDE;
    return wide && wideConvolutions.fits(geometry) ? wideConvolutions : products;
  }
}
