"""The method: a launch takes as long as its operations or its bytes, whichever takes longer, and a little to begin."""
import csv
import math
import re
from typing import NamedTuple

PRODUCTS = ("Convolution", "Linear")
EXTENT = re.compile(r"(\d+)x(\d+)x(\d+)")

# Efficiencies that are tried when they are fitted: 0.01 … 8, in steps of 4 %. More than 1 is possible: caches are
# faster than memory, and Winograd's products take fewer operations than the textbook's.
GRID = [0.01 * 1.04 ** i for i in range(171)]

# Seconds that are tried for a launch that does nothing.
OVERHEADS = (0, 1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5)


class Launch(NamedTuple):
    """A line of `unnoise bench --launches`."""
    node: str
    kind: str
    shape: str
    by: str
    engine: str
    us: float
    flop: int
    bytes: int

    @property
    def family(self):
        """What has an efficiency of its own: the kind, and where it matters how it is computed."""
        if self.kind.startswith(PRODUCTS):
            if not self.flop:
                return "epilogue"
            return self.kind + (", Winograd" if "winograd" in self.engine.lower() else "")
        return self.kind if self.kind in ("GroupNorm", "Attention", "sampling") else "pointwise"

    @property
    def extents(self):
        """Height, width and channels of the first operand and of the result."""
        found = [tuple(map(int, one)) for one in EXTENT.findall(self.shape)]
        return found[0], found[-1]


class Machine(NamedTuple):
    """What a machine does at best."""
    name: str
    flop: float  # a second
    bytes: float  # a second, read and written
    overhead: float  # seconds of a launch that does nothing
    operand: int = 1  # channels that products are padded to
    result: int = 1
    lanes: int = 1  # channels that epilogues are padded to


class Efficiency(NamedTuple):
    """Shares of what the machine does at best."""
    compute: float
    memory: float


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return [Launch(**{**line, "us": float(line["us"] or "nan"), "flop": int(line["flop"]),
                          "bytes": int(line["bytes"])}) for line in csv.DictReader(file)]


def padded(number, multiple):
    return math.ceil(number / multiple) * multiple / number


def least(launch, machine):
    """Seconds of a launch's operations and of its bytes at full efficiency."""
    (_, _, before), (_, _, after) = launch.extents
    flop, moved = launch.flop, launch.bytes
    if launch.kind.startswith(PRODUCTS):
        flop *= padded(before, machine.operand) * padded(after, machine.result)
        moved *= padded(after, machine.lanes) if launch.family == "epilogue" else 1
    return flop / machine.flop, moved / machine.bytes


def seconds(launch, machine, efficiencies):
    computing, moving = least(launch, machine)
    efficiency = efficiencies.get(launch.family) or efficiencies["GroupNorm"]
    return max(computing / efficiency.compute, moving / efficiency.memory) + machine.overhead


def floor(launch, machine):
    """Seconds that nothing on the machine can do without: the textbook's operations at full efficiency."""
    return max(launch.flop / machine.flop, launch.bytes / machine.bytes)


def families(launches):
    """Launches by family, in order of their first."""
    found = {}
    for launch in launches:
        found.setdefault(launch.family, []).append(launch)
    return found


def fit(launches, machine):
    """The efficiencies of each family that fit measured times best: the least sum of differences."""
    return {family: best(same, machine) for family, same in families(launches).items()}


def fit_overhead(launches, machine):
    """The machine with that of the OVERHEADS that fits best."""
    machines = [machine._replace(overhead=overhead) for overhead in OVERHEADS]
    return min(machines, key=lambda one: errors(launches, one, fit(launches, one))[None].apart)


def best(launches, machine):
    counted = {}
    for launch in launches:
        counted.setdefault((*least(launch, machine), launch.us * 1e-6), 0)
        counted[(*least(launch, machine), launch.us * 1e-6)] += 1

    def difference(compute, memory):
        return sum(count * abs(max(computing / compute, moving / memory) + machine.overhead - took)
                   for (computing, moving, took), count in counted.items())
    computes = GRID if any(launch.flop for launch in launches) else [1]
    # Where bytes or operations never count, any efficiency fits: the one nearest to 1 is taken.
    pairs = [Efficiency(compute, memory) for compute in computes for memory in GRID]
    return min(pairs, key=lambda one: (difference(*one), abs(math.log(one.compute)) + abs(math.log(one.memory))))


class Error(NamedTuple):
    """Measured and predicted seconds of some launches, and the sum of the differences of each."""
    measured: float
    predicted: float
    apart: float

    @property
    def total(self):
        return self.predicted / self.measured - 1

    @property
    def each(self):
        return self.apart / self.measured


def error(pairs):
    pairs = list(pairs)
    measured, predicted = (sum(one) for one in zip(*pairs))
    return Error(measured, predicted, sum(abs(took - said) for took, said in pairs))


def errors(launches, machine, efficiencies):
    """Of each family, and of all launches under the name None."""
    pairs = {family: [(launch.us * 1e-6, seconds(launch, machine, efficiencies)) for launch in same]
             for family, same in families(launches).items()}
    return {**{family: error(own) for family, own in pairs.items()}, None: error(sum(pairs.values(), []))}


def left_out(launches, machine):
    """As errors, each shape predicted with efficiencies fitted to the others of its family; lone shapes have none."""
    pairs = {}
    for family, same in families(launches).items():
        for shape in {launch.shape for launch in same}:
            others = [launch for launch in same if launch.shape != shape]
            if others:
                efficiencies = {family: best(others, machine)}
                pairs.setdefault(family, []).extend((launch.us * 1e-6, seconds(launch, machine, efficiencies))
                                                    for launch in same if launch.shape == shape)
    return {**{family: error(own) for family, own in pairs.items()}, None: error(sum(pairs.values(), []))}
