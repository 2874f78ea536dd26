"""The steps of a run, the most valuable first."""
import csv
import io
import re
import shutil
import signal

from card import compare
from card.processes import Failed
from card.run import NotRun, Step

PROFILED = {"gpu__time_duration.sum": "us", "dram__bytes_read.sum": "bytesRead",
            "dram__bytes_write.sum": "bytesWritten", "lts__t_sectors_op_write.sum": "sectorsWrittenToL2",
            "sm__inst_executed.sum": "instructions"}
# More than a start and a step take together.
PROFILED_LAUNCHES = 600
TESTS = ("backend.NodeTest", "backend.UNetTest", "backend.BatchInvarianceTest", "backend.NoisingTest")
SUMMARY = re.compile(r"(?:ERROR|RACECHECK) SUMMARY: (\d+)")
SAMPLED_STEPS = 3

# What tells a fault of the libraries from others: how it is named, Java's properties, the environment.
VARIANTS = (
    ("with cuDNN's log", [], {"CUDNN_LOGLEVEL_DBG": "2", "CUDNN_LOGDEST_DBG": "stderr"}),
    ("unfused", ["-Dunnoise.cudnn.fused=false"], {}),
    ("without cuDNN", ["-Dunnoise.cuda.without=cudnn"], {}),
)


def variants(run):
    return VARIANTS if run.options.backend == "cuda" else (("with a log", [], {}),)


# What there is.

def devices(run):
    """Names and versions, from what the card's tool and unnoise say."""
    about = run.results.about
    driver = None
    for tool, words in (("nvidia-smi", ["-q"]), ("rocm-smi", ["-a"])):
        if shutil.which(tool):
            said = run.processes.run(tool, [tool, *words], 20).text
            driver = re.search(r"Driver Version\s*:\s*(\S+)", said, re.IGNORECASE) or driver
    try:
        said = run.unnoise("devices", ["devices", "--verbose"])
    except Failed as error:
        run.no_device = str(error)
        raise
    backend = run.options.backend
    ours = re.search(rf"^{backend} .*?(?=^\w)", said + "\nend", re.MULTILINE | re.DOTALL)
    ours = ours.group(0) if ours else said
    device = re.search(r"device 0: (.*?)(?:, [\d.]+ GiB)?, ((?:(?:fp32|tf32|bf16|fp16) ?)+); (.*)", ours)
    if not device:
        run.no_device = f"{backend} has no device: {' '.join(ours.split())[:300]}"
        raise Failed(run.no_device)
    run.precisions = device.group(2).split()
    driver = driver or re.search(r"driver ([^,\s]+)", ours)
    about.update(device=device.group(1), driver=driver.group(1) if driver else None)
    about["versions"].update(re.findall(r"tried: (NVRTC|cuDNN|cuBLASLt),.*: found, version ([^,\s]+)", ours))


def references(run):
    """Weights and noise for both sides, and PyTorch's predictions."""
    options, model = run.options, run.scratch / "model"
    precisions = dict.fromkeys(["fp32", options.precision, *options.precisions])
    try:
        run.torch("PyTorch's references", [
            "--architecture", options.architecture, "--batch", options.batch, "--precision", ",".join(precisions),
            "--write-model", model, "--predict", model], lambda said: None)
    finally:
        if (model / "x.npy").exists():
            run.model = model


def reference(run, precision):
    path = run.scratch / "model" / f"torch-{precision}.npy"
    if not path.exists():
        raise NotRun(f"PyTorch's prediction in {precision} is not there")
    return compare.npy(path)


# Right or wrong.

def single(run):
    """Our own kernels alone, in single precision, beside PyTorch."""
    expected = reference(run, "fp32")
    out = run.scratch / "ours-fp32.npy"
    run.predict("predict fp32 without libraries", "fp32", out, cache="cache-alone",
                properties=["-Dunnoise.cuda.without=cudnn,cublaslt"])
    close(run, "fp32 without libraries, against PyTorch", expected, out)


def close(run, name, expected, out):
    error = compare.error(expected, compare.npy(out))
    run.check(name, error < compare.LARGEST_BETWEEN, f"relative error {error:.1e}")


