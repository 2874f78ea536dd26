package dev.unnoise.backend.cuda.library;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Folders that somebody named: an installation, the folder of libraries inside one, or a folder that pip fills.
 *
 * @param name who named them
 * @param folders searched in this order
 * @param inside where libraries may be inside each; for a soname all of these are searched before the next soname
 */
record FolderSource(String name, List<Path> folders, List<String> inside) implements Source {
  FolderSource {
    folders = List.copyOf(folders);
    inside = List.copyOf(inside);
  }

  @Override
  public Stream<Candidate> candidates(Library library) {
    return folders.stream().flatMap(folder -> within(folder, library).stream());
  }

  private List<Candidate> within(Path folder, Library library) {
    if (!Files.isDirectory(folder)) {
      return List.of(Candidate.absent(folder.toString(), "there is no such folder"));
    }
    List<Candidate> found = new ArrayList<>();
    for (String soname : library.sonames()) {
      for (String place : inside) {
        Path file = folder.resolve(place).resolve(soname);
        if (Files.isRegularFile(file)) {
          found.add(Candidate.of(library, soname, file.toAbsolutePath()));
        }
      }
    }
    return found.isEmpty()
        ? List.of(Candidate.absent(folder.toString(), "no " + library.names() + " there"))
        : found;
  }
}
