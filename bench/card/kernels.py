"""Time per launch beside what the card could do: kernels.csv."""
import csv
import io

SAID = ("node", "kind", "shape", "by", "engine", "us", "flop", "bytes")
COLUMNS = ("architecture", "precision", "batch", "launch", *SAID, "tflops", "tbs", "floor_us", "gap_us", "ceilings")

NUMBERS = {"batch", "launch", "us", "flop", "bytes", "tflops", "tbs", "floor_us", "gap_us"}

# TB/s of a large copy, read and written, and TFLOP/s of large products, by a card's name: seen on such cards, or nine
# tenths of what their data sheets say. Good for a first look, until the card's own are measured. The first that fits.
BY_NAME = {
    "H200": (4.3, {"bf16": 790, "fp16": 790, "tf32": 400, "fp32": 52}),
    "H100 PCIe": (1.9, {"bf16": 600, "fp16": 600, "tf32": 300, "fp32": 45}),
    "H100": (3.0, {"bf16": 790, "fp16": 790, "tf32": 400, "fp32": 52}),
    "A100": (1.7, {"bf16": 270, "fp16": 270, "tf32": 135, "fp32": 19}),
    "MI300X": (4.3, {"bf16": 650, "fp16": 650, "fp32": 120}),
}


class Ceilings:
    """TB/s and TFLOP/s by precision; each may be missing."""

    def __init__(self, source, copy, products):
        self.source, self.copy, self.products = source, copy, products

    @staticmethod
    def by_name(device):
        for name, (copy, products) in BY_NAME.items():
            if all(word in device for word in name.split()):
                return Ceilings(f"{name}, by name", copy, products)
        return Ceilings("", None, {})

    @staticmethod
    def measured(copy, products):
        # 16 bits are multiplied alike.
        halves = {"fp16": products["bf16"]} if "bf16" in products else {}
        return Ceilings("measured", copy, {**halves, **products})

    def floor_us(self, flop, size, precision):
        """Microseconds that a launch takes at least, or None."""
        product = self.products.get(precision)
        if not self.copy or (flop and not product):
            return None
        return max(size / self.copy, flop / product if flop else 0) / 1e6


class Table:
    """The launches of a step of each measurement that had a table of them."""

    def __init__(self):
        self.tables = {}

    def read(self, key, path):
        """Takes the file that unnoise bench --launches wrote, for (architecture, precision, batch)."""
        with path.open(newline="", encoding="utf-8") as file:
            self.tables[key] = list(csv.DictReader(file))

    def rows(self, ceilings):
        for (architecture, precision, batch), launches in self.tables.items():
            for number, said in enumerate(launches):
                yield {"architecture": architecture, "precision": precision, "batch": batch, "launch": number,
                       **{name: said.get(name, "") for name in SAID}, **rated(said, precision, ceilings)}

    def text(self, ceilings):
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", restval="")
        writer.writeheader()
        for row in self.rows(ceilings):
            writer.writerow({name: "" if value is None else value for name, value in row.items()})
        return out.getvalue()


def rated(said, precision, ceilings):
    us, flop, size = (float(said.get(name) or 0) for name in ("us", "flop", "bytes"))
    floor = ceilings.floor_us(flop, size, precision)
    return {"tflops": round(flop / us / 1e6, 2) if us and flop else None,
            "tbs": round(size / us / 1e6, 3) if us and size else None,
            "floor_us": None if floor is None else round(floor, 2),
            "gap_us": None if floor is None or not us else round(us - floor, 2),
            "ceilings": ceilings.source}


def read(path):
    """The rows of a kernels.csv, with numbers where there are some."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: number(value) if name in NUMBERS else value for name, value in row.items()}
                for row in csv.DictReader(file)]


def number(text):
    value = float(text) if text else None
    return int(value) if value is not None and value.is_integer() else value
