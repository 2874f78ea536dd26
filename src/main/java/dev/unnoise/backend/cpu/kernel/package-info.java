/**
 * The operations of the backend cpu. A {@link dev.unnoise.backend.cpu.kernel.Recipe} is what can be prepared once for
 * all lanes; bound to a {@link dev.unnoise.backend.cpu.kernel.Site} it becomes a {@link
 * dev.unnoise.backend.cpu.kernel.Kernel}. Every kernel computes each image with the same instructions whatever the
 * batch, so images are reproducible by construction.
 */
package dev.unnoise.backend.cpu.kernel;
