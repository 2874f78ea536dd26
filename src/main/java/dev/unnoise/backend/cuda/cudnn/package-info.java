/** Convolutions, linear layers and attention by cuDNN's graph API. */
package dev.unnoise.backend.cuda.cudnn;