def rounded(run, name, precision, out):
    """Our error in a precision, beside PyTorch's error in it: each against single precision."""
    exact = run.scratch / "ours-fp32.npy"
    theirs_error = compare.error(reference(run, "fp32"), reference(run, precision))
    our_error = compare.error(compare.npy(exact) if exact.exists() else reference(run, "fp32"), compare.npy(out))
    # A side that does not round at all has no error to be compared with.
    passed = theirs_error > 0 and our_error / theirs_error <= compare.LARGEST_RATIO
    run.check(name, passed, f"error {our_error:.2e}, PyTorch's {theirs_error:.2e}")


def predicted(run, precision, variant="", **java):
    expected = reference(run, precision)
    name = f"predict {precision}{variant and ', ' + variant}"
    out = run.scratch / "ours-now.npy"
    run.predict(name, precision, out, **java)
    if precision == "fp32":
        close(run, f"{name}, against PyTorch", expected, out)
    else:
        rounded(run, f"{name}, against fp32", precision, out)


def predictions(run):
    run.requires(run.options.precision)
    predicted(run, run.options.precision)


def diagnose_prediction(run):
    for name, properties, environment in variants(run):
        with run.going_on():
            predicted(run, run.options.precision, name, limit=50, environment=environment, properties=properties,
                      level="FINE")


def sampled(run, name, images, **java):
    """The bytes of a few steps of so many images at once."""
    out = run.scratch / "sampled.npy"
    run.unnoise(f"sample {name}", [
        "sample", "--verbose", "--backend", run.options.backend, "--model", run.model, "--sampler", "ddim", "--steps",
        SAMPLED_STEPS, "--count", images, "--batch", images, "--precision", run.options.precision, "--seed", "0",
        "--out", out, *run.classes()], **java)
    return compare.npy(out)


