package dev.unnoise.backend.cuda.cudnn;

import com.google.gson.Gson;
import dev.unnoise.backend.cuda.api.KeptFiles;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Which engine computes a form, and its plans, on disk: so the choice stays what it is, and no process but the first
 * compiles. What was found for another card, driver or library does not count.
 */
final class PlanStore {
  private static final Gson GSON = new Gson();

  /** To be changed with what files hold: those of another format are not read. */
  private static final String FORMAT = "plans 1";

  private final KeptFiles files;
  private final String machine;

  /**
   * A store.
   *
   * @param machine card, driver and libraries, by their names and versions
   */
  PlanStore(KeptFiles files, String machine) {
    this.files = files;
    this.machine = machine;
  }

  /**
   * What was found for a form and a number of images.
   *
   * @param plan nothing if no engine takes them
   */
  record Entry(Optional<SavedPlan> plan) {}

  /** What was found before, if anything was looked for. */
  Optional<Entry> read(GraphForm form, int images, EnginePolicy policy) {
    return files
        .read(name(form, images, policy))
        .map(bytes -> GSON.fromJson(new String(bytes, StandardCharsets.UTF_8), SavedPlan.class))
        .map(plan -> new Entry(Optional.of(plan).filter(one -> one.choice() != null)));
  }

  /** Keeps what was found. */
  void write(GraphForm form, int images, EnginePolicy policy, Entry entry) {
    String text = entry.plan().map(GSON::toJson).orElse("{}");
    files.write(name(form, images, policy), text.getBytes(StandardCharsets.UTF_8));
  }

  private String name(GraphForm form, int images, EnginePolicy policy) {
    String identity = KeptFiles.identity(FORMAT, machine, policy.name(), form.toString(), Integer.toString(images));
    return "plan-" + identity + ".json";
  }
}
