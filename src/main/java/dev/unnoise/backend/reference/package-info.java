/**
 * Plain Java loops in the textbook's order, with sums in double precision: what the other backends are compared with.
 * It runs graphs as the model describes them, and fused ones too.
 */
package dev.unnoise.backend.reference;
