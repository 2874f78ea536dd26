"""Running one program after another, each within a limit of time and with a log of its own."""
import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import NamedTuple

ERROR = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Failed)\b.*")


class Done(NamedTuple):
    """What a command said; and why it did not end well, or nothing."""
    text: str
    failure: str


class Failed(Exception):
    pass


class Steps:
    def __init__(self, folder, home, limit):
        self.folder, self.home, self.limit = folder, home, limit
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, name, command):
        """Runs a command in the checkout: tests look for their files there."""
        began = time.monotonic()
        try:
            text, failure = self.watch([str(word) for word in command])
        except OSError as error:
            text, failure = str(error), f"not started: {error}"
        (self.folder / (name.replace(" ", "-").replace(",", "") + ".log")).write_text(text)
        print(f"{name}: {failure or 'ok'} ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
        return Done(text, failure)

    def watch(self, command):
        """Runs a command to its end, or to that of its time: then with all that it has started, for they hold the card."""
        with subprocess.Popen(command, text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              cwd=self.home, start_new_session=True) as process:
            try:
                text, _ = process.communicate(timeout=self.limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                text, _ = process.communicate()
                return text, f"stopped after {self.limit} s"
            return text, f"status {process.returncode}: {last_words(text)}" if process.returncode else ""

    def last_object(self, name, command):
        """The JSON object of the last line that holds one: libraries may talk before it."""
        done = self.run(name, command)
        lines = [line for line in done.text.splitlines() if line.startswith("{")]
        if done.failure or not lines:
            raise Failed(done.failure or "answered no JSON object")
        try:
            return json.loads(lines[-1])
        except ValueError:
            raise Failed(f"answered no JSON object: {lines[-1][:200]}") from None


def last_words(text):
    """What went wrong: the last line that names an error, for advice may follow it; or the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if ERROR.match(line)]
    return (errors or lines or ["it said nothing"])[-1][:200]
