"""The results as a Markdown page."""
from card.figures import LARGEST_RATIO

CHECKS = ("tests", "sanitizer")
NOT_YET = "not yet run on a card"


def page(checks, measurements):
    lines = [f"# {checks['architecture']} by {checks['backend']}", ""]
    # Once for all that was run on one day with the same versions.
    lines += dict.fromkeys(about(one) for one in (checks, *measurements))
    lines += dict.fromkeys(versions(peer) for entry in measurements for peer in entry["peers"] if "versions" in peer)
    lines += ["`bench/gpu` checks and measures this.", "", "## Speed", "", *missing(checks, "speed", measurements)]
    if measurements:
        lines += ["One step, averages, after a second of warming up on a card. PyTorch's is one evaluation of the network; "
                  "unnoise's is that and the sampler's step, but the timestep's embedding, which it computes for all steps "
                  "before the first.", "",
                  "| precision | batch | | steps | ms per step | image-steps/s |", "|---|---|---|---|---|---|"]
        for entry in measurements:
            for name, figures in [("unnoise", entry), *((peer["name"], peer) for peer in entry["peers"])]:
                lines.append(f"| {entry['precision']} | {entry['batch']} | {name} | {speed(figures)} |")
        lines += ["", "Products and attentions of unnoise by:", ""]
        lines += [f"- {entry['precision']}, batch {entry['batch']}: {by(entry)}" for entry in measurements]
    lines += ["", "## Error", "", *missing(checks, "accuracy", checks.get("accuracy"))]
    if checks.get("accuracy"):
        lines += ["Against single precision on the same weights and inputs, relative root mean square; at most "
                  f"{LARGEST_RATIO} times PyTorch's.", "", "| precision | unnoise | PyTorch | ratio | |", "|---|---|---|---|---|"]
        lines += [f"{error(one)} {verdict(one)} |" for one in checks["accuracy"]]
    for part in CHECKS:
        lines += ["", f"## {part.capitalize()}", "", *missing(checks, part, checks.get(part))]
        if checks.get(part):
            lines += ["| check | | | |", "|---|---|---|---|"]
            lines += [f"| {one['check']} | {verdict(one)} | {cell(one['detail'])} | {one['date']} |" for one in checks[part]]
    return "\n".join(lines) + "\n"


def about(one):
    return f"{one['date']}, {one['device']}, driver {one['driver']}; {versions(one)}".strip("; \n") + "\n"


def versions(one):
    return ", ".join(f"{name} {version}" for name, version in one["versions"].items() if version) + "\n"


def missing(checks, part, found):
    reason = checks.get("notRun", {}).get(part)
    if reason:
        return [f"NOT RUN when last asked for: {reason}", ""]
    return [] if found else [NOT_YET]


def cell(text):
    return text.replace("|", "\\|")


def verdict(one):
    return "passed" if one["passed"] else "FAILED"


def speed(figures):
    if "failed" in figures:
        return f"| FAILED: {cell(figures['failed'])} | "
    return f"{figures['steps']} | {figures['msPerStep']:.3f} | {figures['imageStepsPerSecond']:.1f}"


def by(entry):
    return ", ".join(f"{name} {count}" for name, count in entry.get("computedBy", {}).items()) or "not known"


def error(one):
    if "betweenBoth" in one:
        return f"| fp32 | {one['betweenBoth']:.1e} from PyTorch | | |"
    if one.get("ratio") is not None:
        return f"| {one['precision']} | {one['error']:.2e} | {one['errorOfPyTorch']:.2e} | {one['ratio']:.2f} |"
    return f"| {one['precision']} | | | |"
