package dev.unnoise.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Parameter;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
  private static byte[] file(String header, byte[] data) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(text.length).array());
    out.writeBytes(text);
    out.writeBytes(data);
    return out.toByteArray();
  }

  private static Safetensors open(byte[] bytes) {
    return Safetensors.open("x.safetensors", MemorySegment.ofArray(bytes));
  }

  private static byte[] littleEndian(int width, long... values) {
    ByteBuffer buffer = ByteBuffer.allocate(width * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      if (width == 4) {
        buffer.putInt((int) value);
      } else {
        buffer.putShort((short) value);
      }
    }
    return buffer.array();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "F32, 4, 0x3f800000, 0xc0490fdb, 1.0, -3.1415927",
    "F16, 2, 0x3c00, 0xc248, 1.0, -3.140625",
    "BF16, 2, 0x3f80, 0xc049, 1.0, -3.140625",
    "F16, 2, 0x0001, 0x7c00, 5.9604645E-8, Infinity",
  })
  void readsEveryFormat(String dtype, int width, String first, String second, float one, float two) {
    String header =
        "{\"__metadata__\":{\"format\":\"pt\"},\"w\":{\"dtype\":\"" + dtype + "\",\"shape\":[2,1],\"data_offsets\":[0,"
            + 2 * width + "]}}";
    Safetensors tensors = open(file(header, littleEndian(width, Long.decode(first), Long.decode(second))));
    Safetensors.Entry entry = tensors.find("w").orElseThrow();
    assertEquals(List.of(2, 1), entry.shape());
    assertArrayEquals(new float[] {one, two}, tensors.read(entry));
    assertEquals(1, tensors.entries().size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-4,4]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1152921504606846976,16],\"data_offsets\":[0,8]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[65536,65536,65536,65536],\"data_offsets\":[0,8]}}",
        "{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2.5],\"data_offsets\":[0,8]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} {}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"w\":7}",
        "{\"w\":",
        "[]",
        "{w:1}",
      })
  void refusesHeadersThatLie(String header) {
    ModelException e = assertThrows(ModelException.class, () -> open(file(header, new byte[8])));
    assertTrue(e.getMessage().startsWith("x.safetensors"), e.getMessage());
    assertEquals(1, e.getMessage().lines().count());
  }

  @Test
  void refusesFilesCutShort() {
    String header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    byte[] whole = file(header, new byte[8]);
    for (int length = 0; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThrows(ModelException.class, () -> open(part));
    }
  }

  @Test
  void survivesRandomDamage() {
    String header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    byte[] whole = file(header, new byte[8]);
    Random random = new Random(1);
    for (int i = 0; i < 5000; i++) {
      byte[] damaged = whole.clone();
      damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      try {
        Safetensors tensors = open(damaged);
        tensors.entries().values().forEach(tensors::read);
      } catch (ModelException e) {
        assertTrue(e.getMessage().startsWith("x.safetensors"), e.getMessage());
      }
    }
  }

  @Test
  void otherFormatsMatterOnlyToWhoReadsThem() {
    String header =
        "{\"count\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},"
            + "\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}";
    CheckpointWeights weights = new CheckpointWeights(open(file(header, new byte[12])));
    assertEquals(1, weights.load(new Parameter.Stored("w", List.of(1))).length);
    ModelException e =
        assertThrows(ModelException.class, () -> weights.load(new Parameter.Stored("count", List.of(1))));
    assertEquals("x.safetensors: count is stored as I64, supported are F32, F16, BF16", e.getMessage());
    assertEquals(List.of("count"), weights.unused(Set.of(new Parameter.Stored("w", List.of(1)))));
  }

  @Test
  void weightsAreFinite() {
    String header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    CheckpointWeights weights =
        new CheckpointWeights(open(file(header, new byte[] {0, 0, 0, 0, 0, 0, (byte) 0x80, 0x7F})));
    ModelException e = assertThrows(ModelException.class, () -> weights.load(new Parameter.Stored("w", List.of(2))));
    assertEquals("x.safetensors: w holds Infinity at element 1, expected finite numbers", e.getMessage());
  }

  @Test
  void findsAttentionLayersUnderTheirOldNames() {
    String header = "{\"a.attentions.0.query.weight\":{\"dtype\":\"F32\",\"shape\":[2,1,1],\"data_offsets\":[0,8]}}";
    CheckpointWeights weights = new CheckpointWeights(open(file(header, new byte[8])));
    assertEquals(2, weights.load(new Parameter.Stored("a.attentions.0.to_q.weight", List.of(2, 1))).length);
    ModelException missing =
        assertThrows(
            ModelException.class, () -> weights.load(new Parameter.Stored("conv_in.weight", List.of(2, 1))));
    assertEquals("x.safetensors has no tensor conv_in.weight", missing.getMessage());
    ModelException wrong =
        assertThrows(
            ModelException.class,
            () -> weights.load(new Parameter.Stored("a.attentions.0.to_q.weight", List.of(3, 1))));
    assertTrue(wrong.getMessage().contains("[2, 1, 1]") && wrong.getMessage().contains("[3, 1]"), wrong.getMessage());
  }
}
