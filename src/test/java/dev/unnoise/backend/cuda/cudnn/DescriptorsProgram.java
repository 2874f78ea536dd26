package dev.unnoise.backend.cuda.cudnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.cuda.cudnn.ConvolutionGraph.Place;
import dev.unnoise.backend.cuda.cudnn.ConvolutionGraph.Places;
import dev.unnoise.backend.cuda.library.CudaLibraries;
import dev.unnoise.backend.cuda.library.Library;
import dev.unnoise.backend.gpu.node.AttentionGeometry;
import dev.unnoise.backend.gpu.node.ProductGeometry;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.Window;
import dev.unnoise.graph.run.BackendException;
import java.util.List;
import java.util.Optional;

/** What {@link DescriptorsTest} runs in a process of its own: descriptions of products and attention, which take no card. */
final class DescriptorsProgram {
  private static final Card NO_CARD =
      plan -> {
        throw new AssertionError("plans take a card");
      };

  private DescriptorsProgram() {}

  public static void main(String[] arguments) {
    if (!CudaLibraries.ofThisProcess().isLoaded(Library.CUDNN)) {
      System.out.println("no cuDNN");
      return;
    }
    for (DataType type : DataType.values()) {
      for (Window window : List.of(Window.SAME_3X3, Window.POINT, Window.halving(0, 1), Window.halving(1, 1))) {
        describe(window, type);
      }
    }
    for (DataType type : List.of(DataType.F16, DataType.BF16)) {
      attend(new AttentionGeometry(type, 256, 1, 256, 0.0625f));
      attend(new AttentionGeometry(type, 64, 4, 64, 0.125f));
    }
    try (Descriptor tensor = new Descriptor(cudnn_h.CUDNN_BACKEND_TENSOR_DESCRIPTOR(), "tensor")) {
      assertThrows(BackendException.class, tensor::finish, "nothing was said about it");
      assertThrows(IllegalStateException.class, tensor::ready);
    }
    assertEquals(0, Cudnn.held());
    System.out.println("done");
  }

  private static void attend(AttentionGeometry geometry) {
    int width = geometry.heads() * geometry.headDim();
    AttentionGraph form = new AttentionGraph(geometry, new AttentionGraph.Strides(3 * width, 3 * width, 3 * width, width));
    OperationGraph.of(NO_CARD, builder -> form.describe(builder, 8)).close();
  }

  private static void describe(Window window, DataType type) {
    ProductGeometry geometry =
        new ProductGeometry(window, false, 16, 16, 64, window.outputs(16), window.outputs(16), 128, type, type);
    Place dense = new Place(64, 16);
    Place wide = new Place(128, 16);
    for (Places places :
        List.of(
            new Places(dense, wide, Optional.empty(), Optional.empty()),
            new Places(new Place(96, 16), new Place(256, 16), Optional.of(new Place(0, 16)), Optional.empty()),
            new Places(dense, wide, Optional.of(new Place(512, 4)), Optional.of(wide)),
            new Places(dense, new Place(128, 4), Optional.empty(), Optional.of(new Place(160, 8))))) {
      ConvolutionGraph form = new ConvolutionGraph(geometry, places);
      OperationGraph.of(NO_CARD, builder -> form.describe(builder, 8)).close();
    }
  }
}
