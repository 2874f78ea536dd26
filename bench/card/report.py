"""The results as a Markdown page."""
NOT_YET = "not yet run on a card"


def page(results, parts, limit):
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    lines = [f"# {results['architecture']} by {results['backend']}", "",
             f"{results['date']}, {results['device']}, driver {results['driver']}. {versions}.", "",
             "`bench/gpu` checks and measures this.", "", "## Speed", ""]
    if results.get("measurements"):
        lines += ["One evaluation of the network, averages.", "",
                  "| precision | batch | | ms per step | image-steps/s |", "|---|---|---|---|---|"]
        for entry in results["measurements"]:
            for name, figures in [("unnoise", entry), *((peer["name"], peer) for peer in entry["peers"])]:
                lines.append(f"| {entry['precision']} | {entry['batch']} | {name} | {figures['msPerStep']:.2f} | "
                             f"{figures['imageStepsPerSecond']:.1f} |")
    else:
        lines.append(NOT_YET)
    lines += ["", "## Error", ""]
    if results.get("accuracy"):
        lines += [f"Against single precision on the same weights and inputs, relative root mean square; at most {limit} "
                  "times PyTorch's.", "", "| precision | unnoise | PyTorch | ratio | |", "|---|---|---|---|---|"]
        for one in results["accuracy"]:
            if "betweenBoth" in one:
                text = f"| fp32 | {one['betweenBoth']:.1e} from PyTorch | | |"
            elif one.get("ratio") is not None:
                text = f"| {one['precision']} | {one['error']:.2e} | {one['errorOfPyTorch']:.2e} | {one['ratio']:.2f} |"
            else:
                text = f"| {one['precision']} | | | |"
            lines.append(f"{text} {'passed' if one['passed'] else 'FAILED'} |")
    else:
        lines.append(NOT_YET)
    for part in parts:
        lines += ["", f"## {part.capitalize()}", ""]
        if results.get(part):
            lines += ["| check | | |", "|---|---|---|"]
            lines += [f"| {one['check']} | {'passed' if one['passed'] else 'FAILED'} | {one['detail']} |"
                      for one in results[part]]
        else:
            lines.append(NOT_YET)
    return "\n".join(lines) + "\n"
