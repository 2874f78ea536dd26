/**
 * The backend for machines without a GPU: products through oneDNN, everything else in Java, one image at a time on
 * each of several lanes.
 */
package dev.unnoise.backend.cpu;
