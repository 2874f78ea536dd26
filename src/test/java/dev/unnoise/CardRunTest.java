package dev.unnoise;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.unnoise.testing.InOtherProcesses;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What bench/card-run has measured is on disk, whatever fails, hangs or kills it: src/test/python asks it. */
@InOtherProcesses
class CardRunTest {
  @Test
  void whatWasMeasuredIsOnDisk() throws Exception {
    Process process = start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
  }

  private static Process start() {
    try {
      return new ProcessBuilder("python3", "src/test/python/card_run_test.py").redirectErrorStream(true).start();
    } catch (IOException e) {
      return abort("python3 is not installed");
    }
  }
}
