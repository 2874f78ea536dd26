package dev.unnoise.cli;

/** Messages that quote what users and files say stay one readable line. */
final class OneLine {
  private static final int LONGEST = 600;

  private OneLine() {}

  /** The text with control characters replaced, cut if it is very long. */
  static String of(String text) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < text.length() && line.length() < LONGEST; i++) {
      char c = text.charAt(i);
      line.append(Character.isISOControl(c) ? String.format("\\u%04x", (int) c) : c);
    }
    return text.length() > LONGEST ? line + "…" : line.toString();
  }
}
