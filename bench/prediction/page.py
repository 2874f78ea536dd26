"""The prediction as a Markdown page."""
from typing import NamedTuple

from prediction import cards, measure, model

# Narrower layers fill tiles and vectors badly, and are told apart.
NARROW = 16
SUM = "**sum**"

# A projection by hand of the same launches, before this method: milliseconds of a step on an H200.
EARLIER = {"Convolution 3×3": 11.87, "Convolution 1×1": 1.03, "Linear": 0.86, "Attention": 0.68, "GroupNorm": 6.44,
           "pointwise": 0.41, "sampling": 0.15}

STATUS = """
Every time of a card on this page is **predicted: {status}**. `bench/predict` computes the page anew, from what the
backend would launch now.
"""
METHOD = """
FLOP are the textbook's, with channels padded to what the machine computes at once; bytes are those that cannot be
avoided: operands read once and the result written once, as stored, parameters once. The launches are those of the
backend cuda with cuDNN, bound to a card that does nothing (`bench/java`), so that they follow the program. Which
products cuDNN fuses with what is added to them is a rule there: one vector and a residual in 16 bits, one vector in
single precision. Times are summed: launches of a step follow one another.
"""
SHARES = """
Shares of what is reached: the least, the most likely and the largest. All of them are estimates; none is fitted to a
card. Those marked * are of the H200's bytes/s on every card: instructions and accesses in flight bound these kernels,
not memory.
"""
OVERHEAD = """
Overhead of a launch: {overheads} µs (estimated: the gap between two kernels of a graph, filling and draining the
card).
"""
BOUNDS = """
The floor takes all of both ceilings and no overhead. 'From … to' has every share and the overhead at its best, and at
its worst.
"""
COMPARED = """
A projection by hand of these launches came to {before:.1f} ms on an {card} (18 … 25), this one to {after:.1f}; by kind
this one differs by {differences}. The one by hand judged each row (small maps, strides and norms of large maps slower
than the rest), this one has a share for each kind and adds {overheads:.2f} ms of overheads; both rest on the same
ceilings and much the same guesses, so that neither confirms the other.
"""
TRUSTED = """
The same method against times that were measured on a machine without a card: {device}, {threads} threads, fp32,
{date}. Its ceilings were measured, too: {flop:.0f} GFLOP/s in a product of 2048³ and {bytes:.0f} GB/s in a copy. Of
each launch the shortest of {turns} turns counts, each the mean of 20. Shares are fitted to one network and then predict
others. 'Total' is how far the sum is off, 'each' the sum of all launches' differences, as a share of the measured time.
"""
UNSEEN = """
Kinds that the fit has not seen take the shares of GroupNorm; a shape alone in its kind cannot be left out.
A share next to 1 may also mean that the other bound always counted.
"""
FITTED = """
With shares fitted on the same device, the sum of another network's launches is off by {total}; the differences of all
launches add up to {each} at most, for a shape of the same network that was left out to {left}.
"""
WHOLE = """
Against a measured step, which is what counts, such sums are off by {total}: launches that are repeated find operands in
caches, which in a step they do not, and a step has the host's work beside them.
"""
FOREIGN = """
With shares of the other backend, which is what a prediction without a measurement amounts to, sums are off by {total}.
"""
SO = """
Nothing is fitted to a card yet, so its predictions are of the last sort: their sum counts as no better than that, and a
single row as less. They are good for seeing which kind matters, what a change of the launches saves, and a floor. Once
`unnoise bench --launches` has run on a card, `bench/predict --card-launches` sets its times beside them.
"""


def prose(template, **values):
    return " ".join(template.split()).format(**values)


class Trial(NamedTuple):
    """A backend on this machine's processors, against which the method is held."""
    backend: str
    machine: model.Machine
    efficiencies: dict
    errors: list  # runs and their errors: first the one that efficiencies are fitted to
    left_out: dict
    foreign: list  # as errors, with the efficiencies of the other backend
    steps: dict  # milliseconds of a step, by run


