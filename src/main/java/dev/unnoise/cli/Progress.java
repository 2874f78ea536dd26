package dev.unnoise.cli;

import dev.unnoise.graph.run.RunMonitor;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar on stderr while somebody watches, nothing otherwise. */
final class Progress implements AutoCloseable {
  private final ProgressBar bar;

  private Progress(ProgressBar bar) {
    this.bar = bar;
  }

  static Progress start(String task, long total, String unit) {
    if (!Terminal.watchesStderr()) {
      return new Progress(null);
    }
    return new Progress(
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(total)
            .setUnit(" " + unit, 1)
            .showSpeed()
            .setStyle(ProgressBarStyle.COLORFUL_UNICODE_BAR)
            .setUpdateIntervalMillis(100)
            .setConsumer(new ConsoleProgressBarConsumer(System.err))
            .build());
  }

  /** Feeds the bar. */
  RunMonitor monitor() {
    if (bar == null) {
      return RunMonitor.NONE;
    }
    return (done, total) -> {
      bar.stepTo(done);
      return true;
    };
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
