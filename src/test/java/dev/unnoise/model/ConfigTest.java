package dev.unnoise.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.diffusion.VarianceType;
import dev.unnoise.graph.Activation;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigTest {
  private static UNetConfig unet(String json) {
    return UNetConfigReader.read(JsonConfig.parse("config.json", json));
  }

  private static SchedulerConfig scheduler(String json) {
    return SchedulerConfigReader.read(JsonConfig.parse("scheduler_config.json", json));
  }

  @Test
  void missingKeysTakeTheClassesDefaults() {
    UNetConfig config = unet("{}");
    assertEquals(List.of(224, 448, 672, 896), config.blockOutChannels());
    assertTrue(config.cosineFirst());
    assertEquals(0, config.frequencyShift());
    assertEquals(1e-5, config.normEps());
    assertEquals(1, config.downsamplePadding());
    assertEquals(Optional.of(8), config.attentionHeadDim());
    assertEquals(32, config.normNumGroups());
    assertEquals(2, config.layersPerBlock());
    assertFalse(config.centerInputSample());
    assertEquals(TimeScaleShift.DEFAULT, config.timeScaleShift());
    assertTrue(config.addAttention());
    assertTrue(config.midBlock());
    assertEquals(Activation.SILU, config.activation());
    assertEquals(new ClassEmbedding.None(), config.classEmbedding());
    assertEquals(896, config.embeddingWidth());
    assertEquals(Optional.empty(), config.sampleSize());

    SchedulerConfig scheduler = scheduler("{}");
    assertEquals(1000, scheduler.trainTimesteps());
    assertEquals(1e-4, scheduler.betaStart());
    assertEquals(0.02, scheduler.betaEnd());
    assertEquals(VarianceType.FIXED_SMALL, scheduler.varianceType());
    assertTrue(scheduler.clipSample());
    assertTrue(scheduler.setAlphaToOne());
    assertEquals(Optional.empty(), scheduler.timestepSpacing());
    assertEquals(0, scheduler.stepsOffset());
  }

  @Test
  void whatPythonWritesBesideJsonIsReadWhereNobodyNeedsIt() {
    SchedulerConfig scheduler =
        scheduler("{\"lambda_min_clipped\": -Infinity, \"variance_type\": null, \"solver_type\": \"NaN \\\" Infinity\"}");
    assertEquals(VarianceType.FIXED_SMALL, scheduler.varianceType());
    ModelException e = assertThrows(ModelException.class, () -> unet("{\"norm_eps\": NaN}"));
    assertEquals("config.json: norm_eps is \"NaN\", expected a number above 0", e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{} {} | malformed at $",
        "{'norm_eps': 1, 'norm_eps': 2} | a key comes twice at $.norm_eps",
        "{'norm_eps': | it is cut short at $.norm_eps",
        "{'norm_eps': 1,} | malformed at $.",
        "{'norm_eps': 01} | malformed at $.norm_eps",
      })
  void jsonIsStrict(String json, String problem) {
    ModelException e = assertThrows(ModelException.class, () -> unet(json.replace('\'', '"')));
    assertTrue(e.getMessage().startsWith("config.json is not valid JSON: " + problem), e.getMessage());
  }

  @Test
  void nullMeansEmptyWhereItMay() {
    UNetConfig config =
        unet(
            "{\"attention_head_dim\": null, \"mid_block_type\": null, \"sample_size\": null, \"downsample_type\": null,"
                + " \"num_class_embeds\": null, \"class_embed_type\": null, \"attn_norm_num_groups\": null}");
    assertEquals(Optional.empty(), config.attentionHeadDim());
    assertFalse(config.midBlock());
    assertEquals(Resampling.CONV, config.downsampleType());
  }

  @Test
  void blockTypesMayCarryTheirOldPrefix() {
    UNetConfig config =
        unet(
            "{\"block_out_channels\": [32], \"down_block_types\": [\"UNetResAttnDownBlock2D\"],"
                + " \"up_block_types\": [\"UNetResUpBlock2D\"], \"sample_size\": [16, 24]}");
    assertTrue(config.downBlocks().getFirst().attention());
    assertFalse(config.upBlocks().getFirst().attention());
    assertEquals(Optional.of(List.of(16, 24)), config.sampleSize());
  }

  @Test
  void classesComeFromATableOrFromTimesteps() {
    assertEquals(new ClassEmbedding.Table(5), unet("{\"num_class_embeds\": 5}").classEmbedding());
    assertEquals(
        new ClassEmbedding.LikeTimestep(),
        unet("{\"class_embed_type\": \"timestep\", \"num_class_embeds\": 5}").classEmbedding());
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "{'norm_num_groups': 'many'} | norm_num_groups is \"many\", expected a whole number in [1, 1048576]",
        "{'norm_num_groups': null} | norm_num_groups is null, expected a whole number in [1, 1048576]",
        "{'in_channels': 0} | in_channels is 0, expected a whole number in [1, 1048576]",
        "{'in_channels': 1.5} | in_channels is 1.5, expected",
        "{'norm_eps': 0} | norm_eps is 0, expected a number above 0",
        "{'act_fn': 'tanh'} | act_fn is \"tanh\", expected one of gelu, mish, relu, silu, swish",
        "{'sample_size': [8, 8, 8]} | sample_size is [8,8,8], expected",
        "{'down_block_types': ['SkipDownBlock2D']} | down_block_types has \"SkipDownBlock2D\", supported are DownBlock2D, AttnDownBlock2D, ResnetDownsampleBlock2D",
        "{'up_block_types': ['CrossAttnUpBlock2D']} | up_block_types has \"CrossAttnUpBlock2D\", supported are",
        "{'mid_block_type': 'UNetMidBlock2DCrossAttn'} | mid_block_type is \"UNetMidBlock2DCrossAttn\", expected UNetMidBlock2D or null",
        "{'_class_name': 'UNet2DConditionModel'} | _class_name is \"UNet2DConditionModel\", expected UNet2DModel",
        "{'class_embed_type': 'identity'} | class_embed_type is \"identity\", expected timestep or null",
        "{'time_embedding_type': 'learned'} | time_embedding_type learned needs num_train_timesteps",
        "{'block_out_channels': [32, 64]} | block_out_channels has 2 entries, down_block_types 4",
        "{'block_out_channels': []} | block_out_channels is [], expected a list",
        "{'center_input_sample': 1} | center_input_sample is 1, expected true or false",
        "{'resnet_time_scale_shift': 'spatial'} | resnet_time_scale_shift is \"spatial\", expected one of default, scale_shift",
        "[1] | should hold a JSON object",
        "{'a': } | is not valid JSON",
        "{'a' 1} | is not valid JSON",
      })
  void complaintsNameTheKeyTheValueAndWhatIsAllowed(String json, String expected) {
    ModelException e = assertThrows(ModelException.class, () -> unet(json.replace('\'', '"')));
    assertTrue(e.getMessage().startsWith("config.json"), e.getMessage());
    assertTrue(e.getMessage().contains(expected), e.getMessage());
    assertEquals(1, e.getMessage().lines().count());
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "{'beta_schedule': 'cosine'} | beta_schedule is \"cosine\", expected one of linear, scaled_linear, squaredcos_cap_v2, laplace, sigmoid",
        "{'trained_betas': [0.1, 0.2]} | trained_betas has 2 entries, expected num_train_timesteps = 1000",
        "{'trained_betas': [0.1, 2], 'num_train_timesteps': 2} | trained_betas is [0.1,2], expected",
        "{'prediction_type': 'noise'} | prediction_type is \"noise\", expected one of epsilon, sample, v_prediction",
        "{'variance_type': 'small'} | variance_type is \"small\", expected one of fixed_small",
        "{'timestep_spacing': 'even'} | timestep_spacing is \"even\", expected one of leading, trailing, linspace",
        "{'num_train_timesteps': 0} | num_train_timesteps is 0, expected",
        "{'dynamic_thresholding_ratio': 2} | dynamic_thresholding_ratio is 2, expected a number in [0, 1]",
      })
  void schedulersComplainLikewise(String json, String expected) {
    ModelException e = assertThrows(ModelException.class, () -> scheduler(json.replace('\'', '"')));
    assertTrue(e.getMessage().startsWith("scheduler_config.json: "), e.getMessage());
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }
}