def trials(about):
    """What was measured on processors, held against the method: a trial for each backend."""
    machine = model.Machine(about["device"], about["flop"], about["bytes"], 0, operand=16, result=16)
    runs = {run: model.read(measure.path(run)) for run in measure.RUNS}
    fits = {}
    for (backend, *_), launches in runs.items():
        if backend not in fits:
            fitting = model.fit_overhead(launches, machine)
            fits[backend] = (fitting, model.fit(launches, fitting), launches)
    return [trial(backend, fits, runs, about["msPerStep"]) for backend in fits]


def trial(backend, fits, runs, steps):
    machine, efficiencies, launches = fits[backend]
    own = [run for run in runs if run[0] == backend]
    _, others, _ = next(fit for name, fit in fits.items() if name != backend)

    def errors(by):
        return [(run, model.errors(runs[run], machine, by)) for run in own]
    return Trial(backend, machine, efficiencies, errors(efficiencies), model.left_out(launches, machine),
                 errors(others), {run: steps[measure.path(run).name] for run in own})


def text(architecture, batch, precision, plans, about, measured):
    """The page; planned launches by precision, launches measured on cards by the card's name."""
    status = "only columns named measured are not" if measured else "not yet run on a card"
    held = trials(about)
    lines = [f"# {architecture}, {precision}, batch {batch} on cards, predicted", "", prose(STATUS, status=status), "",
             "## Method", "",
             "time of a launch = max(FLOP / (share · FLOP/s), bytes / (share · bytes/s)) + overhead", "",
             prose(METHOD), "",
             *machines(precision),
             *projection(batch, precision, plans, measured),
             *compared(plans[precision], precision),
             "## How far this can be trusted", "",
             prose(TRUSTED, **{**about, "flop": about["flop"] / 1e9, "bytes": about["bytes"] / 1e9}), ""]
    for one in held:
        lines += trial_lines(one)
    return "\n".join([*lines, *conclusion(held)]) + "\n"


def machines(precision):
    lines = ["## Ceilings and shares", "",
             f"| card | TFLOP/s, data sheet, {precision} dense | reached | TB/s, data sheet | reached |",
             "|---|---|---|---|---|"]
    for card in cards.cards(precision):
        lines.append(f"| {card.name} | {card.sheet_flop / 1e12:.0f} | {card.flop / 1e12:.0f} | "
                     f"{card.sheet_bytes / 1e12:.2f} | {card.bytes / 1e12:.1f} |")
    lines += ["", prose(SHARES), "", "| kind | of FLOP/s | of bytes/s | from |", "|---|---|---|---|"]
    for family, guess in cards.GUESSES.items():
        lines.append(f"| {family} | {shares(guess.compute)} | {shares(guess.memory)}{' *' * guess.issue} | "
                     f"{guess.source} |")
    overheads = " … ".join(f"{1e6 * one:.1f}" for one in reversed(cards.OVERHEAD))
    return [*lines, "", prose(OVERHEAD, overheads=overheads), ""]


def shares(three):
    return "–" if three == (1, 1, 1) else " … ".join(f"{one:.2f}" for one in three)


def label(launch):
    """What a row of the projection counts together."""
    (_, _, before), (height, width, after) = launch.extents
    family = launch.family
    if family.startswith("Convolution") and min(before, after) < NARROW:
        return f"{launch.kind}, fewer than {NARROW} channels"
    if family in ("Convolution 3×3", "GroupNorm"):
        return f"{family}, {height}²" if height == width else f"{family}, {height}×{width}"
    return family


def rows(launches):
    found = {}
    for launch in launches:
        found.setdefault(label(launch), []).append(launch)
    return found


def total(launches, card, case):
    machine, by = card.machine(cards.OVERHEAD[case]), cards.efficiencies(card, case)
    return sum(model.seconds(launch, machine, by) for launch in launches)


