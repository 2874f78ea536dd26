/** Convolutions and linear layers by cuDNN's graph API. */
package dev.unnoise.backend.cuda.cudnn;
