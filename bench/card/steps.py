"""Running one program after another, each within a limit of time and with a log of its own."""
import json
import subprocess
import sys
import time


class Steps:
    def __init__(self, folder, limit):
        self.folder, self.limit = folder, limit
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, name, command):
        """What a command says, and whether it ended well."""
        began = time.monotonic()
        try:
            done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=self.limit, check=False)
            text, status = done.stdout, done.returncode
        except subprocess.TimeoutExpired as late:
            text, status = (late.stdout or b"").decode(errors="replace"), f"stopped after {self.limit} s"
        except OSError as error:
            text, status = str(error), "not started"
        (self.folder / (name.replace(" ", "-").replace(",", "") + ".log")).write_text(text)
        print(f"{name}: {'ok' if status == 0 else status} ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
        return text, status == 0

    def last_object(self, name, command):
        """The JSON object of the last line that holds one: libraries may talk before it. None if the command failed."""
        text, passed = self.run(name, command)
        lines = [line for line in text.splitlines() if line.startswith("{")]
        return json.loads(lines[-1]) if passed and lines else None
