"""The files of results: one for each measurement, one for all checks, and a page of both."""
import json
import pathlib

from card import report


class Results:
    """What a device has shown so far. Files of another device stay until this one's take their place."""

    def __init__(self, folder, about):
        self.folder, self.about = pathlib.Path(folder), about
        self.name = f"{about['backend']}-{about['architecture']}"
        folder.mkdir(parents=True, exist_ok=True)
        self.checks = {**self.read(self.path("-checks.json")), **about}
        self.write(self.path("-checks.json"), self.checks)

    def path(self, ending):
        return self.folder / (self.name + ending)

    def read(self, path):
        known = json.loads(path.read_text()) if path.exists() else {}
        return known if known.get("device") == self.about["device"] else {}

    def write(self, path, content):
        path.write_text(json.dumps(content, indent=2) + "\n")
        self.page().write_text(report.page(self.checks, self.measurements()))

    def page(self):
        return self.path(".md")

    def measurements(self):
        found = [self.read(path) for path in self.folder.glob(f"{self.name}-*-batch*.json")]
        return sorted((one for one in found if one), key=lambda one: (one["precision"], one["batch"]))

    def measured(self, entry):
        """An entry, with what it is about."""
        entry = {**self.about, **entry, "architecture": self.about["architecture"]}
        self.write(self.path(f"-{entry['precision']}-batch{entry['batch']}.json"), entry)

    def collect(self, part, key, one):
        """An entry takes the place of that of the same key."""
        others = [other for other in self.checks.get(part, []) if other[key] != one[key]]
        self.checks[part] = [*others, {**one, "date": self.about["date"], "driver": self.about["driver"]}]
        self.checks.get("notRun", {}).pop(part, None)
        self.write(self.path("-checks.json"), self.checks)

    def not_run(self, part, reason):
        self.checks.setdefault("notRun", {})[part] = reason
        self.write(self.path("-checks.json"), self.checks)
