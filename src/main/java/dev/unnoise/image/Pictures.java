package dev.unnoise.image;

import dev.unnoise.graph.FileFailure;
import dev.unnoise.graph.Shape;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Reads pictures into numbers: an 8-bit value v becomes 2v/255 - 1. */
public final class Pictures {
  private static final int OPAQUE = 255;

  private Pictures() {}

  /**
   * Reads a PNG, JPEG, GIF or BMP file as one image.
   *
   * @param channels 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA; the picture is converted, colours to gray by their luma
   * @throws ImageException if it cannot be read
   */
  public static Tensors read(Path file, int channels) {
    if (channels < 1 || channels > 4) {
      throw new ImageException(file + " cannot be read as " + channels + " channels, pictures have 1 to 4; give .npy");
    }
    BufferedImage picture = decode(file);
    Shape shape = new Shape(channels, picture.getHeight(), picture.getWidth());
    MemorySegment values = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT, shape.elements());
    for (int y = 0; y < shape.height(); y++) {
      for (int x = 0; x < shape.width(); x++) {
        int[] samples = Rgba.of(picture, x, y).samples(channels);
        for (int c = 0; c < channels; c++) {
          long at = c * shape.pixels() + (long) y * shape.width() + x;
          values.setAtIndex(ValueLayout.JAVA_FLOAT, at, 2 * samples[c] / 255f - 1);
        }
      }
    }
    return new Tensors(1, shape, values);
  }

  /** Channels a picture has by nature: 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA. */
  public static int channels(Path file) {
    ColorModel model = decode(file).getColorModel();
    return (isGray(model) ? 1 : 3) + (model.hasAlpha() ? 1 : 0);
  }

  private static boolean isGray(ColorModel model) {
    return !(model instanceof IndexColorModel) && model.getColorSpace().getType() == ColorSpace.TYPE_GRAY;
  }

  private static BufferedImage decode(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new ImageException(
          file + " cannot be read: " + (Files.exists(file) ? "it is not a file" : "there is no such file"));
    }
    try {
      BufferedImage picture = ImageIO.read(file.toFile());
      if (picture == null) {
        throw new ImageException(file + " is not a picture that can be read, expected PNG, JPEG, GIF, BMP or .npy");
      }
      return picture;
    } catch (IOException e) {
      throw new ImageException(file + " cannot be read: " + FileFailure.reason(e), e);
    }
  }

  /** One pixel, each value in [0, 255]. */
  private record Rgba(int red, int green, int blue, int alpha) {
    static Rgba of(BufferedImage picture, int x, int y) {
      if (isGray(picture.getColorModel())) {
        // Straight from the raster: the JDK takes gray for linear light and would change the values.
        int gray = sample(picture, x, y, 0);
        int alpha = picture.getColorModel().hasAlpha() ? sample(picture, x, y, 1) : OPAQUE;
        return new Rgba(gray, gray, gray, alpha);
      }
      int argb = picture.getRGB(x, y);
      return new Rgba(argb >> 16 & 0xFF, argb >> 8 & 0xFF, argb & 0xFF, argb >>> 24);
    }

    private static int sample(BufferedImage picture, int x, int y, int band) {
      int largest = (1 << picture.getSampleModel().getSampleSize(band)) - 1;
      return Math.round(picture.getRaster().getSample(x, y, band) * 255f / largest);
    }

    /** ITU-R BT.601 luma, exact for gray. */
    private int luma() {
      return (299 * red + 587 * green + 114 * blue + 500) / 1000;
    }

    int[] samples(int channels) {
      return switch (channels) {
        case 1 -> new int[] {luma()};
        case 2 -> new int[] {luma(), alpha};
        case 3 -> new int[] {red, green, blue};
        default -> new int[] {red, green, blue, alpha};
      };
    }
  }
}
