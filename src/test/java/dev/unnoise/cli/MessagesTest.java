package dev.unnoise.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the command line says to bad input: one line that names what is wrong and what is allowed, and an exit status. */
class MessagesTest {
  private static final String CASES = "src/test/resources/cases/";

  @TempDir private Path folder;

  @BeforeEach
  void prepare() throws IOException {
    Files.writeString(folder.resolve("broken.npy"), "this is no array");
    Files.writeString(folder.resolve("text.png"), "this is no picture");
    Files.createDirectory(folder.resolve("empty"));
    Path broken = Files.createDirectory(folder.resolve("broken"));
    Files.writeString(broken.resolve("config.json"), "{\"norm_num_groups\": 7, \"block_out_channels\": [32, 64, 64, 64]}");
    byte[] noise = Files.readAllBytes(Path.of(CASES + "ddpm-tiny/x.npy"));
    int firstElement = noise.length - 2 * 3 * 16 * 16 * Float.BYTES;
    ByteBuffer.wrap(noise).order(ByteOrder.LITTLE_ENDIAN).putFloat(firstElement + 7 * Float.BYTES, Float.NaN);
    Files.write(folder.resolve("nan.npy"), noise);
    String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1048576, 65536, 65536, 1024), }\n";
    ByteBuffer huge = ByteBuffer.allocate(10 + header.length()).order(ByteOrder.LITTLE_ENDIAN);
    huge.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}).putShort((short) header.length());
    Files.write(folder.resolve("huge.npy"), huge.put(header.getBytes(StandardCharsets.US_ASCII)).array());
    Files.createDirectory(folder.resolve("taken.png"));
  }

  private record Outcome(int exit, String out, String err) {}

  private static Outcome run(String... arguments) {
    PrintStream oldOut = System.out;
    PrintStream oldErr = System.err;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    try {
      int exit = Main.run(arguments);
      return new Outcome(exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(oldOut);
      System.setErr(oldErr);
    }
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.map(path -> folder.relativize(path).toString()).sorted().toList();
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "smaple | 2 | there is no command smaple, expected one of sample, predict, noise, info, devices, bench, tune, kernels",
        "sample --stpes 3 | 2 | '--stpes'",
        "sample --steps many | 2 | --steps",
        "sample --steps 0 | 2 | --steps 0 is below 1",
        "sample --steps 1001 | 1 | steps 1001 is not within [1, 1000]",
        "sample --count 0 | 2 | --count 0 is below 1",
        "sample --count -5 | 2 | --count -5 is below 1",
        "sample --batch 0 | 2 | --batch 0 is below 1",
        "sample --first-index -1 | 2 | --first-index -1 is not within [0, 9223372036854775807]",
        "sample --sampler magic | 2 | --sampler magic is unknown, expected one of ddpm, ddim",
        "sample --sampler ddim --eta 2 | 2 | --eta 2.0 is not within [0, 1]",
        "sample --eta 0.5 | 1 | eta is an option of the sampler ddim, not of ddpm",
        "sample --class 11 | 1 | class 11 is not within [0, 10]",
        "sample --class one | 2 | 'one' is not a class, a list such as 1,2,3, or all",
        "sample --class 1,,2 | 2 | '1,,2' is not a class",
        "sample --guidance NaN | 2 | --guidance NaN is not within [-1000000, 1000000]",
        "sample --null-class 3 | 2 | --null-class has an effect only together with --guidance",
        "sample --guidance 2 --null-class 11 | 1 | class 11 is not within [0, 10]",
        "sample --model @ddpm-tiny --class 1 | 1 | --class was given, but the model has no classes",
        "sample --model @ddpm-tiny --guidance 1 | 1 | --guidance was given, but the model has no classes",
        "sample --model @timestep-classes --class 1 --guidance 2 | 1 | give --null-class",
        "sample --model @timestep-classes | 1 | name them, for example --class 0,1,2",
        "sample --model %nowhere | 1 | nowhere does not exist, expected a diffusers checkpoint folder",
        "sample --model %empty | 1 | empty holds neither config.json nor unet/config.json",
        "sample --out %x.gif | 1 | x.gif has no known ending, expected .png",
        "sample --out %nowhere/x.png | 1 | nowhere does not exist",
        "sample --out %nowhere/ | 1 | nowhere does not exist",
        "sample --out %taken.png | 1 | taken.png is a folder, expected the name of a file",
        "sample --initial-noise %nowhere.npy | 1 | nowhere.npy cannot be read: there is no such file",
        "sample --initial-noise %broken.npy | 1 | broken.npy is not an .npy file of version 1, 2 or 3",
        "sample --initial-noise @non-square-gray/x.npy | 1 | the images given have 1 channels, bundled glyphs expects 3",
        "sample --initial-noise @ddpm-tiny/x.npy --count 3 | 2 | --count 3 is above the 2 images in",
        "sample --backend abacus | 1 | there is no backend abacus, expected one of auto, cpu, cuda, opencl, reference",
        "sample --backend cpu --device 3 | 1 | backend cpu has no device 3, expected 0 … 0",
        "sample --precision fp8 | 2 | 'fp8' is no precision, expected one of fp32, tf32, bf16, fp16",
        "sample --precision bf16 --backend reference | 1 | backend reference on plain Java does not compute in bf16, expected fp32",
        "predict --input @ddpm-tiny/x.npy --model @ddpm-tiny --out %y.npy | 2 | Missing required option: '--timestep=T'",
        "predict --input @ddpm-tiny/x.npy --model @ddpm-tiny --timestep -1 --out %y.npy | 2 | --timestep -1.0 is not within [0, 1000000]",
        "predict --input @ddpm-tiny/x.npy --model @ddpm-tiny --timestep 5 --out %y.png | 1 | y.png should end in .npy",
        "predict --input @class-tiny/x.npy --model @class-tiny --timestep 5 --out %y.npy | 1 | the model is class-conditional: give --class",
        "predict --input @ddpm-tiny/x.npy --model @ddpm-tiny --class 1 --timestep 5 --out %y.npy | 1 | --class was given, but the model has no classes",
        "predict --input @learned-time/x.npy --model @learned-time --timestep 1000 --out %y.npy | 1 | timestep 1000 is not a row of the learned time embedding, expected a whole number in [0, 999]",
        "predict --input @learned-time/x.npy --model @learned-time --timestep 2.5 --out %y.npy | 1 | timestep 2.5 is not a row of the learned time embedding",
        "noise --input @ddpm-tiny/x.npy --timestep 1000 --out %y.npy | 1 | timestep 1000 is not within [0, 999]",
        "noise --input @ddpm-tiny/x.npy --timestep -1 --out %y.npy | 1 | timestep -1 is not within [0, 999]",
        "noise --input @ddpm-tiny/x.npy --timestep 1,x --out %y.npy | 2 | '--timestep'",
        "noise --input %text.png --timestep 1 --out %y.png | 1 | text.png is not a picture that can be read",
        "noise --input @ddpm-tiny/x.npy --timestep 1 --schedule cosine --out %y.npy | 2 | --schedule cosine is unknown, expected one of linear",
        "noise --input @ddpm-tiny/x.npy --timestep 1 --schedule linear --model @ddpm-tiny --out %y.npy | 2 | --model and --schedule exclude each other",
        "noise --input @ddpm-tiny/x.npy --timestep 1 --beta-end 0.1 --out %y.npy | 2 | belong to --schedule, which is not given",
        "noise --input @ddpm-tiny/x.npy --timestep 1 --schedule linear --beta-end 7 --out %y.npy | 2 | --beta-end 7.0 is not within [0, 1]",
        "sample --count 9223372036854775807 | 1 | cannot hold 9223372036854775807 images of 3×32×32 in one grid",
        "sample --count 2 --first-index 9223372036854775807 | 2 | --first-index 9223372036854775807 is not within",
        "sample --out @args | 1 | has no known ending",
        "sample --device 0,x | 2 | '0,x' is not a device or a list such as 0,1,2",
        "sample --backend cpu --device 0,0 | 2 | '0,0' names device 0 twice",
        "sample --device 0,1 | 1 | --device 0,1 names several devices; name their backend by --backend",
        "bench --backend cpu --device 0,1 | 1 | --device 0,1 names several devices, expected one",
        "sample --device 9 | 1 | there is no device 9, expected one that 'unnoise devices' lists",
        "sample --initial-noise %empty | 1 | empty is not a file, expected an .npy file",
        "sample --initial-noise %nan.npy | 1 | nan.npy holds NaN at element 7, expected finite numbers",
        "sample --initial-noise %huge.npy | 1 | too few for its shape [1048576, 65536, 65536, 1024]",
        "sample --model @fourier --out %y.png | 1 | timestep 0.0 has no logarithm",
        "sample --model %broken | 1 | norm_num_groups is 7, expected a divisor of the",
        "predict --input @fourier/x.npy --model @fourier --timestep 0 --out %y.npy | 1 | timestep 0.0 has no logarithm",
        "predict --input @ddpm-tiny/x.npy --model @ddpm-tiny --timestep 1e300 --out %y.npy | 2 | --timestep 1.0E300 is not within [0, 1000000]",
        "noise --input @ddpm-tiny/x.npy --timestep , --out %y.npy | 2 | ',' is not a timestep or a list such as 0,10,999",
        "noise --input @ddpm-tiny/x.npy --timestep 1 --precision bf16 --out %y.npy | 1 | does not compute in bf16",
        "noise --input @ddpm-tiny/x.npy --timestep 1 --schedule squaredcos_cap_v2 --beta-end 0.1 --out %y.npy | 2 | have no effect on --schedule squaredcos_cap_v2",
        "bench --architecture vgg | 2 | --architecture vgg is unknown, expected one of ddpm-cifar10-32, ddpm-church-256, adm-64",
        "bench --architecture adm-64 --model @ddpm-tiny | 2 | --model and --architecture exclude each other",
        "bench --seconds -1 | 2 | --seconds -1.0 is not within [0, 3600]",
        "bench --launches %nowhere/x.csv | 1 | nowhere does not exist",
        "bench --launches %taken.png | 1 | taken.png is a folder, expected the name of a file",
        "bench --architecture vgg --launches %x.csv | 2 | --architecture vgg is unknown",
        "bench --backend abacus --launches %x.csv | 1 | there is no backend abacus",
        "bench --steps 0 | 2 | --steps 0 is not within [1, 1000]",
        "noise --input %nowhere.npy --timestep 3,4 --each --out %x.npy | 1 | nowhere.npy",
        "tune --backend reference | 1 | backend reference has nothing to tune",
        "tune --architecture resnet | 2 | --architecture resnet is unknown, expected one of",
        "kernels --dialect opencl --precision int8 --out %empty | 2 | int8",
        "kernels --dialect metal --out %empty | 2 | --dialect metal is unknown, expected one of opencl, cuda",
        "kernels --dialect cuda --out %text.png | 1 | text.png is not a folder, expected one or a name that is free",
        "info --model %nowhere | 1 | does not exist",
      })
  void saysWhatIsWrong(String line, int exit, String expected) throws IOException {
    List<String> before = files();
    String[] arguments =
        Arrays.stream(line.split(" ")).map(word -> word.replace("@", CASES).replace("%", folder + "/")).toArray(String[]::new);
    Outcome outcome = run(arguments);
    assertEquals(exit, outcome.exit(), outcome.err());
    assertTrue(outcome.err().contains(expected), outcome.err());
    assertEquals(1, outcome.err().lines().count(), outcome.err());
    assertTrue(outcome.err().startsWith("unnoise"), outcome.err());
    assertEquals("", outcome.out());
    assertEquals(before, files(), "nothing may be left behind");
  }

  @Test
  void messagesStayOneLineWhateverTheyQuote() {
    Outcome outcome = run("sample", "--out", folder + "/a\nb\u001b[31m.gif");
    assertEquals(1, outcome.exit());
    assertEquals(1, outcome.err().lines().count(), outcome.err());
    assertTrue(outcome.err().contains("a\\u000ab\\u001b[31m.gif"), outcome.err());
  }

  @Test
  void filesOfArgumentsAreNotRead() throws IOException {
    Files.writeString(folder.resolve("args"), "--steps 3");
    Outcome outcome = run("sample", "--model", "@" + folder.resolve("args"));
    assertTrue(outcome.err().contains("does not exist"), outcome.err());
  }

  @Test
  void tensorsThatNobodyReadsAreMentioned() throws IOException {
    Path copy = Files.createDirectory(folder.resolve("copy"));
    for (String name : List.of("config.json", "scheduler_config.json", "diffusion_pytorch_model.safetensors")) {
      Files.copy(Path.of(CASES + "ddpm-tiny/" + name), copy.resolve(name));
    }
    String config = Files.readString(copy.resolve("config.json"));
    Files.writeString(copy.resolve("config.json"), config.replace("{", "{\"add_attention\": false,").replaceFirst("\"add_attention\": true,?", ""));
    Outcome outcome = run("info", "--model", copy.toString());
    assertEquals(0, outcome.exit(), outcome.err());
    assertTrue(outcome.err().contains("tensors that its config.json has no layer for: mid_block.attentions.0"), outcome.err());
  }

  @Test
  void verboseShowsWhereItHappened() {
    Outcome outcome = run("info", "--verbose", "--model", folder.resolve("nowhere").toString());
    assertEquals(1, outcome.exit());
    assertTrue(outcome.err().contains("at dev.unnoise."), outcome.err());
  }

  @Test
  void helpGoesToStdout() {
    for (String command : List.of("sample", "predict", "noise", "info", "devices", "bench", "tune", "kernels")) {
      Outcome outcome = run(command, "--help");
      assertEquals(0, outcome.exit());
      assertTrue(outcome.out().contains("Usage: unnoise " + command), outcome.out());
      assertEquals("", outcome.err());
    }
    assertTrue(run("--help").out().contains("Examples:"));
    assertFalse(run("--version").out().isBlank());
    assertEquals(2, run().exit());
  }
}
