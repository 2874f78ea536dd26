/** What backends share that call native libraries: finding them in jars and unpacking them into the user's cache. */
package dev.unnoise.backend.natives;
