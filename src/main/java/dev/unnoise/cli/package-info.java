/** The command line. Results go to stdout; progress and complaints go to stderr. */
package dev.unnoise.cli;
