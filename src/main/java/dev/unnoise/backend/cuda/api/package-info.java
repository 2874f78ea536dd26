/** The CUDA driver and the run-time compiler, called through generated bindings: every status is checked, every handle closed once. */
package dev.unnoise.backend.cuda.api;
