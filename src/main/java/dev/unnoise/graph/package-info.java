/**
 * The network as data: tensors, a sealed set of nodes, graphs of them, and the parameters they name.
 *
 * <p>Shapes leave the batch out. Nothing here computes; {@link dev.unnoise.graph.pass} rewrites graphs,
 * {@link dev.unnoise.graph.plan} assigns memory, and backends execute through {@link dev.unnoise.graph.run}.
 */
package dev.unnoise.graph;
