package dev.unnoise.image;

import dev.unnoise.graph.Shape;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Pictures of 1 to 4 channels: gray, gray and alpha, RGB, RGBA. */
final class Rasters {
  private static final int LARGEST_CHANNELS = 4;

  static {
    ImageIO.setUseCache(false);
  }

  private Rasters() {}

  /**
   * Refuses shapes that no picture has.
   *
   * @throws ImageException naming the destination
   */
  static void requirePicture(Path path, Shape shape) {
    if (shape.channels() > LARGEST_CHANNELS) {
      throw new ImageException(
          path + " cannot hold images of " + shape.channels() + " channels, PNG has 1 to " + LARGEST_CHANNELS
              + "; write .npy or .npz");
    }
  }

  /** A picture over bytes in H,W,C order, which stay shared with it. */
  static BufferedImage over(byte[] pixels, int channels, int width, int height) {
    boolean gray = channels <= 2;
    boolean alpha = channels % 2 == 0;
    ComponentColorModel model =
        new ComponentColorModel(
            ColorSpace.getInstance(gray ? ColorSpace.CS_GRAY : ColorSpace.CS_sRGB),
            alpha,
            false,
            alpha ? Transparency.TRANSLUCENT : Transparency.OPAQUE,
            DataBuffer.TYPE_BYTE);
    int[] offsets = new int[channels];
    for (int c = 0; c < channels; c++) {
      offsets[c] = c;
    }
    WritableRaster raster =
        Raster.createInterleavedRaster(
            new DataBufferByte(pixels, pixels.length), width, height, width * channels, channels, offsets, null);
    return new BufferedImage(model, raster, false, null);
  }

  static void writePng(BufferedImage picture, OutputStream out) throws IOException {
    if (!ImageIO.write(picture, "png", out)) {
      throw new IOException("this JDK has no PNG writer");
    }
  }
}
