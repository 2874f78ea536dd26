/**
 * What a backend implements and what it is given to run: devices, programs, the sampler's table of steps, and the
 * random numbers on which every backend agrees.
 */
package dev.unnoise.graph.run;
