package dev.unnoise.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A file of named tensors in the safetensors format: eight bytes of header length, little-endian, a JSON header, then
 * the tensors' bytes. The header is checked whole before any tensor is read.
 */
final class Safetensors {
  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort HALF =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int LENGTH_BYTES = 8;
  private static final long LARGEST_HEADER = 100_000_000;

  private final String file;
  private final MemorySegment data;
  private final Map<String, Entry> entries;

  /** How a tensor's elements are stored. */
  enum Format {
    F32(4),
    F16(2),
    BF16(2);

    final int bytes;

    Format(int bytes) {
      this.bytes = bytes;
    }
  }

  /**
   * Where a tensor lies in the data part.
   *
   * @param dtype as the file says; not every one can be read
   */
  record Entry(String name, String dtype, List<Integer> shape, long begin, long end) {
    Optional<Format> format() {
      return Arrays.stream(Format.values()).filter(format -> format.name().equals(dtype)).findFirst();
    }

    long elements() {
      return shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
    }
  }

  private Safetensors(String file, MemorySegment data, Map<String, Entry> entries) {
    this.file = file;
    this.data = data;
    this.entries = entries;
  }

  static Safetensors open(String file, MemorySegment bytes) {
    if (bytes.byteSize() < LENGTH_BYTES) {
      throw new ModelException(file + " is too short to be a safetensors file: " + bytes.byteSize() + " bytes");
    }
    long length = bytes.get(LENGTH, 0);
    long rest = bytes.byteSize() - LENGTH_BYTES;
    if (length < 2 || length > Math.min(rest, LARGEST_HEADER)) {
      throw new ModelException(
          file + " is not a safetensors file, or is cut short: it announces a header of "
              + Long.toUnsignedString(length) + " bytes but has " + rest + " left");
    }
    byte[] header = bytes.asSlice(LENGTH_BYTES, length).toArray(ValueLayout.JAVA_BYTE);
    JsonConfig json = JsonConfig.parse(file, new String(header, StandardCharsets.UTF_8));
    MemorySegment data = bytes.asSlice(LENGTH_BYTES + length);
    Map<String, Entry> entries = new LinkedHashMap<>();
    for (Map.Entry<String, JsonElement> item : json.object().entrySet()) {
      if (!item.getKey().equals("__metadata__")) {
        entries.put(item.getKey(), entry(file, item.getKey(), item.getValue(), data.byteSize()));
      }
    }
    return new Safetensors(file, data, entries);
  }

  private static Entry entry(String file, String name, JsonElement element, long available) {
    try {
      JsonObject object = element.getAsJsonObject();
      String dtype = object.get("dtype").getAsString();
      List<Integer> shape = new ArrayList<>();
      for (JsonElement extent : object.getAsJsonArray("shape")) {
        shape.add(extent.getAsBigDecimal().intValueExact());
      }
      JsonArray offsets = object.getAsJsonArray("data_offsets");
      long begin = offsets.get(0).getAsBigDecimal().longValueExact();
      long end = offsets.get(1).getAsBigDecimal().longValueExact();
      Entry entry = new Entry(name, dtype, List.copyOf(shape), begin, end);
      boolean fits =
          shape.stream().allMatch(extent -> extent >= 0)
              && entry.begin() >= 0
              && entry.begin() <= entry.end()
              && entry.end() <= available
              && entry.format().stream()
                  .allMatch(format -> end - begin == Math.multiplyExact(entry.elements(), format.bytes));
      if (fits) {
        return entry;
      }
    } catch (IllegalStateException
        | NullPointerException
        | IndexOutOfBoundsException
        | NumberFormatException
        | ClassCastException
        | UnsupportedOperationException
        | ArithmeticException e) {
      throw new ModelException(file + ": the header's entry for " + name + " is malformed: " + element, e);
    }
    throw new ModelException(
        file + ": " + name + " does not fit its header or the file is cut short: " + element + ", " + available
            + " bytes of data");
  }

  String file() {
    return file;
  }

  /** Every tensor, in the file's order. */
  Map<String, Entry> entries() {
    return entries;
  }

  Optional<Entry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /**
   * A tensor's elements as single-precision numbers, which hold every format that is read exactly.
   *
   * @throws ModelException if it is stored in another
   */
  float[] read(Entry entry) {
    Format format =
        entry
            .format()
            .orElseThrow(
                () ->
                    new ModelException(
                        file + ": " + entry.name() + " is stored as " + entry.dtype() + ", supported are F32, F16, BF16"));
    MemorySegment bytes = data.asSlice(entry.begin(), entry.end() - entry.begin());
    float[] values = new float[Math.toIntExact(entry.elements())];
    switch (format) {
      case F32 -> MemorySegment.copy(bytes, FLOAT, 0, values, 0, values.length);
      case F16 -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = Float.float16ToFloat(bytes.get(HALF, 2L * i));
        }
      }
      case BF16 -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = Float.intBitsToFloat(bytes.get(HALF, 2L * i) << 16);
        }
      }
    }
    return values;
  }
}