def images(run):
    """Replayed or not, alone or among many, from whatever cache: the same bytes."""
    run.requires(run.options.precision)
    if not run.model:
        raise NotRun("PyTorch's weights are not there")
    many = run.options.batch
    few = max(1, min(4, many // 2))
    # The cache was empty when its first batch came: bench's, of the same size.
    replayed = sampled(run, f"{many}", many)
    direct = sampled(run, f"{many}, not recorded", many, properties=["-Dunnoise.gpu.record=false"])
    run.check("replayed = launched one by one", *compare.same(replayed.data, direct.data))
    alone = sampled(run, f"{few}, from an empty cache", few, cache="cache-few")
    alike, detail = compare.same(replayed.first(few), alone.data)
    run.check(f"images 0 to {few - 1} of {many} = {few} images from an empty cache", alike, detail)
    if not alike:
        again = sampled(run, f"{few}, from the cache of {many}", few)
        run.check(f"images 0 to {few - 1} of {many} = {few} images from the same cache",
                  *compare.same(replayed.first(few), again.data))


# Speed.

def ours(precisions, batches, architecture=None, table=True):
    """Each by itself: what fails is told, and the others are measured."""
    def do(run):
        there = [precision for precision in precisions if precision in run.precisions]
        if not there:
            run.requires(precisions[0])
        for precision in there:
            for batch in batches:
                name = " ".join(["bench", *([architecture] if architecture else []), precision, f"batch {batch}"])
                with run.going_on():
                    run.bench(name, precision, batch, architecture, table=table)
    return do


def diagnose_bench(run):
    """What of the libraries fails; the first way that goes is taken from here on."""
    for name, properties, environment in variants(run):
        with run.going_on():
            run.bench(f"bench {name}", run.options.precision, run.options.batch, limit=40, quick=True,
                      environment=environment, properties=properties, level="FINE")
            if properties:
                run.java.workaround = properties
                run.results.about["workaround"] = " ".join(properties)
            return


def theirs(name, precisions, batches, words, architecture=None):
    def do(run):
        run.peer(name, precisions, batches, words, architecture)
    return do


def single_and_tf32(run):
    ours(run.options.precisions, [run.options.batch])(run)
    for precision in run.options.precisions:
        if precision in run.precisions and (run.scratch / "model" / f"torch-{precision}.npy").exists():
            with run.going_on():
                predicted(run, precision)


def ceilings(run):
    precisions = dict.fromkeys([run.options.precision, *run.options.precisions])
    size = ["--ceiling-size", run.options.ceiling_size]
    run.torch("ceilings", ["--ceilings", *size, "--precision", ",".join(precisions)],
              lambda said: run.results.ceiling(said["ceiling"], said.get("tbPerSecond", said.get("tflops"))))


# Tools that look inside.

def tool(name):
    found = shutil.which(name) or shutil.which(name, path="/usr/local/cuda/bin")
    if not found:
        raise NotRun(f"{name} is not installed")
    return found


def profile(run):
    """Hardware counters of every launch of an evaluation, from which a step's are the last."""
    if not run.model:
        raise NotRun("PyTorch's weights are not there")
    report = run.scratch / "ncu.csv"
    command = [tool("ncu"), "--target-processes", "all", "--clock-control", "none", "--cache-control", "none",
               "--graph-profiling", "node", "--launch-count", PROFILED_LAUNCHES, "--metrics", ",".join(PROFILED),
               "--csv", "--page", "raw", "--print-units", "base", "--log-file", report]
    options = run.options
    done = run.processes.run("ncu", [*command, *run.java.command(
        "dev.unnoise.cli.Main", "predict", "--backend", options.backend, "--model", run.model, "--input",
        run.model / "x.npy", "--timestep", "500", "--precision", options.precision, "--out",
        run.scratch / "profiled.npy", *run.classes())], ask=signal.SIGINT)
    if report.exists():
        run.results.profile = counted(report.read_text(errors="replace"))
        run.processes.keep("ncu.csv", report)
    if done.failure or not run.results.profile:
        raise Failed(done.failure or "ncu counted nothing")


def counted(text):
    """The table that ncu wrote, launch by launch."""
    lines = [line for line in text.splitlines() if line.startswith('"')]
    found = []
    for row in csv.DictReader(io.StringIO("\n".join(lines))):
        if not row.get("ID", "").isdigit():  # The line of units.
            continue
        counts = {short: number(row.get(metric)) for metric, short in PROFILED.items()}
        if counts["us"] is not None:
            counts["us"] = round(counts["us"] / 1e3, 3)
        found.append({"kernel": row.get("Kernel Name", ""), **counts})
    return found


def number(text):
    try:
        return float((text or "").replace(",", ""))
    except ValueError:
        return None


# Tests and tools that watch memory.

def test(name, precisions):
    """A class of tests; what each said is counted as it is said, so that a part counts, too."""
    def do(run):
        there = [precision for precision in precisions if precision in run.precisions]
        if not there:
            run.requires(precisions[0])
        done = run.processes.run(f"{name} {','.join(there)}", run.java.command(
            "org.junit.platform.console.ConsoleLauncher", "execute", "--disable-banner", "--disable-ansi-colors",
            "--details=testfeed", "--fail-if-no-tests", f"--select-class=dev.unnoise.{name}",
            properties=[f"-Dunnoise.test.backend={run.options.backend}",
                        f"-Dunnoise.test.precisions={','.join(there)}"], cache="cache-tests"))
        ended = {end: len(re.findall(rf" > .* :: {end}\b", done.text)) for end in ("SUCCESSFUL", "FAILED", "ABORTED")}
        detail = ", ".join(f"{count} {end.lower()}" for end, count in ended.items() if count) or "none ended"
        run.check(f"{name} {' '.join(there)}", not done.failure and ended["SUCCESSFUL"] > 0 and not ended["FAILED"],
                  f"{detail}; {done.failure}" if done.failure else detail)
    return do


def recorded(run):
    """The recorded answers, precision by precision."""
    for precision in run.options.checked_precisions:
        if precision in run.precisions:
            test("cli.ParityTest", [precision])(run)


def watched(run, sanitizer, part):
    """How many complaints a tool has of what KernelsProgram does, or -1 if it did not come to its end.

    memcheck would complain of every call of the driver's that answers anything but success. Asking whether an event is
    reached does so as long as it is not, and NVIDIA's libraries try what a card or driver may not have. unnoise looks
    at the status of each of its calls itself.
    """
    quiet = ["--report-api-errors", "no"] if sanitizer == "memcheck" else []
    done = run.processes.run(f"{sanitizer} {part}", [
        tool("compute-sanitizer"), "--tool", sanitizer, *quiet, "--error-exitcode", "9", "--target-processes", "all",
        *run.java.command("dev.unnoise.backend.KernelsProgram", run.options.backend, part, cache="cache-tests")])
    complaints = SUMMARY.findall(done.text)
    return (sum(map(int, complaints)) if complaints else -1), done.failure


def sanitizer(name, fault, parts):
    def do(run):
        complaints, failure = watched(run, name, fault)
        run.check(f"{name} sees a kernel that does wrong", complaints > 0,
                  f"{complaints} complaints" if complaints >= 0 else f"did not end: {failure}")
        for part in parts:
            complaints, failure = watched(run, name, part)
            run.check(f"{name}: kernels, {part}", complaints == 0 and not failure,
                      f"{complaints} complaints" if complaints >= 0 else f"did not end: {failure}")
    return do


# The lists.

def listed(values):
    return ", ".join(map(str, values))


def graph(options):
    """PyTorch's processor knows no graphs."""
    return ["--cuda-graph"] if options.torch_device == "cuda" else []


def beginning(options):
    return [Step("devices", 40, 1, devices, ours=False),
            Step("PyTorch's references", 90, 5, references, ours=False)]


def first(options):
    """One card, one architecture: right, how fast beside PyTorch, and where the time goes."""
    main, batch, others = options.precision, options.batch, options.precisions
    compiled = ["--compile", *graph(options)]
    return [
        *beginning(options),
        Step("predict fp32 without libraries", 60, 5, single),
        Step(f"bench {main} {batch}", 150, 5, ours([main], [batch]), diagnose_bench),
        Step(f"predict {main} {batch}", 60, 5, predictions, diagnose_prediction),
        Step("replay and batches", 120, 10, images),
        Step(f"PyTorch {main} {batch}", 170, 20,
             theirs("PyTorch (compiled, CUDA graph)", [main], [batch], compiled), ours=False),
        Step(f"bench {main} {batch} again", 60, 5, ours([main], [batch], table=False)),
        Step(f"bench {main}, batches {listed(options.batches)}", 90, 5, ours([main], options.batches)),
        Step(f"PyTorch {main}, batches {listed(options.batches)}", 120, 20,
             theirs("PyTorch (compiled, reduce-overhead)", [main], options.batches, ["--mode", "reduce-overhead"]),
             ours=False),
        Step(f"bench {listed(others)}", 90, 5, single_and_tf32),
        Step(f"PyTorch {listed(others)}", 120, 20,
             theirs("PyTorch (compiled, CUDA graph)", others, [batch], compiled), ours=False),
        Step("ceilings", 60, 5, ceilings, ours=False),
        Step("ncu", 90, 20, profile, only="cuda"),
        Step("recorded cases", 150, 10, recorded),
        Step("memcheck of our kernels", 180, 20, sanitizer("memcheck", "stray", ["card"]), only="cuda"),
        *[Step(name.split(".")[-1], 120, 10, test(name, options.checked_precisions)) for name in TESTS],
    ]


def second(options):
    """For another call: what tunes for minutes, other forms and architectures, and every tool that watches memory."""
    main, batch = options.precision, options.batch
    steps = [
        *beginning(options),
        Step(f"bench {main} {batch}", 150, 5, ours([main], [batch]), diagnose_bench),
        Step(f"PyTorch {main} {batch}, max-autotune", 330, 60,
             theirs("PyTorch (compiled, max-autotune)", [main], [batch], ["--mode", "max-autotune"]), ours=False),
        Step(f"PyTorch {main} {batch}, eager", 60, 15, theirs("PyTorch", [main], [batch], graph(options)), ours=False),
        Step(f"bench fp16 {batch}", 60, 5, ours(["fp16"], [batch])),
        Step(f"PyTorch fp16 {batch}, eager", 60, 15, theirs("PyTorch", ["fp16"], [batch], graph(options)), ours=False),
    ]
    for architecture, images_at_once in options.others:
        steps += [
            Step(f"bench {architecture} {main} {images_at_once}", 90, 10, ours([main], [images_at_once], architecture)),
            Step(f"PyTorch {architecture} {main} {images_at_once}, eager", 90, 15,
                 theirs("PyTorch", [main], [images_at_once], graph(options), architecture), ours=False)]
    return [
        *steps,
        Step("ceilings", 60, 5, ceilings, ours=False),
        Step("memcheck of everything", 300, 30, sanitizer("memcheck", "stray", ["card", "miniature", "backend"]),
             only="cuda"),
        # Kernels of NVIDIA's libraries synchronise in ways that racecheck does not follow.
        Step("racecheck of our kernels", 300, 30, sanitizer("racecheck", "race", ["card", "miniature"]), only="cuda"),
    ]


LISTS = {"first": first, "second": second}
