package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.backend.cpu.onednn.Arguments;
import dev.unnoise.backend.cpu.onednn.Invocation;
import dev.unnoise.backend.cpu.onednn.Layout;
import dev.unnoise.backend.cpu.onednn.OneDnn;
import dev.unnoise.backend.cpu.onednn.PostOps;
import dev.unnoise.backend.cpu.onednn.Primitive;
import dev.unnoise.backend.cpu.onednn.Scope;
import dev.unnoise.backend.cpu.onednn.Stream;
import dev.unnoise.graph.Attention;
import dev.unnoise.graph.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Attention as two batched matrix products around a softmax, all heads at once, for a block of queries at a time: the
 * scores of a block stay in the second-level cache.
 */
final class AttentionRecipe implements Recipe {
  /** Bytes of scores of a block. */
  private static final long SCORE_BYTES = 512 << 10;

  private static final int SMALLEST_BLOCK = 16;

  private final OneDnn oneDnn;
  private final Attention node;
  private final List<Block> blocks = new ArrayList<>();

  /** The primitives of a number of queries, and the first query of every block they are used for. */
  private record Block(
      int queries,
      List<Integer> firsts,
      Layout query,
      Layout key,
      Layout scores,
      Layout scoreRows,
      Layout value,
      Layout output,
      Primitive product,
      Primitive softmax,
      Primitive weighted) {}

  AttentionRecipe(OneDnn oneDnn, Scope scope, Attention node) {
    this.oneDnn = oneDnn;
    this.node = node;
    int tokens = Math.toIntExact(node.query().shape().pixels());
    long fitting = SCORE_BYTES / (4L * node.heads() * tokens);
    int size = (int) Math.clamp(fitting, Math.min(SMALLEST_BLOCK, tokens), tokens);
    List<Integer> firsts = new ArrayList<>();
    for (int first = 0; first + size <= tokens; first += size) {
      firsts.add(first);
    }
    blocks.add(block(scope, size, firsts, tokens));
    int rest = tokens % size;
    if (rest > 0) {
      blocks.add(block(scope, rest, List.of(tokens - rest), tokens));
    }
  }

  private Block block(Scope scope, int queries, List<Integer> firsts, int tokens) {
    int heads = node.heads();
    Layout query = perHead(scope, node.query(), queries);
    Layout key =
        oneDnn.strided(
            scope, new long[] {heads, node.headDim(), tokens}, new long[] {node.headDim(), 1, node.key().channelStride()});
    Layout scores = oneDnn.dense(scope, heads, queries, tokens);
    Layout scoreRows = oneDnn.dense(scope, (long) heads * queries, tokens);
    Layout value = perHead(scope, node.value(), tokens);
    Layout output = perHead(scope, node.output(), queries);
    PostOps scaled = new PostOps();
    scaled.scale(node.scale());
    return new Block(
        queries,
        firsts,
        query,
        key,
        scores,
        scoreRows,
        value,
        output,
        oneDnn.matmul(scope, query, key, null, scores, scaled),
        oneDnn.softmax(scope, scoreRows, 1),
        oneDnn.matmul(scope, scores, value, null, output, new PostOps()));
  }

  private Layout perHead(Scope scope, Tensor tensor, int tokens) {
    return oneDnn.strided(
        scope,
        new long[] {node.heads(), tokens, node.headDim()},
        new long[] {node.headDim(), tensor.channelStride(), 1});
  }

  @Override
  public long scratchpadBytes() {
    return blocks.stream()
        .flatMap(block -> List.of(block.product(), block.softmax(), block.weighted()).stream())
        .mapToLong(primitive -> primitive.scratchpad().bytes())
        .max()
        .orElse(0);
  }

  @Override
  public long workspaceBytes(int slots) {
    return blocks.getFirst().scores().bytes();
  }

  @Override
  public int launches() {
    return blocks.stream().mapToInt(block -> 3 * block.firsts().size()).sum();
  }

  @Override
  public Optional<String> implementation() {
    return Optional.of(blocks.getFirst().product().implementation());
  }

  @Override
  public Kernel bind(Site site) {
    Invocation[][] calls = new Invocation[site.slots()][];
    for (int slot = 0; slot < calls.length; slot++) {
      List<Invocation> list = new ArrayList<>();
      for (Block block : blocks) {
        for (int first : block.firsts()) {
          bind(site, slot, block, first, list);
        }
      }
      calls[slot] = list.toArray(Invocation[]::new);
    }
    Stream stream = site.stream();
    return images -> {
      for (int slot = 0; slot < images; slot++) {
        for (Invocation call : calls[slot]) {
          call.run(stream);
        }
      }
    };
  }

  private void bind(Site site, int slot, Block block, int first, List<Invocation> calls) {
    Scope scope = site.scope();
    long queryOffset = 4L * first * node.query().channelStride();
    long outputOffset = 4L * first * node.output().channelStride();
    MemorySegment query = site.region(slot, node.query()).memory().asSlice(queryOffset);
    MemorySegment output = site.region(slot, node.output()).memory().asSlice(outputOffset);
    calls.add(
        new Invocation(
            node.name(),
            block.product(),
            new Arguments()
                .source(oneDnn.memory(scope, block.query(), query))
                .weights(oneDnn.memory(scope, block.key(), site.region(slot, node.key()).memory()))
                .destination(oneDnn.memory(scope, block.scores(), site.workspace()))
                .scratchpad(oneDnn.memory(scope, block.product().scratchpad(), site.scratchpad())),
            scope));
    calls.add(
        new Invocation(
            node.name(),
            block.softmax(),
            new Arguments()
                .source(oneDnn.memory(scope, block.scoreRows(), site.workspace()))
                .destination(oneDnn.memory(scope, block.scoreRows(), site.workspace()))
                .scratchpad(oneDnn.memory(scope, block.softmax().scratchpad(), site.scratchpad())),
            scope));
    calls.add(
        new Invocation(
            node.name(),
            block.weighted(),
            new Arguments()
                .source(oneDnn.memory(scope, block.scores(), site.workspace()))
                .weights(oneDnn.memory(scope, block.value(), site.region(slot, node.value()).memory()))
                .destination(oneDnn.memory(scope, block.output(), output))
                .scratchpad(oneDnn.memory(scope, block.weighted().scratchpad(), site.scratchpad())),
            scope));
  }
}
