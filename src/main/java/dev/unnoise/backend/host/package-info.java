/**
 * What the backends that keep images in host memory share: one image's state and its reverse step, the loop over
 * images and steps, and the table of conditioning rows.
 */
package dev.unnoise.backend.host;
