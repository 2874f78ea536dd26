/** The backend {@code cuda}. */
package dev.unnoise.backend.cuda;
