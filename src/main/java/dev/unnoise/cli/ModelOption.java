package dev.unnoise.cli;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.Shape;
import dev.unnoise.model.Checkpoint;
import dev.unnoise.model.ModelException;
import dev.unnoise.model.UNet;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which checkpoint: an option of every command that needs one. */
final class ModelOption {
  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Folder of a diffusers checkpoint (default: the bundled digits).")
  private Path folder;

  Checkpoint open() {
    return folder == null ? Checkpoint.bundled() : Checkpoint.open(folder);
  }

  boolean isGiven() {
    return folder != null;
  }

  /**
   * The checkpoint's network for the images at hand, or for the size it was trained at.
   *
   * @param images shape of what is fed in, if anything is
   */
  static Network network(Checkpoint checkpoint, Optional<Shape> images) {
    if (images.isPresent()) {
      Shape shape = images.get();
      int channels = checkpoint.unet().inChannels();
      if (shape.channels() != channels) {
        throw new ModelException(
            "the input has " + shape.channels() + " channels, " + checkpoint.location() + " expects " + channels);
      }
      return UNet.build(checkpoint.unet(), shape.height(), shape.width());
    }
    if (checkpoint.unet().sampleSize().isEmpty()) {
      throw new ModelException(
          checkpoint.location() + ": config.json has no sample_size; give --initial-noise of the size wanted");
    }
    return checkpoint.network();
  }
}
