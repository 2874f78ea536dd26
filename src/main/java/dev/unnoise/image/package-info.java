/** Images and tensors as files: PNG, grids, NPY and NPZ. Files appear whole or not at all. */
package dev.unnoise.image;
