package dev.unnoise.backend.cuda.cublaslt;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.api.Workspace;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.backend.gpu.node.Launch;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.backend.gpu.node.SoftmaxLaunch;
import dev.unnoise.graph.DataType;
import java.util.ArrayList;
import java.util.List;

/** An attention by two products and a softmax, so many images at a time that their scores stay in a card's cache. */
final class CublasLtAttentionLaunch implements Launch {
  /** Bytes of scores and probabilities; second-level caches of the cards in question hold 40 to 128 MiB. */
  private static final long BYTES_AT_ONCE = 32L << 20;

  /** Where probabilities begin. */
  private static final long ALIGNMENT = 256;

  private final AttentionForm form;
  private final Workspace between;
  private final SoftmaxLaunch softmax;
  private final Held held = new Held();
  private final List<Chunk> chunks = new ArrayList<>();

  /** Images that are computed together. */
  private record Chunk(int first, int images, LtProduct scores, LtProduct values) {}

  private CublasLtAttentionLaunch(AttentionForm form, Workspace between, Programs programs) {
    this.form = form;
    this.between = between;
    this.softmax = held.own(SoftmaxLaunch.of(form.geometry(), programs));
  }

  static CublasLtAttentionLaunch of(
      CublasLtAttention attention, AttentionForm form, Workspace between, int images, Programs programs) {
    CublasLtAttentionLaunch launch = new CublasLtAttentionLaunch(form, between, programs);
    try {
      launch.prepare(attention, images);
    } catch (RuntimeException e) {
      Closing.after(e, launch::close);
      throw e;
    }
    return launch;
  }

  private void prepare(CublasLtAttention attention, int images) {
    int atOnce = (int) Math.clamp(BYTES_AT_ONCE / bytesOfAnImage(), 1, images);
    between.require(atOnce * bytesOfAnImage() + ALIGNMENT);
    LtProduct scores = held.own(attention.product(form.scores(), atOnce));
    LtProduct values = held.own(attention.product(form.values(), atOnce));
    int first = 0;
    for (; first + atOnce <= images; first += atOnce) {
      chunks.add(new Chunk(first, atOnce, scores, values));
    }
    if (first < images) {
      int rest = images - first;
      LtProduct lastScores = held.own(attention.product(form.scores(), rest));
      chunks.add(new Chunk(first, rest, lastScores, held.own(attention.product(form.values(), rest))));
    }
  }

  /** Single precision keeps probabilities where the scores were. */
  private boolean isInPlace() {
    return form.geometry().type() == DataType.F32;
  }

  private long bytesOfAnImage() {
    return form.square() * (Float.BYTES + (isInPlace() ? 0 : form.geometry().type().bytes()));
  }

  /** Bytes from the scores of so many images to their probabilities. */
  private long probabilitiesAfter(int images) {
    return isInPlace() ? 0 : Math.ceilDiv(form.square() * images * Float.BYTES, ALIGNMENT) * ALIGNMENT;
  }

  @Override
  public void enqueue(int count) {
    for (Chunk chunk : chunks) {
      for (int head = 0; chunk.first() < count && head < form.geometry().heads(); head++) {
        enqueue(chunk, head);
      }
    }
  }

  @Override
  public String by() {
    return "cuBLASLt";
  }

  private void enqueue(Chunk chunk, int head) {
    GpuBuffer memory = between.buffer();
    long scores = CudaContext.address(memory);
    long after = probabilitiesAfter(chunk.images());
    chunk
        .scores()
        .enqueue(
            form.geometry().scale(),
            form.address(form.operands().key(), chunk.first(), head),
            form.address(form.operands().query(), chunk.first(), head),
            scores);
    softmax.enqueue(memory, 0, memory, after / form.geometry().type().bytes(), (long) chunk.images() * form.geometry().tokens());
    chunk
        .values()
        .enqueue(
            1,
            form.address(form.operands().value(), chunk.first(), head),
            scores + after,
            form.address(form.operands().output(), chunk.first(), head));
  }

  @Override
  public void close() {
    held.close();
  }
}