def projection(batch, precision, plans, measured):
    every = cards.cards(precision)
    columns = ["kind", "launches", "GFLOP", "GB"]
    for card in every:
        columns += [f"{card.name}: floor ms", "predicted ms", "from … to"]
        columns += ["measured ms"] if card.name in measured else []
    took = {card: {**rows(launches), SUM: launches} for card, launches in measured.items()}
    lines = ["## A step", "", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for name, same in [*rows(plans[precision]).items(), (SUM, plans[precision])]:
        cells = [name, str(len(same)), f"{sum(one.flop for one in same) / 1e9:.1f}",
                 f"{sum(one.bytes for one in same) / 1e9:.2f}"]
        for card in every:
            floor = sum(model.floor(launch, card.machine(0)) for launch in same)
            best, likely, worst = (1e3 * total(same, card, case) for case in (cards.BEST, cards.LIKELY, cards.WORST))
            cells += [f"{1e3 * floor:.2f}", f"**{likely:.2f}**", f"{best:.2f} … {worst:.2f}"]
            if card.name in took:
                cells.append(f"{sum(launch.us for launch in took[card.name].get(name, [])) / 1e3:.2f}")
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", prose(BOUNDS), ""]
    for precision_of, plan in plans.items():
        for card in cards.cards(precision_of):
            seconds = total(plan, card, cards.LIKELY)
            reached = f"{card.flop / 1e12:.0f} TFLOP/s reached"
            lines.append(f"- {card.name}, {precision_of}, {reached}: {1e3 * seconds:.1f} ms a step,"
                         f" {batch / seconds:,.0f} image-steps/s (predicted)")
    return [*lines, ""]


def compared(launches, precision):
    card = cards.cards(precision)[0]
    now = {}
    for launch in launches:
        family = launch.kind if launch.family == "epilogue" else launch.family
        now[family] = now.get(family, 0) + 1e3 * total([launch], card, cards.LIKELY)
    apart = {family: now.get(family, 0) - EARLIER.get(family, 0) for family in {**EARLIER, **now}}
    largest_first = sorted(apart, key=lambda family: -abs(apart[family]))
    differences = ", ".join(f"{apart[family]:+.2f} ({family})" for family in largest_first)
    return [prose(COMPARED, before=sum(EARLIER.values()), after=sum(now.values()), card=card.name,
                  differences=differences, overheads=1e3 * cards.OVERHEAD[cards.LIKELY] * len(launches)), ""]


def trial_lines(one):
    (fitted, own), *others = one.errors
    lines = [f"### {one.backend}" + (" (PoCL)" if one.backend == "opencl" else ""), "",
             f"Fitted to {name(fitted)}; overhead {1e6 * one.machine.overhead:.0f} µs.", ""]
    columns = ["kind", "share of FLOP/s", "of bytes/s", "fitted, total", "each", "shape left out, total", "each"]
    for run, _ in others:
        columns += [f"{name(run)}, total", "each"]
    lines += [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for family in [*dict.fromkeys(family for _, errors in one.errors for family in errors if family), None]:
        share = one.efficiencies.get(family)
        cells = [family or "**all**", f"{share.compute:.2f}" if share and share.compute != 1 else "",
                 f"{share.memory:.2f}" if share else ""]
        for errors in (own, one.left_out, *(errors for _, errors in others)):
            error = errors.get(family)
            cells += [f"{error.total:+.0%}", f"{error.each:.0%}"] if error else ["", ""]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", prose(UNSEEN), "", "| ms | predicted | measured, sum of launches | measured, a step |",
              "|---|---|---|---|"]
    for run, errors in one.errors:
        error = errors[None]
        lines.append(f"| {name(run)} | {1e3 * error.predicted:.0f} | {1e3 * error.measured:.0f} |"
                     f" {one.steps[run]:.0f} |")
    return [*lines, ""]


def name(run):
    _, network, batch = run
    return f"{network}, batch {batch}"


def conclusion(held):
    fitted = [errors[None] for one in held for _, errors in one.errors[1:]]
    whole = [errors[None]._replace(measured=1e-3 * one.steps[run]) for one in held for run, errors in one.errors[1:]]
    foreign = [errors[None] for one in held for _, errors in one.foreign]
    each, left = (max(one.each for one in some) for some in (fitted, [one.left_out[None] for one in held]))
    return ["### So", "", "- " + prose(FITTED, total=spread(fitted), each=f"{each:.0%}", left=f"{left:.0%}"),
            "- " + prose(WHOLE, total=spread(whole)), "- " + prose(FOREIGN, total=spread(foreign)), "", prose(SO)]


def spread(errors):
    totals = [one.total for one in errors]
    return f"{min(totals):+.0%} … {max(totals):+.0%}"
