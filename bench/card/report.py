"""The files of a run, whole or not, as one JSON file and a Markdown page."""
import collections
import json
import re

from card import kernels
from card.compare import LARGEST_RATIO

SLOWEST = 25
MOST_ENGINES = 100


def make(folder, target, name):
    """Writes NAME.json and NAME.md into a folder, and answers the page's path."""
    results = json.loads((folder / "results.json").read_text())
    table = folder / "kernels.csv"
    rows = kernels.read(table) if table.exists() else []
    name = name or named(results["about"])
    target.mkdir(parents=True, exist_ok=True)
    (target / f"{name}.json").write_text(text(results, rows) + "\n")
    path = target / f"{name}.md"
    path.write_text(page(results, rows))
    return path


def named(about):
    words = [about["backend"], about["architecture"], about["device"] or "no-device",
             *([about["list"]] if about["list"] != "first" else [])]
    return re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower()).strip("-")


def text(results, rows):
    """JSON with a line for each launch: they are many."""
    whole = {name: value for name, value in results.items() if name != "profile"}
    tables = {"kernels": [list(kernels.COLUMNS), *[[row[name] for name in kernels.COLUMNS] for row in rows]],
              "profile": results["profile"]}
    said = json.dumps(whole, indent=1, ensure_ascii=False)[:-2]
    for name, entries in tables.items():
        lines = ",\n".join(f"  {json.dumps(entry, ensure_ascii=False)}" for entry in entries)
        said += f',\n "{name}": [\n{lines}\n ]'
    return said + "\n}"


def page(results, rows):
    about = results["about"]
    parts = [
        [f"# {about['architecture']} by {about['backend']}", "", *head(results)],
        section("Speed", speed(results["measurements"])),
        section("Ceilings", ceilings(results["ceilings"])),
        section("Right or wrong", checks(results["checks"])),
        section("Where the time goes", launches(rows)),
        section("Hardware counters", profile(results["profile"])),
        section("Engines", engines(results["engines"])),
        section("Steps", steps(results["steps"]))]
    return "\n".join(line for part in parts for line in part) + "\n"


def section(title, lines):
    return ["", f"## {title}", "", *(lines or ["Not run."])]


def head(results):
    about = results["about"]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    lines = [f"{about['date']}, {about['device'] or 'no device'}, driver {about['driver'] or 'unknown'}; {versions}; "
             f"commit {about['commit'][:12]}{'-dirty' * about['commit'].endswith('-dirty')}. Made by `bench/card-run`, "
             f"list {about['list']}."]
    if "took" not in about:
        lines += ["", "**The run was ended from outside**; below is what was measured until then."]
    if "workaround" in about:
        lines += ["", f"**What failed was left out from then on: {about['workaround']}.**"]
    missing = [step["name"] for step in results["steps"] if step["outcome"] != "ok"]
    if missing:
        lines += ["", f"**Not run, failed or not right: {'; '.join(missing)}** (see Steps)."]
    return lines


def speed(measurements):
    if not measurements:
        return []
    lines = ["Averages over steps, after a second of warming up on a card. PyTorch's step is one evaluation of the "
             "network; unnoise's is that and the sampler's step, but the timestep's embedding, which it computes for "
             "all steps before the first. Share: of the measured rate of a large product in that precision. Start: "
             "seconds from the start of the process to its first step, with compiling (in brackets) and choosing; "
             "PyTorch's import counts for each of its measurements.", "",
             "| | precision | batch | | steps | ms per step | image-steps/s | share | start |",
             "|---|---|---|---|---|---|---|---|---|"]
    for entry in measurements:
        sides = [(f"**unnoise**{how(entry)}", entry)]
        sides += [(f"**unnoise**{how(one) or ', again'}", one) for one in entry.get("again", [])]
        sides += [(peer["name"], peer) for peer in entry["peers"]]
        lines += [f"| {entry['architecture']} | {entry['precision']} | {entry['batch']} | {name} | {figures(one)} |"
                  for name, one in sides]
    ours = [entry for entry in measurements if entry.get("computedBy")]
    if ours:
        lines += ["", "Products and attentions of unnoise by:", ""]
        lines += [f"- {entry['precision']}, batch {entry['batch']}: "
                  + ", ".join(f"{name} {count}" for name, count in entry["computedBy"].items()) for entry in ours]
    return lines


def how(one):
    return f", {one['how']}" if "how" in one else ""


def figures(one):
    if one.get("msPerStep") is None:
        return f"| {cell('FAILED: ' + one['failed']) if one.get('failed') else 'not run'} | | | "
    share, start = one.get("shareOfMeasuredCeiling"), one.get("secondsBeforeFirstStep")
    compiling = one.get("secondsOfCompiling")
    return " | ".join([
        str(one["steps"]), f"{one['msPerStep']:.3f}", f"{one['imageStepsPerSecond']:.1f}",
        "" if share is None else f"{100 * share:.1f} %",
        "" if start is None else f"{start:.1f} s" + (f" ({compiling:.1f})" if compiling else "")])


