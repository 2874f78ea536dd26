package dev.unnoise.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The header of a NumPy array file, version 1.0 (version 2.0 and 3.0 are read too).
 *
 * @param type element type as NumPy spells it, for example {@code <f4}
 * @param fortranOrder whether the first index runs fastest
 * @param shape extents, outermost first
 */
record NpyHeader(String type, boolean fortranOrder, List<Long> shape) {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int ALIGNMENT = 64;
  private static final Pattern TYPE = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([^)]*)\\)");

  NpyHeader {
    shape = List.copyOf(shape);
  }

  static NpyHeader of(String type, long... shape) {
    return new NpyHeader(type, false, Arrays.stream(shape).boxed().toList());
  }

  /** The file's first bytes; the elements follow. */
  byte[] toBytes() {
    String extents = shape.stream().map(extent -> extent + ",").collect(Collectors.joining(" ", "(", ")"));
    String text = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + extents + ", }";
    int unpadded = MAGIC.length + 4 + text.length() + 1;
    text += " ".repeat(Math.ceilDiv(unpadded, ALIGNMENT) * ALIGNMENT - unpadded) + "\n";
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(MAGIC);
    out.write(1);
    out.write(0);
    out.write(text.length() & 0xFF);
    out.write(text.length() >>> 8);
    out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    return out.toByteArray();
  }

  /** Reads a header and leaves the buffer at the first element. */
  static NpyHeader read(String file, ByteBuffer bytes) {
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    byte[] magic = new byte[MAGIC.length];
    if (bytes.remaining() < MAGIC.length + 4) {
      throw new ImageException(file + " is not an .npy file: it has only " + bytes.remaining() + " bytes");
    }
    bytes.get(magic);
    int major = bytes.get();
    bytes.get();
    if (!Arrays.equals(magic, MAGIC) || major < 1 || major > 3) {
      throw new ImageException(file + " is not an .npy file of version 1, 2 or 3");
    }
    long length = major == 1 ? Short.toUnsignedLong(bytes.getShort()) : Integer.toUnsignedLong(bytes.getInt());
    if (length > bytes.remaining()) {
      throw new ImageException(file + " is cut short: its header should have " + length + " bytes");
    }
    byte[] text = new byte[(int) length];
    bytes.get(text);
    return parse(file, new String(text, StandardCharsets.UTF_8));
  }

  private static NpyHeader parse(String file, String text) {
    Matcher type = TYPE.matcher(text);
    Matcher order = ORDER.matcher(text);
    Matcher shape = SHAPE.matcher(text);
    if (!type.find() || !order.find() || !shape.find()) {
      throw new ImageException(file + " has an .npy header that is not understood: " + text.strip());
    }
    List<Long> extents = new ArrayList<>();
    try {
      for (String extent : shape.group(1).split(",")) {
        if (!extent.isBlank()) {
          extents.add(Long.parseLong(extent.strip()));
        }
      }
    } catch (NumberFormatException e) {
      throw new ImageException(file + " has an .npy shape that is not understood: " + shape.group(1), e);
    }
    return new NpyHeader(type.group(1), order.group(1).equals("True"), extents);
  }
}
