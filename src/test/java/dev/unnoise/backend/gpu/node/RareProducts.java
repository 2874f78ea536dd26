package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.Window;
import dev.unnoise.testing.Evaluate;
import java.util.List;
import java.util.function.Consumer;

/** Products by templates that only wide layers and tuned devices take, on few numbers, once each. */
public final class RareProducts {
  private static final int IMAGES = 2;

  private RareProducts() {}

  /** Each for a context of its own. */
  public static List<Consumer<Gpu>> all() {
    // Six tiles without upsampling: the second work-item has two, and computes four.
    Winograd winograd = new Winograd(4, 4, 2, 4);
    return List.of(
        context -> run(context, Traits.processor(4, 4), winograd, geometry(Window.SAME_3X3, false, DataType.F32)),
        context -> run(context, Traits.processor(4, 4), winograd, geometry(Window.SAME_3X3, true, DataType.F32)),
        context -> matrixCores(context, MatrixUnit.EMULATED_MFMA, DataType.F32),
        context -> matrixCores(context, MatrixUnit.EMULATED_WMMA, DataType.BF16));
  }

  /** Those that the tuner may choose on cards, each for a context of its own. */
  public static List<Consumer<Gpu>> cards() {
    return Candidates.all(Traits.CARD).stream()
        .<Consumer<Gpu>>map(
            template ->
                context -> {
                  for (DataType type : DataType.values()) {
                    run(context, Traits.CARD, template, geometry(Window.SAME_3X3, false, type));
                    run(context, Traits.CARD, template, geometry(Window.SAME_3X3, true, type));
                  }
                })
        .toList();
  }

  private static void matrixCores(Gpu context, MatrixUnit unit, DataType type) {
    run(context, Traits.CARD, new MatrixCores(unit), geometry(Window.POINT, false, type));
  }

  private static ProductGeometry geometry(Window window, boolean upsampled, DataType type) {
    int height = 3;
    int width = 9;
    int factor = upsampled ? 2 : 1;
    int outputHeight = window.outputs(height * factor);
    int outputWidth = window.outputs(width * factor);
    return new ProductGeometry(window, upsampled, height, width, 6, outputHeight, outputWidth, 9, type, type);
  }

  private static void run(Gpu context, Traits traits, ProductTemplate template, ProductGeometry geometry) {
    int outputs = geometry.outputChannels();
    int window = geometry.window().kernel();
    try (Programs programs = new Programs(context, Choices.untuned(traits));
        Held held = new Held()) {
      float[] weight = Evaluate.normals(1, (long) outputs * geometry.channels() * window * window);
      GpuBuffer weights =
          operand(context, held, template.packing().pack(weight, outputs, geometry.channels()), geometry.type());
      long sources = (long) IMAGES * geometry.height() * geometry.width() * geometry.channels();
      GpuBuffer source = operand(context, held, Evaluate.normals(2, sources), geometry.type());
      long results = IMAGES * geometry.pixels() * outputs;
      GpuBuffer residual = operand(context, held, Evaluate.normals(3, results), geometry.type());
      GpuBuffer bias = operand(context, held, Evaluate.normals(4, outputs), DataType.F32);
      GpuBuffer conditioning = operand(context, held, Evaluate.normals(5, IMAGES * outputs), DataType.F32);
      GpuBuffer output = held.own(context.allocate(results * geometry.outputType().bytes()));
      ProductOperands operands =
          new ProductOperands(
              new Located(source, 0, geometry.channels()),
              weights,
              new Located(output, 0, outputs),
              bias,
              conditioning,
              outputs,
              0,
              new Located(residual, 0, outputs),
              0.5f);
      ProductLaunch.of(geometry, template, programs, operands, IMAGES)
          .forEach(launch -> held.own(launch).enqueue(IMAGES));
      context.finish();
    }
  }

  private static GpuBuffer operand(Gpu context, Held held, float[] values, DataType type) {
    GpuBuffer buffer = held.own(context.allocate((long) values.length * type.bytes()));
    context.write(buffer, 0, Stored.of(values, type));
    return buffer;
  }
}
