"""The three files of a run. Each is whole at any moment: it is written beside its place and then put there."""
import io
import json
import os
import tarfile

from card import kernels

NOT_REACHED = "not reached"


class Results:
    """What a run has found so far. Everything that is told is on disk when the call returns."""

    def __init__(self, folder, logs, about, steps):
        self.folder, self.logs = folder, logs
        self.about, self.ceilings = about, None
        self.measurements, self.checks, self.engines, self.profile = [], [], [], []
        self.steps = [{"name": name, "seconds": None, "outcome": "not run", "notRun": NOT_REACHED} for name in steps]
        self.launches = kernels.Table()
        self.write()
        self.pack()

    # Steps.

    def step(self, name):
        """The entry of a step; one that nobody planned comes after the one that was begun last."""
        for entry in self.steps:
            if entry["name"] == name:
                return entry
        entry = {"name": name, "seconds": None, "outcome": "not run", "notRun": NOT_REACHED}
        last = max((k for k, one in enumerate(self.steps) if one["notRun"] != NOT_REACHED), default=-1)
        self.steps.insert(last + 1, entry)
        return entry

    def told(self, name, **said):
        self.step(name).update(said)
        self.write()

    # Measurements.

    def measurement(self, key):
        """The entry of an (architecture, precision, batch)."""
        for entry in self.measurements:
            if (entry["architecture"], entry["precision"], entry["batch"]) == key:
                return entry
        entry = {"architecture": key[0], "backend": self.about["backend"], "device": self.about["device"],
                 "precision": key[1], "batch": key[2], "imageStepsPerSecond": None, "msPerStep": None,
                 "shareOfMeasuredCeiling": None, "secondsBeforeFirstStep": None, "steps": None, "peers": []}
        self.measurements.append(entry)
        return entry

    def measured(self, key, figures):
        """Figures of ours; of several runs the first stays, the others are listed in it.

        What a diagnosis measured, which says how, makes room for a whole measurement.
        """
        entry = self.measurement(key)
        if "how" in entry and "how" not in figures:
            found = {name: entry.pop(name) for name in (*figures, "how") if name in entry}
            entry.update(figures)
            entry.setdefault("again", []).append(found)
        elif entry["msPerStep"] is None:
            entry.update(figures)
        else:
            entry.setdefault("again", []).append(figures)
        self.write()

    def failed(self, key, reason):
        entry = self.measurement(key)
        if entry["msPerStep"] is None:
            entry["failed"] = reason
        self.write()

    def peer(self, key, figures):
        self.measurement(key)["peers"].append({**figures, "shareOfMeasuredCeiling": None})
        self.write()

    def known_ceilings(self):
        if not self.ceilings:
            return kernels.Ceilings.by_name(self.about["device"] or "")
        products = {name: value for name, value in self.ceilings.items() if name != "copy"}
        return kernels.Ceilings.measured(self.ceilings.get("copy"), products)

    def ceiling(self, name, value):
        """TB/s of a copy, or TFLOP/s of products in a precision."""
        self.ceilings = {**(self.ceilings or {}), name: value}
        self.write()

    def rate(self):
        """Shares of the products' ceiling in all that was measured."""
        products = self.known_ceilings().products if self.ceilings else {}
        flop = {one["architecture"]: one["tflops"] / one["imageStepsPerSecond"]
                for one in self.measurements if one.get("tflops")}
        for entry in self.measurements:
            ceiling, per_image = products.get(entry["precision"]), flop.get(entry["architecture"])
            for one in (entry, *entry.get("again", []), *entry["peers"]):
                speed = one.get("imageStepsPerSecond")
                one["shareOfMeasuredCeiling"] = (
                    round(speed * per_image / ceiling, 4) if speed and per_image and ceiling else None)

    # Checks.

    def check(self, name, passed, detail):
        self.checks.append({"check": name, "passed": passed, "detail": detail})
        self.write()

    # Files.

    def write(self):
        self.rate()
        whole = {"about": self.about, "measurements": self.measurements, "ceilings": self.ceilings,
                 "checks": self.checks, "steps": self.steps, "engines": self.engines, "profile": self.profile}
        self.put("results.json", (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode())
        self.put("kernels.csv", self.launches.text(self.known_ceilings()).encode())

    def pack(self):
        """Logs so far."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:xz", preset=1) as archive:
            archive.add(self.logs, "logs")
        self.put("logs.tar.xz", packed.getvalue())

    def put(self, name, content):
        part = self.folder / f"{name}.part"
        part.write_bytes(content)
        os.replace(part, self.folder / name)
