package dev.unnoise.model;

import dev.unnoise.graph.FileFailure;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Where a checkpoint's files lie. */
sealed interface ModelFiles {

  /** Whether there is a file of this relative name. */
  boolean has(String name);

  /** The file's bytes, as long as the arena lives. */
  MemorySegment open(String name, Arena arena);

  /** How to name a file to a user. */
  String describe(String name);

  /** A folder of the file system; its files are mapped, not read. */
  record Folder(Path path) implements ModelFiles {
    @Override
    public boolean has(String name) {
      return Files.isRegularFile(path.resolve(name));
    }

    @Override
    public MemorySegment open(String name, Arena arena) {
      try (FileChannel channel = FileChannel.open(path.resolve(name), StandardOpenOption.READ)) {
        return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      } catch (IOException e) {
        throw new ModelException(describe(name) + " cannot be read: " + FileFailure.reason(e), e);
      }
    }

    @Override
    public String describe(String name) {
      return path.resolve(name).toString();
    }
  }

  /** Resources on the class path. */
  record Resources(String root) implements ModelFiles {
    @Override
    public boolean has(String name) {
      return ModelFiles.class.getResource(root + "/" + name) != null;
    }

    @Override
    public MemorySegment open(String name, Arena arena) {
      try (InputStream in = ModelFiles.class.getResourceAsStream(root + "/" + name)) {
        return MemorySegment.ofArray(in.readAllBytes());
      } catch (IOException e) {
        throw new ModelException(describe(name) + " cannot be read: " + FileFailure.reason(e), e);
      }
    }

    @Override
    public String describe(String name) {
      return "bundled model's " + name;
    }
  }
}
