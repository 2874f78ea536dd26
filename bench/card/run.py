"""One run over a card: what its steps have in common, and how they are taken one after another."""
import contextlib
import json
import signal
import sys
import time
import traceback
from typing import Callable, NamedTuple, Optional

from card.machine import ENGINES
from card.processes import Failed, Stopped

SECONDS_OF_DIAGNOSIS = 120
# What packing logs for the last time may take.
SECONDS_AT_THE_END = 4


class NotRun(Exception):
    """Why a step has nothing to do here."""


class Step(NamedTuple):
    """What is done, the seconds that it may take, and those without which it is not begun."""
    name: str
    limit: int
    least: int
    do: Callable
    # What tells more if it fails.
    diagnose: Optional[Callable] = None
    # The backend that alone has something of the kind.
    only: Optional[str] = None
    # Whether unnoise takes part, which needs a device.
    ours: bool = True


class Run:
    def __init__(self, options, scratch, processes, results, java, python, clocks):
        self.options, self.scratch, self.processes = options, scratch, processes
        self.results, self.java, self.python, self.clocks = results, java, python, clocks
        # What steps find out for those after them.
        self.no_device = None
        self.precisions = []
        self.model = None
        self.has_launches = True
        # What is wrong in the step that is being taken.
        self.wrong = []

    def perform(self, step):
        reason = self.why_not(step)
        if reason:
            self.not_run(step, reason)
            return
        print(step.name, file=sys.stderr, flush=True)
        began, mark = time.monotonic(), self.clocks.mark()
        self.processes.until = min(began + step.limit, self.processes.deadline - SECONDS_AT_THE_END)
        self.results.told(step.name, outcome="running", notRun=None)
        self.wrong = []
        outcome = "failed: it did not end"
        try:
            step.do(self)
            outcome = f"failed: {'; '.join(self.wrong)}" if self.wrong else "ok"
        except NotRun as missing:
            outcome = None
            self.not_run(step, str(missing))
        except Failed as error:
            outcome = f"failed: {'; '.join([*self.wrong, str(error)])}"
        except Stopped as told:
            outcome = f"failed: {told}"
            raise
        except Exception as error:  # A mistake in one step should not cost the others.
            traceback.print_exc()
            outcome = f"failed: {type(error).__name__}: {error}"
        finally:
            if outcome:
                self.results.told(step.name, seconds=round(time.monotonic() - began, 1), outcome=outcome,
                                  **self.clocks.since(mark))
            self.results.pack()
        if outcome and outcome != "ok" and step.diagnose:
            self.perform(Step(f"{step.name}: diagnosis", SECONDS_OF_DIAGNOSIS, 5, step.diagnose))

    def why_not(self, step):
        left = self.processes.deadline - SECONDS_AT_THE_END - time.monotonic()
        if step.only and step.only != self.options.backend:
            return f"{step.only} alone has this, the backend is {self.options.backend}"
        if step.ours and self.no_device:
            return self.no_device
        if left < step.least:
            return f"{max(0, left):.0f} s of {self.options.seconds} were left, it takes {step.least} s at least"
        return None

    def not_run(self, step, reason):
        print(f"{step.name}: not run: {reason}", file=sys.stderr, flush=True)
        self.results.told(step.name, outcome="not run", notRun=reason)

    @contextlib.contextmanager
    def going_on(self):
        """What fails in here is told at the end of the step, which goes on."""
        try:
            yield
        except Failed as error:
            self.wrong.append(str(error))

    def check(self, name, passed, detail):
        self.results.check(name, passed, detail)
        if not passed:
            self.wrong.append(f"{name}: {detail}")

    def requires(self, precision):
        if precision not in self.precisions:
            raise NotRun(f"{self.options.backend} has no {precision} on this device")

    def key(self, precision, batch, architecture=None):
        return architecture or self.options.architecture, precision, batch

    # Our side.

    def unnoise(self, name, words, limit=None, environment=None, **java):
        """Runs unnoise and answers what it said; Failed if it did not end well."""
        done = self.processes.run(name, self.java.command("dev.unnoise.cli.Main", *words, **java), limit, environment,
                                  ask=signal.SIGQUIT)
        if done.failure:
            raise Failed(f"{name}: {done.failure}")
        return done.text

    def bench(self, name, precision, batch, architecture=None, limit=None, quick=False, table=True, **java):
        """Measures ours, if it has to be without a table of launches; what fails is in the results, too."""
        key = self.key(precision, batch, architecture)
        launches = self.scratch / "launches.csv" if table and self.has_launches and not quick else None
        try:
            try:
                text = self.measure(name, key, limit, quick, launches, **java)
            except Failed as error:
                if not launches:
                    raise
                text = self.measure(f"{name} without a table", key, limit, quick, None, **java)
                self.has_launches = False
                self.results.about["workaround"] = "no table of launches"
                self.wrong.append(str(error))
        except Failed as error:
            self.results.failed(key, str(error))
            raise
        if not quick and not self.results.engines:
            self.results.engines = ENGINES.findall(text)
            self.results.write()

    def measure(self, name, key, limit, quick, launches, **java):
        """Answers what was said."""
        options, (architecture, precision, batch) = self.options, key
        drawn = self.model and architecture == options.architecture
        weights = ["--model", self.model] if drawn else ["--architecture", architecture]
        words = ["bench", "--json", "--verbose", "--backend", options.backend, *weights, "--precision", precision,
                 "--batch", batch, "--steps", 3 if quick else options.steps,
                 "--seconds", 0 if quick else options.measured_seconds]
        if launches:
            launches.unlink(missing_ok=True)
            words += ["--launches", launches]
        text = self.unnoise(name, words, limit, **java)
        try:
            figures = json.loads([line for line in text.splitlines() if line.startswith("{")][-1])
        except (ValueError, IndexError):
            raise Failed(f"{name}: it answered no JSON object") from None
        for known in ("architecture", "backend", "device", "precision", "batch"):
            figures.pop(known, None)
        if quick:
            figures["how"] = name
        self.results.measured(key, figures)
        if launches:
            self.results.launches.read(key, launches)
            self.results.write()
        return text

    def predict(self, name, precision, out, limit=None, environment=None, **java):
        """Evaluates ours once on the x.npy that PyTorch drew."""
        words = ["predict", "--verbose", "--backend", self.options.backend, "--model", self.model, "--input",
                 self.model / "x.npy", "--timestep", "500", "--precision", precision, "--out", out]
        self.unnoise(name, [*words, *self.classes()], limit, environment, **java)

    def classes(self):
        """What makes ours give image k the class that PyTorch's side gives it."""
        return ["--class", "all"] if self.options.architecture == "adm-64" else []

    # PyTorch's side.

    def torch(self, name, words, told, limit=None):
        """Runs torch_unet.py, and hands over each object that it answers at once; Failed if it did not end well."""
        script = self.processes.home / "bench" / "peers" / "torch_unet.py"
        # What it compiles is kept for the run alone: each run starts as cold as ours.
        environment = {"TORCHINDUCTOR_CACHE_DIR": str(self.scratch / "inductor"),
                       "TRITON_CACHE_DIR": str(self.scratch / "triton")}
        done = self.processes.run(
            name, [self.python, "-X", "faulthandler", "-u", script, "--device", self.options.torch_device, *words],
            limit, environment, told=lambda line: told(json.loads(line)), ask=signal.SIGABRT)
        if done.failure:
            raise Failed(f"{name}: {done.failure}")

    def peer(self, name, precisions, batches, words, architecture=None, limit=None):
        """Measures PyTorch in each precision and batch size; which of them failed is in the results, too."""
        missing = [self.key(precision, batch, architecture) for precision in precisions for batch in batches]

        def told(said):
            key = self.key(said["precision"], said["batch"], architecture)
            missing.remove(key)
            self.results.about["device"] = self.results.about["device"] or said["device"]
            self.results.about["versions"].update({name: one for name, one in said["versions"].items() if one})
            self.results.peer(key, {"name": said["peer"], **{name: said[name] for name in (
                "version", "device", "precision", "batch", "steps", "msPerStep", "imageStepsPerSecond",
                "secondsOfCompiling", "secondsBeforeFirstStep")}})
        weights = ["--model", self.model] if self.model and not architecture else []
        try:
            self.torch(name, [*weights, "--architecture", architecture or self.options.architecture,
                              "--precision", ",".join(precisions), "--batch", ",".join(map(str, batches)),
                              "--rounds", self.options.steps, "--seconds", self.options.measured_seconds, *words],
                       told, limit)
        except Failed as error:
            for key in missing:
                self.results.peer(key, {"name": name, "failed": str(error)})
            raise
