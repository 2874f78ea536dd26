package dev.unnoise.model;

import dev.unnoise.graph.Activation;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Reads a {@code UNet2DModel}'s config.json; keys that are missing take the class's defaults. */
final class UNetConfigReader {
  private static final String CLASS = "UNet2DModel";
  private static final int MOST_LAYERS = 64;
  private static final List<Integer> DEFAULT_CHANNELS = List.of(224, 448, 672, 896);
  private static final Map<String, Activation> ACTIVATIONS =
      Map.of(
          "silu", Activation.SILU,
          "swish", Activation.SILU,
          "mish", Activation.MISH,
          "gelu", Activation.GELU,
          "relu", Activation.RELU);

  private final JsonConfig json;

  private UNetConfigReader(JsonConfig json) {
    this.json = json;
  }

  static UNetConfig read(JsonConfig json) {
    return new UNetConfigReader(json).read();
  }

  private UNetConfig read() {
    if (!json.text("_class_name", CLASS).equals(CLASS)) {
      throw json.complain("_class_name", CLASS);
    }
    TimeEmbedding timeEmbedding = json.choice("time_embedding_type", TimeEmbedding.POSITIONAL, TimeEmbedding.class);
    Optional<Integer> trainTimesteps = json.optionalInteger("num_train_timesteps", null, 1);
    if (timeEmbedding == TimeEmbedding.LEARNED && trainTimesteps.isEmpty()) {
      throw new ModelException(json.file() + ": time_embedding_type learned needs num_train_timesteps");
    }
    UNetConfig config =
        new UNetConfig(
            json.pair("sample_size"),
            json.integer("in_channels", 3, 1),
            json.integer("out_channels", 3, 1),
            json.flag("center_input_sample", false),
            timeEmbedding,
            json.optionalInteger("time_embedding_dim", null, 1),
            json.number("freq_shift", 0.0),
            json.flag("flip_sin_to_cos", true),
            json.translated("down_block_types", defaultDown(), Block::down, Block.downNames()),
            midBlock(),
            json.translated("up_block_types", defaultUp(), Block::up, Block.upNames()),
            json.integers("block_out_channels", DEFAULT_CHANNELS, 1),
            json.integer("layers_per_block", 2, 1, MOST_LAYERS),
            json.positive("mid_block_scale_factor", 1.0),
            json.integer("downsample_padding", 1, 0, 1),
            json.optionalChoice("downsample_type", Resampling.CONV, Resampling.class).orElse(Resampling.CONV),
            json.optionalChoice("upsample_type", Resampling.CONV, Resampling.class).orElse(Resampling.CONV),
            activation(),
            json.optionalInteger("attention_head_dim", 8, 1),
            json.integer("norm_num_groups", 32, 1),
            json.optionalInteger("attn_norm_num_groups", null, 1),
            json.positive("norm_eps", 1e-5),
            json.choice("resnet_time_scale_shift", TimeScaleShift.DEFAULT, TimeScaleShift.class),
            json.flag("add_attention", true),
            classEmbedding(),
            trainTimesteps,
            json.optionalInteger("null_class", null, 0));
    checkLengths(config);
    checkGroups(config);
    checkEmbeddings(config);
    return config;
  }

  private static List<Block> defaultDown() {
    Block plain = Block.down("DownBlock2D").orElseThrow();
    Block attention = Block.down("AttnDownBlock2D").orElseThrow();
    return List.of(plain, attention, attention, attention);
  }

  private static List<Block> defaultUp() {
    return defaultDown().reversed();
  }

  private boolean midBlock() {
    if (json.object().has("mid_block_type") && !json.has("mid_block_type")) {
      return false;
    }
    if (!json.text("mid_block_type", "UNetMidBlock2D").equals("UNetMidBlock2D")) {
      throw json.complain("mid_block_type", "UNetMidBlock2D or null");
    }
    return true;
  }

  private Activation activation() {
    Activation activation = ACTIVATIONS.get(json.text("act_fn", "silu").toLowerCase(Locale.ROOT));
    if (activation == null) {
      throw json.complain("act_fn", "one of " + String.join(", ", ACTIVATIONS.keySet().stream().sorted().toList()));
    }
    return activation;
  }

  private ClassEmbedding classEmbedding() {
    if (json.has("class_embed_type")) {
      if (json.text("class_embed_type", null).equals("timestep")) {
        return new ClassEmbedding.LikeTimestep();
      }
      throw json.complain("class_embed_type", "timestep or null");
    }
    return json.optionalInteger("num_class_embeds", null, 1)
        .<ClassEmbedding>map(ClassEmbedding.Table::new)
        .orElseGet(ClassEmbedding.None::new);
  }

  private void checkLengths(UNetConfig config) {
    int levels = config.blockOutChannels().size();
    if (config.downBlocks().size() != levels || config.upBlocks().size() != levels) {
      throw new ModelException(
          json.file() + ": block_out_channels has " + levels + " entries, down_block_types "
              + config.downBlocks().size() + " and up_block_types " + config.upBlocks().size()
              + "; they should be equally long");
    }
  }

  private void checkGroups(UNetConfig config) {
    for (int channels : config.blockOutChannels()) {
      divides("norm_num_groups", config.normNumGroups(), channels);
    }
    config
        .attnNormNumGroups()
        .ifPresent(groups -> divides("attn_norm_num_groups", groups, config.blockOutChannels().getLast()));
  }

  private void divides(String key, int groups, int channels) {
    if (channels % groups != 0) {
      throw json.complain(key, "a divisor of the " + channels + " channels in block_out_channels");
    }
  }

  private void checkEmbeddings(UNetConfig config) {
    int half = config.blockOutChannels().getFirst() / 2;
    if (config.timeEmbedding() == TimeEmbedding.POSITIONAL && config.frequencyShift() >= half) {
      throw json.complain("freq_shift", "a number below " + half + ", half the first entry of block_out_channels");
    }
    if (config.classEmbedding() instanceof ClassEmbedding.Table table
        && config.nullClass().filter(label -> label >= table.rows()).isPresent()) {
      throw json.complain("null_class", "a row of the class table, [0, " + (table.rows() - 1) + "]");
    }
  }
}
