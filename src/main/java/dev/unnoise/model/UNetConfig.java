package dev.unnoise.model;

import dev.unnoise.graph.Activation;
import java.util.List;
import java.util.Optional;

/**
 * The architecture of a diffusers {@code UNet2DModel}: what {@code config.json} says.
 *
 * @param sampleSize height and width the model was trained at; empty if the file leaves it open
 * @param centerInputSample whether the network reads 2x - 1
 * @param timeEmbeddingDim width of the time embedding; by default four times the first block's channels
 * @param frequencyShift {@code freq_shift}
 * @param cosineFirst {@code flip_sin_to_cos}
 * @param downBlocks from the largest resolution to the smallest
 * @param midBlock whether there is a block in the middle
 * @param upBlocks from the smallest resolution to the largest
 * @param blockOutChannels one entry per resolution
 * @param midBlockScaleFactor divides the residual sums of the middle block
 * @param downsamplePadding 0 pads right and below by one, other values pad all sides
 * @param attentionHeadDim channels of a head; empty is one head as wide as the block
 * @param attnNormNumGroups groups of the norm before the middle block's attention
 * @param addAttention whether the middle block has an attention
 * @param trainTimesteps rows of a learned time embedding
 * @param nullClass the label that stands for none, if the file names one
 */
public record UNetConfig(
    Optional<List<Integer>> sampleSize,
    int inChannels,
    int outChannels,
    boolean centerInputSample,
    TimeEmbedding timeEmbedding,
    Optional<Integer> timeEmbeddingDim,
    double frequencyShift,
    boolean cosineFirst,
    List<Block> downBlocks,
    boolean midBlock,
    List<Block> upBlocks,
    List<Integer> blockOutChannels,
    int layersPerBlock,
    double midBlockScaleFactor,
    int downsamplePadding,
    Resampling downsampleType,
    Resampling upsampleType,
    Activation activation,
    Optional<Integer> attentionHeadDim,
    int normNumGroups,
    Optional<Integer> attnNormNumGroups,
    double normEps,
    TimeScaleShift timeScaleShift,
    boolean addAttention,
    ClassEmbedding classEmbedding,
    Optional<Integer> trainTimesteps,
    Optional<Integer> nullClass) {

  public UNetConfig {
    downBlocks = List.copyOf(downBlocks);
    upBlocks = List.copyOf(upBlocks);
    blockOutChannels = List.copyOf(blockOutChannels);
  }

  /** Width of the embedding that time and class share. */
  public int embeddingWidth() {
    return timeEmbeddingDim.orElse(4 * blockOutChannels.getFirst());
  }

  /** Whether the network needs a class label. */
  public boolean labelled() {
    return !(classEmbedding instanceof ClassEmbedding.None);
  }
}
