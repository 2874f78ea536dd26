package dev.unnoise.graph.run;

import dev.unnoise.graph.Node;

/**
 * What one node cost.
 *
 * @param nanos for the program's whole batch
 */
public record NodeTime(Node node, long nanos) {}
