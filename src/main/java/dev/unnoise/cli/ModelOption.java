package dev.unnoise.cli;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.Shape;
import dev.unnoise.model.Checkpoint;
import dev.unnoise.model.ModelException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** Which checkpoint: an option of every command that needs one. */
final class ModelOption {
  private static final int UNUSED_SHOWN = 5;

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
            "the images given have " + shape.channels() + " channels, " + checkpoint.location() + " expects " + channels);
      }
      return announced(checkpoint, checkpoint.network(shape.height(), shape.width()));
    }
    return announced(checkpoint, checkpoint.network());
  }

  /** Says so if the checkpoint holds more than the network reads: its config may not be the one it was trained with. */
  private static Network announced(Checkpoint checkpoint, Network network) {
    List<String> unused = checkpoint.unusedTensors(network);
    if (!unused.isEmpty()) {
      System.err.println(
          "unnoise: note: " + checkpoint.location() + " has " + unused.size() + " tensors that its config.json has no layer for: "
              + unused.stream().limit(UNUSED_SHOWN).collect(Collectors.joining(", "))
              + (unused.size() > UNUSED_SHOWN ? ", …" : ""));
    }
    return network;
  }
}
