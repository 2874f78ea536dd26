"""What has to be right on a card: tests, and the memory of every kernel under compute-sanitizer."""
import re
import shutil
import sys

TESTS = ("backend.NodeTest", "backend.UNetTest", "backend.BatchInvarianceTest", "backend.NoisingTest", "cli.ParityTest")

# What a tool says of a kernel that does what it looks for, and of one that does not.
FAULTS = {"memcheck": "stray", "racecheck": "race"}
SUMMARY = re.compile(r"(?:ERROR|RACECHECK) SUMMARY: (\d+)")


def tests(steps, java, backend, precisions):
    """Each class in each precision: which failed is told by its name, and none takes too long for a limit."""
    for test in TESTS:
        for precision in precisions if test != "backend.NoisingTest" else ["fp32"]:
            name = f"{test.split('.')[-1]} {precision}"
            text, passed = steps.run(name, [
                *java, f"-Dunnoise.test.backend={backend}", f"-Dunnoise.test.precisions={precision}",
                "org.junit.platform.console.ConsoleLauncher", "execute", "--disable-banner", "--details=summary",
                "--fail-if-no-tests", f"--select-class=dev.unnoise.{test}"])
            count = re.search(r"\[\s*(\d+) tests successful", text)
            yield {"check": name, "passed": passed, "detail": f"{count.group(1)} tests" if count else "did not end; see its log"}


def sanitizer(steps, java, backend, small):
    if not shutil.which("compute-sanitizer"):
        print("compute-sanitizer is not on the PATH: memory and races are not checked", file=sys.stderr)
        return
    program = [*java, "dev.unnoise.backend.KernelsProgram", backend]
    for tool, fault in FAULTS.items():
        watched = ["compute-sanitizer", "--tool", tool, "--error-exitcode", "9", "--target-processes", "all"]
        text, _ = steps.run(f"{tool} sees {fault}", [*watched, *program, fault])
        yield {"check": f"{tool} sees a kernel that does wrong", "passed": complaints(text) > 0,
               "detail": f"{complaints(text)} complaints"}
        # Kernels of NVIDIA's libraries synchronise in ways that racecheck does not follow.
        parts = ("card", "miniature", "backend") if tool == "memcheck" else ("card", "miniature")
        for part in parts:
            text, passed = steps.run(f"{tool} {part}", [*watched, *program, part])
            yield {"check": f"{tool}: kernels, {part}", "passed": passed and complaints(text) == 0,
                   "detail": f"{complaints(text)} complaints"}
    text, passed = steps.run("memcheck sample", [
        "compute-sanitizer", "--error-exitcode", "9", "--target-processes", "all", *small])
    yield {"check": "memcheck: sampling", "passed": passed, "detail": f"{complaints(text)} complaints"}


def complaints(text):
    """How many, or -1 if the tool has not come to its end."""
    found = SUMMARY.findall(text)
    return sum(int(count) for count in found) if found else -1
