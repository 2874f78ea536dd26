package dev.unnoise.model;

import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.ShapeException;
import dev.unnoise.graph.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A diffusers checkpoint of a {@code UNet2DModel}: its configuration, and its weights as they lie in the file, mapped
 * from their first use until this is closed.
 */
public final class Checkpoint implements AutoCloseable {
  private static final List<String> WEIGHT_FILES =
      List.of("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors");
  private static final String SHARD_INDEX = "diffusion_pytorch_model.safetensors.index.json";
  private static final String PICKLED_WEIGHTS = "diffusion_pytorch_model.bin";
  private static final String BUNDLED = "/dev/unnoise/models/glyphs";

  private final String location;
  private final UNetConfig unet;
  private final String schedulerFile;
  private final ModelFiles files;
  private final String unetFolder;
  private final Arena arena = Arena.ofShared();
  private Safetensors tensors;

  private Checkpoint(
      String location,
      UNetConfig unet,
      String schedulerFile,
      ModelFiles files,
      String unetFolder) {
    this.location = location;
    this.unet = unet;
    this.schedulerFile = schedulerFile;
    this.files = files;
    this.unetFolder = unetFolder;
  }

  /**
   * Opens a folder that holds {@code config.json}, the weights and {@code scheduler_config.json} side by side, or a
   * pipeline with the folders {@code unet} and {@code scheduler}.
   *
   * @throws ModelException naming the file, if something is missing or wrong
   */
  public static Checkpoint open(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new ModelException(
          folder + (Files.exists(folder) ? " is not a folder" : " does not exist") + ", expected a diffusers checkpoint folder");
    }
    return open(folder.toString(), new ModelFiles.Folder(folder));
  }

  /** The checkpoint that comes with unnoise: class-conditional digits, 32×32 RGB; class 10 is the null class. */
  public static Checkpoint bundled() {
    return open("bundled glyphs", new ModelFiles.Resources(BUNDLED));
  }

  private static Checkpoint open(String location, ModelFiles files) {
    boolean pipeline = !files.has("config.json") && files.has("unet/config.json");
    String unetFolder = pipeline ? "unet/" : "";
    String schedulerFile = pipeline ? "scheduler/scheduler_config.json" : "scheduler_config.json";
    if (!files.has(unetFolder + "config.json")) {
      throw new ModelException(
          location + " holds neither config.json nor unet/config.json, expected a diffusers checkpoint folder");
    }
    UNetConfig unet = UNetConfigReader.read(json(files, unetFolder + "config.json"));
    return new Checkpoint(location, unet, schedulerFile, files, unetFolder);
  }

  private synchronized Safetensors tensors() {
    if (tensors == null) {
      String weights = weightFile(location, files, unetFolder);
      tensors = Safetensors.open(files.describe(weights), files.open(weights, arena));
    }
    return tensors;
  }

  private static String weightFile(String location, ModelFiles files, String folder) {
    for (String name : WEIGHT_FILES) {
      if (files.has(folder + name)) {
        return folder + name;
      }
    }
    if (files.has(folder + PICKLED_WEIGHTS)) {
      throw new ModelException(
          files.describe(folder + PICKLED_WEIGHTS)
              + " is a Python pickle, which is not read; save the model again with safe_serialization=True");
    }
    if (files.has(folder + SHARD_INDEX)) {
      throw new ModelException(
          files.describe(folder + SHARD_INDEX)
              + " names weights in several files, which are not read; save the model again with a larger max_shard_size");
    }
    throw new ModelException(
        location + " has no weights, expected " + folder + String.join(" or " + folder, WEIGHT_FILES));
  }

  private static JsonConfig json(ModelFiles files, String name) {
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = files.open(name, arena).toArray(ValueLayout.JAVA_BYTE);
      return JsonConfig.parse(files.describe(name), new String(bytes, StandardCharsets.UTF_8));
    }
  }

  /** Where it was found, for people. */
  public String location() {
    return location;
  }

  public UNetConfig unet() {
    return unet;
  }

  /**
   * The network for images of the size it was trained at; for other sizes there is {@link UNet#build}.
   *
   * @throws ModelException if the file does not say at which size
   */
  public Network network() {
    List<Integer> size =
        unet.sampleSize()
            .orElseThrow(() -> new ModelException(location + ": config.json has no sample_size, expected a height and a width"));
    return network(size.get(0), size.get(1));
  }

  /**
   * The network for images of a size.
   *
   * @throws ModelException naming the layer, if images of that size do not go through
   */
  public Network network(int height, int width) {
    Network network;
    try {
      network = UNet.build(unet, height, width);
    } catch (ShapeException e) {
      long multiple = 1L << (unet.downBlocks().size() - 1);
      boolean uneven = height % multiple != 0 || width % multiple != 0;
      throw new ModelException(
          files.describe(unetFolder + "config.json") + ", for images of " + height + "×" + width + ": " + e.getMessage()
              + (uneven ? " (heights and widths should be multiples of " + multiple + ")" : ""),
          e);
    }
    for (Node node : network.denoiser().nodes()) {
      if (node.output().shape().elements() > Integer.MAX_VALUE) {
        throw new ModelException(
            files.describe(unetFolder + "config.json") + ", for images of " + height + "×" + width + ": " + node.name()
                + " is " + node.output().shape() + ", expected at most 2³¹ - 1 elements an image");
      }
    }
    return network;
  }

  /**
   * What the scheduler's file says.
   *
   * @throws ModelException if there is no such file, or something is wrong with it
   */
  public SchedulerConfig scheduler() {
    if (!files.has(schedulerFile)) {
      throw new ModelException(files.describe(schedulerFile) + " is missing, expected the sampler's configuration");
    }
    return SchedulerConfigReader.read(json(files, schedulerFile));
  }

  /**
   * The weights, to be loaded on a device.
   *
   * @throws ModelException naming the file, if it is missing or malformed
   */
  public Weights weights() {
    return new CheckpointWeights(tensors());
  }

  /** Tensors of the file that a network of this checkpoint leaves unread. */
  public List<String> unusedTensors(Network network) {
    return new CheckpointWeights(tensors()).unused(network.parameters());
  }

  /** How the weights are stored, for people: the formats in use. */
  public String weightFormats() {
    return String.join(
        ", ", tensors().entries().values().stream().map(Safetensors.Entry::dtype).distinct().sorted().toList());
  }

  /** The number of trained numbers that a network uses. */
  public static long countParameters(Network network) {
    return network.parameters().stream().mapToLong(Parameter::elements).sum();
  }

  @Override
  public void close() {
    arena.close();
  }
}
