/**
 * oneDNN behind a few checked objects: every status is looked at, and every native object belongs to a {@link
 * dev.unnoise.backend.cpu.onednn.Scope} that frees it.
 */
package dev.unnoise.backend.cpu.onednn;
