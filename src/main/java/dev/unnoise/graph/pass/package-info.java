/** Rewriting of networks: each pass computes the same function with fewer, larger nodes. */
package dev.unnoise.graph.pass;