def ceilings(measured):
    if not measured:
        return []
    return ["What PyTorch reaches at best on the same device.", "", "| | |", "|---|---|"] + [
        f"| {'large copy, read and written' if name == 'copy' else 'large product, ' + name} | "
        f"{value:g} {'TB/s' if name == 'copy' else 'TFLOP/s'} |" for name, value in measured.items()]


def checks(found):
    if not found:
        return []
    lines = ["Errors are relative root mean squares on the same weights and inputs; against single precision at most "
             f"{LARGEST_RATIO} times PyTorch's.", "", "| check | | |", "|---|---|---|"]
    return lines + [f"| {cell(one['check'])} | {'passed' if one['passed'] else '**FAILED**'} | {cell(one['detail'])} |"
                    for one in found]


def launches(rows):
    """By kind of node, and the launches that lose most, of the first table."""
    if not rows:
        return []
    what = ("architecture", "precision", "batch")
    key = [rows[0][name] for name in what]
    rows = [row for row in rows if [row[name] for name in what] == key]
    source = rows[0]["ceilings"] or "not known"
    lines = [f"{key[0]}, {key[1]}, batch {key[2]}: each launch by itself. Floor: what a launch's floating-point "
             f"operations and bytes take at the card's ceilings (these: {source}); gap: what it takes longer. Other "
             "tables are in the JSON file.", "",
             "| kind | by | launches | µs | share | floor µs | gap µs | TFLOP/s | TB/s |",
             "|---|---|---|---|---|---|---|---|---|"]
    whole = sum(row["us"] or 0 for row in rows)
    kinds = collections.defaultdict(list)
    for row in rows:
        kinds[row["kind"], row["by"]].append(row)
    for (kind, by), some in sorted(kinds.items(), key=lambda item: -total(item[1], "us")):
        lines.append(f"| {kind} | {by} | {len(some)} | {summed(some, whole)} |")
    lines += [f"| **all** | | {len(rows)} | {summed(rows, whole)} |", "",
              f"The {SLOWEST} launches with the largest gaps:", "",
              "| node | shape | by | engine | µs | floor µs | gap µs | TFLOP/s | TB/s |",
              "|---|---|---|---|---|---|---|---|---|"]
    slowest = sorted(rows, key=lambda row: -(row["us"] if row["gap_us"] is None else row["gap_us"]) if row["us"] else 0)
    for row in slowest[:SLOWEST]:
        numbers = " | ".join(plain(row[name]) for name in ("us", "floor_us", "gap_us", "tflops", "tbs"))
        lines.append(f"| {cell(row['node'])} | {row['shape']} | {row['by']} | {cell(row['engine'])} | {numbers} |")
    return lines


def total(rows, column):
    return sum(row[column] or 0 for row in rows)


def summed(rows, whole):
    us, floor = total(rows, "us"), total(rows, "floor_us")
    has_floor = any(row["floor_us"] is not None for row in rows)
    return " | ".join([
        f"{us:.1f}", f"{100 * us / whole:.1f} %" if whole else "", f"{floor:.1f}" if has_floor else "",
        f"{us - floor:.1f}" if has_floor else "", f"{total(rows, 'flop') / us / 1e6:.3g}" if us else "",
        f"{total(rows, 'bytes') / us / 1e6:.3g}" if us else ""])


def plain(value):
    return "" if value is None else f"{value:.4g}" if value < 1000 else f"{value:.0f}"


def profile(launched):
    """By kernel: what the counters of its launches say together."""
    if not launched:
        return []
    kinds = collections.defaultdict(list)
    for one in launched:
        kinds[one["kernel"].split("(")[0]].append(one)
    lines = [f"ncu over an evaluation and its start: {len(launched)} launches, clocks and caches left alone.", "",
             "| kernel | launches | µs | GB read | GB written | instructions |", "|---|---|---|---|---|---|"]
    for kernel, some in sorted(kinds.items(), key=lambda item: -total(item[1], "us"))[:SLOWEST]:
        lines.append(f"| {cell(kernel[:80])} | {len(some)} | {total(some, 'us'):.1f} | "
                     f"{total(some, 'bytesRead') / 1e9:.3f} | {total(some, 'bytesWritten') / 1e9:.3f} | "
                     f"{total(some, 'instructions'):.3g} |")
    return lines


def engines(found):
    if not found:
        return []
    rest = [f"... and {len(found) - MOST_ENGINES} more"] if len(found) > MOST_ENGINES else []
    return ["```", *found[:MOST_ENGINES], *rest, "```"]


def steps(entries):
    lines = ["| step | s | | MHz | W |", "|---|---|---|---|---|"]
    for one in entries:
        outcome = f"not run: {one['notRun']}" if one["notRun"] else one["outcome"]
        if outcome == "running":
            outcome = "running when the run was ended"
        seconds = "" if one["seconds"] is None else f"{one['seconds']:.1f}"
        clocks = f"{spread(one, 'smMHz')} | {spread(one, 'watts')}"
        lines.append(f"| {one['name']} | {seconds} | {cell(outcome)} | {clocks} |")
    return lines


def spread(step, name):
    return " / ".join(f"{value:.0f}" for value in step[name]) if name in step else ""


def cell(words):
    return " ".join(words.replace("|", "\\|").split())
