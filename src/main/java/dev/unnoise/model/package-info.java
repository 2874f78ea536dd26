/** Checkpoints: their files, their configuration, and the U-Net they describe, translated into a graph. */
package dev.unnoise.model;
