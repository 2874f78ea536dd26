package dev.unnoise.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Shape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageWriterTest {
  @TempDir private Path folder;

  private String at(String name) {
    return folder.resolve(name).toString() + (name.endsWith("/") ? "/" : "");
  }

  /** Bytes 0, 7, 14, … */
  private static byte[] ramp(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (7 * i);
    }
    return bytes;
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void npyRoundTrips() {
    Shape shape = new Shape(2, 3, 4);
    float[] values = new float[48];
    for (int i = 0; i < values.length; i++) {
      values[i] = i * 0.25f - 3;
    }
    Path file = folder.resolve("x.npy");
    try (ImageWriter writer = ImageWriter.open(file.toString(), shape, 2, 0)) {
      assertEquals(ImageWriter.Form.TENSOR, writer.form());
      writer.write(MemorySegment.ofArray(Arrays.copyOf(values, 24)), 1);
      writer.write(MemorySegment.ofArray(Arrays.copyOfRange(values, 24, 48)), 1);
      writer.commit();
    }
    Tensors read = Tensors.read(file);
    assertEquals(2, read.count());
    assertEquals(shape, read.shape());
    assertArrayEquals(values, read.values().toArray(ValueLayout.JAVA_FLOAT));
  }

  @Test
  void npyHeadersAreNumPys() throws IOException {
    byte[] header = NpyHeader.of("<f4", 5, 3, 32, 32).toBytes();
    assertEquals(0, header.length % 64);
    String text = new String(header, 10, header.length - 10, StandardCharsets.US_ASCII);
    assertTrue(text.startsWith("{'descr': '<f4', 'fortran_order': False, 'shape': (5, 3, 32, 32,), }"), text);
    assertTrue(text.endsWith("\n"));
    NpyHeader read = NpyHeader.read("x", ByteBuffer.wrap(header));
    assertEquals(List.of(5L, 3L, 32L, 32L), read.shape());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'descr': '<i4', 'fortran_order': False, 'shape': (1, 1, 1, 2), }",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1, 1, 2), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 2, 2), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 0, 2, 2), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 99999999999, 2, 2), }",
        "{'descr': '<f4', 'fortran_order': False}",
        "nonsense",
      })
  void npyFilesOfOtherKindsAreRefused(String header) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(10 + header.length() + 8).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}).putShort((short) header.length());
    bytes.put(header.getBytes(StandardCharsets.US_ASCII));
    Path file = Files.write(folder.resolve("x.npy"), bytes.array());
    ImageException e = assertThrows(ImageException.class, () -> Tensors.read(file));
    assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
    assertEquals(1, e.getMessage().lines().count());
  }

  @Test
  void npyReadsDoublesAndHalves() throws IOException {
    Path doubles = folder.resolve("d.npy");
    ByteBuffer data = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putDouble(0.5).putDouble(-2);
    write(doubles, NpyHeader.of("<f8", 1, 1, 1, 2), data.array());
    assertArrayEquals(new float[] {0.5f, -2}, Tensors.read(doubles).values().toArray(ValueLayout.JAVA_FLOAT));
    Path halves = folder.resolve("h.npy");
    write(halves, NpyHeader.of("<f2", 1, 1, 2), new byte[] {0, 0x38, 0, (byte) 0xC0});
    assertArrayEquals(new float[] {0.5f, -2}, Tensors.read(halves).values().toArray(ValueLayout.JAVA_FLOAT));
  }

  private static void write(Path file, NpyHeader header, byte[] data) throws IOException {
    byte[] head = header.toBytes();
    byte[] all = Arrays.copyOf(head, head.length + data.length);
    System.arraycopy(data, 0, all, head.length, data.length);
    Files.write(file, all);
  }

  @Test
  void npzHoldsBytesForEvaluators() throws IOException {
    Shape shape = new Shape(3, 2, 2);
    byte[] pixels = ramp(24);
    Path file = folder.resolve("x.npz");
    try (ImageWriter writer = ImageWriter.open(file.toString(), shape, 2, 0)) {
      assertEquals(ImageWriter.Form.PIXELS, writer.form());
      writer.write(MemorySegment.ofArray(pixels), 2);
      writer.commit();
    }
    try (ZipFile zip = new ZipFile(file.toFile())) {
      assertEquals(1, zip.size());
      ByteBuffer content = ByteBuffer.wrap(zip.getInputStream(zip.getEntry("arr_0.npy")).readAllBytes());
      NpyHeader header = NpyHeader.read("x", content);
      assertEquals("|u1", header.type());
      assertEquals(List.of(2L, 2L, 2L, 3L), header.shape());
      byte[] read = new byte[content.remaining()];
      content.get(read);
      assertArrayEquals(pixels, read);
    }
  }

  @ParameterizedTest(name = "{0} channels")
  @ValueSource(ints = {1, 2, 3, 4})
  void picturesKeepEveryValue(int channels) throws IOException {
    Shape shape = new Shape(channels, 8, 16);
    byte[] pixels = ramp(128 * channels);
    try (ImageWriter writer = ImageWriter.open(at("one.png"), shape, 1, 0)) {
      writer.write(MemorySegment.ofArray(pixels), 1);
      writer.commit();
    }
    assertEquals(channels, Pictures.channels(folder.resolve("one.png")));
    Tensors read = Pictures.read(folder.resolve("one.png"), channels);
    assertEquals(shape, read.shape());
    for (int pixel = 0; pixel < 128; pixel++) {
      for (int c = 0; c < channels; c++) {
        float expected = 2 * (pixels[pixel * channels + c] & 0xFF) / 255f - 1;
        assertEquals(expected, read.values().getAtIndex(ValueLayout.JAVA_FLOAT, c * 128 + pixel));
      }
    }
    byte[] back = new byte[pixels.length];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment.copy(
          Pixels.of(read.values(), shape, 1, arena), ValueLayout.JAVA_BYTE, 0, back, 0, back.length);
    }
    assertArrayEquals(pixels, back);
  }

  @Test
  void gridsRunRowByRowWithAGap() throws IOException {
    Shape shape = new Shape(1, 2, 3);
    byte[] pixels = new byte[5 * 6];
    for (int n = 0; n < 5; n++) {
      Arrays.fill(pixels, 6 * n, 6 * n + 6, (byte) (50 * (n + 1)));
    }
    try (ImageWriter writer = ImageWriter.open(at("grid.png"), shape, 5, 0)) {
      writer.write(MemorySegment.ofArray(pixels), 3);
      writer.write(MemorySegment.ofArray(Arrays.copyOfRange(pixels, 18, 30)), 2);
      writer.commit();
    }
    BufferedImage grid = ImageIO.read(folder.resolve("grid.png").toFile());
    assertEquals(3 * 3 + 2 * 2, grid.getWidth());
    assertEquals(2 * 2 + 2, grid.getHeight());
    assertEquals(50, grid.getRaster().getSample(0, 0, 0));
    assertEquals(0, grid.getRaster().getSample(3, 0, 0));
    assertEquals(100, grid.getRaster().getSample(5, 1, 0));
    assertEquals(200, grid.getRaster().getSample(2, 4, 0));
    assertEquals(250, grid.getRaster().getSample(5, 5, 0));
    assertEquals(0, grid.getRaster().getSample(10, 4, 0));
  }

  @Test
  void foldersGetOnePicturePerIndex() throws IOException {
    Shape shape = new Shape(3, 2, 2);
    Files.createDirectory(folder.resolve("out"));
    try (ImageWriter writer = ImageWriter.open(at("out/"), shape, 2, 41)) {
      writer.write(MemorySegment.ofArray(ramp(24)), 2);
      writer.commit();
    }
    try (Stream<Path> files = Files.list(folder.resolve("out"))) {
      assertEquals(
          List.of("000041.png", "000042.png"), files.map(path -> path.getFileName().toString()).sorted().toList());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x.png", "x.npy", "x.npz"})
  void nothingIsLeftWithoutCommit(String name) throws IOException {
    Shape shape = new Shape(3, 2, 2);
    try (ImageWriter writer = ImageWriter.open(at(name), shape, 2, 0)) {
      writer.write(MemorySegment.ofArray(new byte[48]), 1);
    }
    assertEquals(List.of(), files());
    Files.writeString(folder.resolve(name), "old");
    try (ImageWriter writer = ImageWriter.open(at(name), shape, 1, 0)) {
      writer.write(MemorySegment.ofArray(new byte[48]), 1);
    }
    assertEquals("old", Files.readString(folder.resolve(name)));
    assertEquals(List.of(name), files());
  }

  @Test
  void whatCannotBeWrittenIsNamed() {
    Shape shape = new Shape(3, 2, 2);
    assertTrue(failure("x.jpg", shape, 1).contains("has no known ending, expected .png"));
    assertTrue(failure("nowhere/x.png", shape, 1).contains("does not exist"));
    assertTrue(failure("nowhere/", shape, 1).contains("does not exist"));
    assertTrue(failure("x.png", new Shape(5, 2, 2), 1).contains("5 channels"));
    assertTrue(failure("x.png", new Shape(3, 256, 256), 100_000).contains("in one grid"));
    assertFalse(Files.exists(folder.resolve("nowhere")));
  }

  private String failure(String name, Shape shape, long count) {
    return assertThrows(ImageException.class, () -> ImageWriter.open(at(name), shape, count, 0)).getMessage();
  }

  @Test
  void whatIsNoPictureIsNamed() throws IOException {
    Path text = Files.writeString(folder.resolve("x.png"), "not a picture");
    assertTrue(
        assertThrows(ImageException.class, () -> Pictures.read(text, 3)).getMessage().contains("not a picture"));
    Path nothing = folder.resolve("nothing.png");
    assertTrue(
        assertThrows(ImageException.class, () -> Pictures.read(nothing, 3)).getMessage().contains("no such file"));
  }

  @Test
  void coloursBecomeGrayByTheirLuma() throws IOException {
    BufferedImage colours = new BufferedImage(3, 1, BufferedImage.TYPE_INT_RGB);
    colours.setRGB(0, 0, 0xFF0000);
    colours.setRGB(1, 0, 0x00FF00);
    colours.setRGB(2, 0, 0x777777);
    ImageIO.write(colours, "png", folder.resolve("c.png").toFile());
    float[] gray =
        Pictures.read(folder.resolve("c.png"), 1).values().toArray(ValueLayout.JAVA_FLOAT);
    assertArrayEquals(new float[] {2 * 76 / 255f - 1, 2 * 150 / 255f - 1, 2 * 0x77 / 255f - 1}, gray);
  }
}
