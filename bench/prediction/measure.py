"""Runs what is compared with predictions, and keeps the results."""
import csv
import datetime
import json
import pathlib
import subprocess
import tempfile

HOME = pathlib.Path(__file__).resolve().parent.parent.parent
KEPT = HOME / "bench" / "results" / "launches"
ABOUT = KEPT / "processors.json"
BUNDLED = "src/main/resources/dev/unnoise/models/glyphs"

# Efficiencies are fitted to the first of each backend.
RUNS = [("cpu", "ddpm-cifar10-32", 8), ("cpu", "adm-64", 2), ("cpu", "glyphs", 8),
        ("opencl", "ddpm-cifar10-32", 4), ("opencl", "adm-64", 1), ("opencl", "glyphs", 8)]


def java():
    """The command that runs a class of the tests or benchmarks, compiled if need be."""
    paths = HOME / "target" / "bench.classpath"
    subprocess.run(["mvn", "-q", "-B", "-ntp", "test-compile", "dependency:build-classpath",
                    f"-Dmdep.outputFile={paths}"], cwd=HOME, check=True)
    done = subprocess.run([HOME / "unnoise", "--print-java"], check=True, stdout=subprocess.PIPE, text=True)
    return [done.stdout.strip(), "--enable-native-access=ALL-UNNAMED", "-cp",
            f"target/test-classes:target/classes:{paths.read_text()}"]


def planned(command, architecture, batch, precision):
    """The file of what the backend cuda would launch."""
    path = HOME / "target" / f"planned-{architecture}-{precision}-batch{batch}.csv"
    done = subprocess.run([*command, "dev.unnoise.cli.PlannedLaunches", architecture, str(batch), precision], cwd=HOME,
                          check=True, stdout=subprocess.PIPE)
    path.write_bytes(done.stdout)
    return path


def card(name, architecture, precision, batch):
    """The file of what was measured on a card."""
    return KEPT / f"cuda-{architecture}-{precision}-batch{batch}-{name.replace(' ', '-')}.csv"


def ceilings(command):
    done = subprocess.run([*command, "dev.unnoise.backend.cpu.ProcessorCeilings"], cwd=HOME, check=True,
                          stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def bench(backend, name, batch, out):
    network = ["--model", BUNDLED] if name == "glyphs" else ["--architecture", name]
    done = subprocess.run([HOME / "unnoise", "bench", "--json", "--backend", backend, *network, "--batch", str(batch),
                           "--steps", "1", "--seconds", "3", "--launches", out], cwd=HOME, check=True,
                          stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def processors(command, turns):
    """Measures every run in turns. Of each launch the shortest turn is kept: neighbours only make it longer."""
    KEPT.mkdir(parents=True, exist_ok=True)
    found, tables, steps, device = [], {}, {}, None
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "launches.csv"
        for turn in range(turns):
            found.append(ceilings(command))
            for run in RUNS:
                result = bench(*run, out)
                with open(out, newline="", encoding="utf-8") as file:
                    tables.setdefault(run, []).append(list(csv.DictReader(file)))
                steps.setdefault(run, []).append(result["msPerStep"])
                device = device or result["device"]
                print(f"turn {turn + 1} of {turns}: {run}: {result['msPerStep']:.0f} ms a step", flush=True)
    for run, turned in tables.items():
        with open(path(run), "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, turned[0][0], lineterminator="\n")
            writer.writeheader()
            for lines in zip(*turned):
                writer.writerow(min(lines, key=lambda line: float(line["us"])))
    about = {"date": datetime.date.today().isoformat(), "device": device, "threads": found[0]["threads"],
             "turns": turns,
             "flop": max(one["flop"] for one in found), "bytes": max(one["bytes"] for one in found),
             "msPerStep": {path(run).name: round(min(times), 1) for run, times in steps.items()}}
    ABOUT.write_text(json.dumps(about, indent=2) + "\n")


def path(run):
    backend, name, batch = run
    return KEPT / f"{backend}-{name}-batch{batch}.csv"
