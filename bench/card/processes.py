"""Running one program after another: each within a limit of time, with a log that is on disk as it is said."""
import collections
import ctypes
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from typing import NamedTuple

ERROR = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Failed)\b.*")
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

# Of a log: its beginning, and as much of its end.
KEPT_BYTES = 1 << 20
LAST_WORDS_SECONDS = 3
LEAST_SECONDS = 0.2


class Failed(Exception):
    """Why something was not done, in one line."""


class Stopped(BaseException):
    """The whole run is told to end."""


class Done(NamedTuple):
    """What a command said; and why it did not end well, or nothing."""
    text: str
    failure: str


def die_with_parent():
    """A card that is held by a program whose parent was killed cannot be measured."""
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Log:
    """A file that grows as something is said, up to a size; the end of what is longer is kept, too."""

    def __init__(self, path):
        self.path, self.file = path, path.open("wb")
        self.head, self.size, self.tail, self.tail_size = [], 0, collections.deque(), 0

    def write(self, chunk):
        room = max(0, KEPT_BYTES - self.size)
        self.size += len(chunk)
        if chunk[:room]:
            self.head.append(chunk[:room])
            self.file.write(chunk[:room])
            self.file.flush()
        if chunk[room:]:
            self.tail.append(chunk[room:])
            self.tail_size += len(chunk) - room
            while self.tail_size - len(self.tail[0]) >= KEPT_BYTES:
                self.tail_size -= len(self.tail.popleft())

    def last_said(self):
        pieces = self.tail or self.head
        return pieces[-1].decode(errors="replace") if pieces else ""

    def close(self):
        """Answers all that was kept."""
        left_out = self.size - sum(map(len, self.head)) - self.tail_size
        end = b"".join(self.tail)
        if left_out:
            end = b"\n... %d bytes left out ...\n" % left_out + end
        self.file.write(end)
        self.file.close()
        return (b"".join(self.head) + end).decode(errors="replace")


class Processes:
    """Runs commands in the checkout, where tests look for their files."""

    def __init__(self, home, running, logs, deadline):
        self.home, self.running, self.logs, self.deadline = home, running, logs, deadline
        self.until = deadline
        self.count = 0
        logs.mkdir(parents=True, exist_ok=True)

    def left(self):
        """Seconds that remain to the step."""
        return self.until - time.monotonic()

    def run(self, name, command, limit=None, environment=None, told=None, ask=None):
        """Runs a command to its end, or to that of its time, with all that it has started: for they hold the card.

        told is called with each line that holds a JSON object, as soon as it is said. ask is a signal that makes a
        program say what it is doing, sent before it is killed.
        """
        began = time.monotonic()
        until = self.until if limit is None else min(self.until, began + limit)
        if until - began < LEAST_SECONDS:
            return Done("", "not started: the time of this step is over")
        log = Log(self.running)
        try:
            failure = self.watch([str(word) for word in command], environment or {}, log, until, told, ask)
        except OSError as error:
            failure = f"not started: {error}"
        finally:
            text = log.close()
            self.keep(name, self.running)
        if text and failure.startswith(("status", "killed")):
            failure += f": {last_words(text)}"
        print(f"  {name}: {failure or 'ok'} ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
        return Done(text, failure)

    def keep(self, name, file):
        """Puts a file among the logs, in their order."""
        self.count += 1
        word = re.sub(r"[^A-Za-z0-9.=-]+", "-", name).strip("-")
        shutil.move(file, self.logs / f"{self.count:02d}-{word}.log")

    def watch(self, command, environment, log, until, told, ask):
        began = time.monotonic()
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              cwd=self.home, env={**os.environ, **environment}, start_new_session=True,
                              preexec_fn=die_with_parent) as process:
            listener = Listener(process.stdout.fileno(), log, told)
            try:
                # What a program leaves behind may hold its output open.
                while not listener.ended and process.poll() is None:
                    if time.monotonic() >= until - (LAST_WORDS_SECONDS if ask else 0):
                        said = last_words(log.last_said())
                        if ask:
                            process.send_signal(ask)
                            listener.listen_until(until)
                        return f"stopped after {time.monotonic() - began:.0f} s; last: {said}"
                    listener.listen(min(0.2, max(0, until - time.monotonic())))
                while not listener.ended and listener.listen(0.1):
                    pass
                process.wait(max(1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                return f"closed its output and went on; stopped after {time.monotonic() - began:.0f} s"
            finally:
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                while not listener.ended and listener.listen(0):
                    pass
        code = process.returncode
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"status {code}" if code else ""


class Listener:
    def __init__(self, source, log, told):
        self.source, self.log, self.told = source, log, told
        self.ended, self.line = False, b""

    def listen(self, seconds):
        """Takes what is said within a time; answers whether there was anything."""
        if not select.select([self.source], [], [], seconds)[0]:
            return False
        chunk = os.read(self.source, 1 << 16)
        self.ended = not chunk
        self.log.write(chunk)
        if self.told:
            *lines, self.line = (self.line + chunk).split(b"\n")
            for line in lines:
                if line.startswith(b"{"):
                    self.told(line.decode(errors="replace"))
        return bool(chunk)

    def listen_until(self, until):
        while not self.ended and (left := until - time.monotonic()) > 0:
            self.listen(left)


def last_words(text):
    """What went wrong: the last line that names an error, for advice may follow it; or the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if ERROR.match(line)]
    return (errors or lines or ["it said nothing"])[-1][:200]

