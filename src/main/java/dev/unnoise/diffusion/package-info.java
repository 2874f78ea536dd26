/**
 * The mathematics of diffusion, on the host and in double precision: noise schedules, the forward process and its
 * posterior, and samplers as tables of steps.
 */
package dev.unnoise.diffusion;
