package dev.unnoise.backend.cuda.cublaslt;

import dev.unnoise.backend.cuda.api.Nominal;
import dev.unnoise.backend.cuda.api.Workspace;
import dev.unnoise.backend.gpu.node.AttentionGeometry;
import dev.unnoise.backend.gpu.node.AttentionLibrary;
import dev.unnoise.backend.gpu.node.AttentionOperands;
import dev.unnoise.backend.gpu.node.Launch;
import dev.unnoise.backend.gpu.node.Located;
import dev.unnoise.backend.gpu.node.Programs;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Attention by two matrix products of cuBLASLt and our softmax between them. The algorithms of a form are chosen once,
 * at the nominal number of images, and then compute all.
 */
public final class CublasLtAttention implements AttentionLibrary {
  /** Entries of a head from which products pay: below, our kernel is left to keep the scores to itself. */
  private static final int NARROWEST_HEAD = 32;

  private final CublasLt library;
  private final Nominal nominal;
  private final Workspace scratch;
  private final Workspace scores;
  private final boolean tf32;
  private final Map<MatrixProducts, List<Algorithm>> algorithms = new HashMap<>();

  /**
   * Attention by a library on a card.
   *
   * @param nominal at how many images algorithms are chosen
   * @param scratch for algorithms
   * @param scores for what lies between the products
   * @param tf32 whether factors in single precision may be rounded to 10 bits
   */
  public CublasLtAttention(
      CublasLt library, Nominal nominal, Workspace scratch, Workspace scores, boolean tf32) {
    this.library = library;
    this.nominal = nominal;
    this.scratch = scratch;
    this.scores = scores;
    this.tf32 = tf32;
  }

  @Override
  public Optional<Launch> launch(
      AttentionGeometry geometry, AttentionOperands operands, int images, Programs programs) {
    AttentionForm form = new AttentionForm(geometry, operands);
    boolean fits =
        geometry.headDim() >= NARROWEST_HEAD
            && form.alignment() >= Located.WIDEST_LOAD
            && !ranked(form.scores()).isEmpty()
            && !ranked(form.values()).isEmpty();
    return fits
        ? Optional.of(CublasLtAttentionLaunch.of(this, form, scores, images, programs))
        : Optional.empty();
  }

  private List<Algorithm> ranked(MatrixProducts form) {
    return algorithms.computeIfAbsent(form, this::choose);
  }

  private List<Algorithm> choose(MatrixProducts form) {
    int count = nominal.images(form.largestOperand());
    try (DescribedProduct product = new DescribedProduct(form, count, tf32)) {
      return Algorithm.ranked(library, product);
    }
  }

  /** Products of a form that {@link #launch} has found algorithms for. */
  LtProduct product(MatrixProducts form, int count) {
    return LtProduct.of(library, scratch, form, count, tf32, ranked(form));
  }
}
