package dev.unnoise.backend.gpu.node;

/** What an attention works on: a row of all heads for every token of every image. */
public record AttentionOperands(Located query, Located key, Located value, Located output) {}
