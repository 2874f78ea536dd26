package dev.unnoise.graph;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * A noise-predicting network in two graphs, split where the image enters.
 *
 * <p>The conditioning graph maps a timestep and a label to one vector, which holds every time projection of the
 * network side by side; it does not depend on the image, so it runs ahead of the sampling loop. The denoiser maps
 * the noisy image and a row of that table to the network's output.
 *
 * @param conditioning inputs {@link #TIMESTEP} and, with labels, {@link #LABEL}; one output
 * @param denoiser inputs {@link #SAMPLE}, {@link #CONDITIONING} and {@link #TIMESTEP}; one output
 */
public record Network(Graph conditioning, Graph denoiser) {
  /** Input: the timestep, a vector of one entry. */
  public static final String TIMESTEP = "timestep";

  /** Input: the class label, a vector of one entry holding a whole number. */
  public static final String LABEL = "label";

  /** Input of the denoiser: the noisy image. */
  public static final String SAMPLE = "sample";

  /** Input of the denoiser and output of the conditioning graph. */
  public static final String CONDITIONING = "conditioning";

  public Network {
    Tensor made = conditioning.output();
    Tensor read = denoiser.input(CONDITIONING);
    if (!made.shape().equals(read.shape())) {
      throw new ShapeException(CONDITIONING, "made as " + made.shape() + " but read as " + read.shape());
    }
  }

  /** Whether the network is conditioned on class labels. */
  public boolean labelled() {
    return conditioning.inputs().stream().anyMatch(tensor -> tensor.name().equals(LABEL));
  }

  /**
   * Refuses a timestep that the network has no embedding of: learned embeddings are rows of a table, Fourier embeddings
   * take the logarithm.
   *
   * @throws UnnoiseException naming it
   */
  public void requireTimestep(double timestep) {
    Tensor input = conditioning.input(TIMESTEP);
    for (Node node : conditioning.nodes()) {
      if (node instanceof FourierEmbedding fourier && fourier.source().equals(input) && !(timestep > 0)) {
        throw new UnnoiseException(
            "timestep " + timestep + " has no logarithm, which the network's Fourier embedding takes; expected timesteps"
                + " above 0 (steps_offset in scheduler_config.json moves those of spacing leading)");
      }
      if (node instanceof Lookup lookup && lookup.source().equals(input)) {
        boolean whole = timestep == Math.rint(timestep);
        if (!whole || timestep < 0 || timestep >= lookup.rows()) {
          throw new UnnoiseException(
              "timestep " + (whole ? String.valueOf((long) timestep) : String.valueOf(timestep))
                  + " is not a row of the learned time embedding, expected a whole number in [0, "
                  + (lookup.rows() - 1) + "]");
        }
      }
    }
  }

  /** Shape of the image that enters. */
  public Shape sampleShape() {
    return denoiser.input(SAMPLE).shape();
  }

  /** Shape of what the network predicts. */
  public Shape outputShape() {
    return denoiser.output().shape();
  }

  /** Entries of one row of the conditioning table. */
  public int conditioningWidth() {
    return conditioning.output().channels();
  }

  /** Every parameter of both graphs, in order of first use. */
  public Set<Parameter> parameters() {
    Set<Parameter> parameters = new LinkedHashSet<>(conditioning.parameters());
    parameters.addAll(denoiser.parameters());
    return parameters;
  }

  /** Floating-point operations of one evaluation for one image: 2 per multiply-add, both graphs. */
  public long flop() {
    return conditioning.flop() + denoiser.flop();
  }

  public Network withDenoiser(Graph newDenoiser) {
    return new Network(conditioning, newDenoiser);
  }
}
