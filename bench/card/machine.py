"""What is on the machine: a runtime and classes from the archive, PyTorch's libraries, tools, clocks of the card."""
import lzma
import os
import pathlib
import re
import shlex
import shutil
import signal
import statistics
import subprocess
import tarfile

from card.processes import Failed, die_with_parent

LOGGING = """handlers=java.util.logging.ConsoleHandler
java.util.logging.ConsoleHandler.level=ALL
java.util.logging.SimpleFormatter.format=%1$tT.%1$tL %4$s %3$s: %5$s%6$s%n
.level=WARNING
dev.unnoise.level={level}
dev.unnoise.backend.cuda.cudnn.PreparedGraphs.level=FINE
"""
# What is said of each form of product and attention that cuDNN computes.
ENGINES = re.compile(r"^[\d:.]+ \w+ dev\.unnoise\.backend\.cuda\.cudnn\.PreparedGraphs: (.*)$", re.MULTILINE)

ASK_FOR_LIBRARIES = """
import importlib.util
found = importlib.util.find_spec("nvidia")
for folder in (found.submodule_search_locations if found else None) or []:
    print(folder)
"""

SECONDS_OF_ASKING = 20

NVIDIA_CLOCKS = "nvidia-smi --query-gpu=clocks.sm,clocks.mem,power.draw,temperature.gpu --format=csv,noheader,nounits"
ROCM_CLOCKS = "rocm-smi --showclocks --showpower --showtemp --csv"
SECONDS_BETWEEN_CLOCKS = 2


def unpack(archive, scratch):
    """The folder that an archive of bench/carry holds."""
    try:
        with tarfile.open(archive) as packed:
            packed.extractall(scratch, filter="tar")
    except (OSError, EOFError, lzma.LZMAError, tarfile.TarError) as error:
        raise Failed(f"{archive}: {error}; bench/carry makes it") from None
    return scratch / "card"


def site_packages(python):
    """The folder of the libraries that PyTorch brought, or nothing. Importing torch would take seconds."""
    try:
        asked = subprocess.run([python, "-c", ASK_FOR_LIBRARIES], capture_output=True, text=True, check=False,
                               timeout=SECONDS_OF_ASKING)
    except (OSError, subprocess.TimeoutExpired):
        # Without it the steps that need them say what is missing.
        return None
    for folder in asked.stdout.splitlines():
        if (pathlib.Path(folder) / "cudnn").is_dir():
            return pathlib.Path(folder).parent
    return None


class Java:
    """How unnoise is run."""

    def __init__(self, unpacked, scratch, logs, python, options):
        self.java = unpacked / "java" / "bin" / "java"
        self.class_path = f"{unpacked / 'tests'}:{unpacked / 'lib'}/*"
        self.scratch, self.logs = scratch, logs
        self.libraries = [f"-Dunnoise.cuda.path={folder}"] if (folder := site_packages(python)) else []
        self.options = shlex.split(options)
        # What later steps are run with, once a diagnosis has shown that it helps.
        self.workaround = []
        for level in ("INFO", "FINE"):
            (scratch / f"{level}.properties").write_text(LOGGING.format(level=level))

    def command(self, main, *words, properties=(), cache="cache", level="INFO"):
        """A command line; cache is the name of a folder of what is compiled and chosen, kept for the run."""
        return [self.java, "--enable-native-access=ALL-UNNAMED", "-Xss8m", f"-XX:ErrorFile={self.logs}/hs_err_%p.log",
                f"-Djava.util.logging.config.file={self.scratch / level}.properties",
                f"-Dunnoise.cache={self.scratch / cache}", *self.libraries, *self.workaround, *self.options,
                *properties, "-cp", self.class_path, main, *words]


class Clocks:
    """Samples clocks and power beside the steps, by a program of its own that writes a log."""

    def __init__(self, path):
        self.path, self.process = path, None
        query = (NVIDIA_CLOCKS if shutil.which("nvidia-smi") else ROCM_CLOCKS if shutil.which("rocm-smi") else None)
        self.query = query and shlex.split(query)

    def start(self):
        if self.query:
            line = f"while {shlex.join(self.query)}; do sleep {SECONDS_BETWEEN_CLOCKS}; done"
            with self.path.open("wb") as log:
                self.process = subprocess.Popen(
                    ["sh", "-c", line], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                    preexec_fn=die_with_parent)

    def stop(self):
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()

    def mark(self):
        return self.path.stat().st_size if self.process else 0

    def since(self, mark):
        """What a step's entry says of the clocks since a mark: MHz and watts, least, middle and greatest."""
        if not self.process or self.query[0] != "nvidia-smi":
            return {}
        with self.path.open("rb") as file:
            file.seek(mark)
            lines = file.read().decode(errors="replace").splitlines()
        samples = [words for line in lines if len(words := line.split(",")) == 4]
        return {**spread("smMHz", [words[0] for words in samples]), **spread("watts", [words[2] for words in samples])}


def spread(name, texts):
    values = [float(text) for text in texts if re.fullmatch(r"\s*\d+(\.\d+)?\s*", text)]
    return {name: [min(values), statistics.median(values), max(values)]} if values else {}

