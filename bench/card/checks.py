"""What has to be right on a card: tests, and the memory of every kernel under compute-sanitizer."""
import re

TESTS = ("backend.NodeTest", "backend.UNetTest", "backend.BatchInvarianceTest", "backend.NoisingTest", "cli.ParityTest")

# What a tool says of a kernel that does what it looks for, and of one that does not.
FAULTS = {"memcheck": "stray", "racecheck": "race"}
SUMMARY = re.compile(r"(?:ERROR|RACECHECK) SUMMARY: (\d+)")


def tests(steps, java, backend, precisions):
    """Each class in each precision: which failed is told by its name, and none takes too long for a limit."""
    for test in TESTS:
        for precision in precisions if test != "backend.NoisingTest" else ["fp32"]:
            name = f"{test.split('.')[-1]} {precision}"
            done = steps.run(name, [
                *java, f"-Dunnoise.test.backend={backend}", f"-Dunnoise.test.precisions={precision}",
                "org.junit.platform.console.ConsoleLauncher", "execute", "--disable-banner", "--details=summary",
                "--fail-if-no-tests", f"--select-class=dev.unnoise.{test}"])
            count = re.search(r"\[\s*(\d+) tests successful", done.text)
            failed = re.search(r"\[\s*(\d+) tests failed", done.text)
            number = int(count.group(1)) if count else 0
            detail = (f"{number} tests successful" + (f", {failed.group(1)} failed" if failed else "")
                      if count else f"did not end; {done.failure}")
            yield {"check": name, "passed": not done.failure and number > 0, "detail": detail}


def sanitizer(steps, java, backend, small):
    program = [*java, "dev.unnoise.backend.KernelsProgram", backend]
    for tool, fault in FAULTS.items():
        done = steps.run(f"{tool} sees {fault}", [*watched(tool), *program, fault])
        yield {"check": f"{tool} sees a kernel that does wrong", "passed": complaints(done.text) > 0, "detail": detail(done)}
        # Kernels of NVIDIA's libraries synchronise in ways that racecheck does not follow.
        parts = ("card", "miniature", "backend") if tool == "memcheck" else ("card", "miniature")
        for part in parts:
            yield clean(steps, f"{tool} {part}", f"{tool}: kernels, {part}", [*watched(tool), *program, part])
    yield clean(steps, "memcheck sample", "memcheck: sampling", [*watched("memcheck"), *small])


def watched(tool):
    """How to run a program under a tool.

    memcheck would complain of every call of the driver's that answers anything but success. Asking whether an event is
    reached does so as long as it is not, and NVIDIA's libraries try what a card or driver may not have. unnoise looks
    at the status of each of its calls itself.
    """
    options = ["--report-api-errors", "no"] if tool == "memcheck" else []
    return ["compute-sanitizer", "--tool", tool, *options, "--error-exitcode", "9", "--target-processes", "all"]


def clean(steps, name, check, command):
    done = steps.run(name, command)
    return {"check": check, "passed": not done.failure and complaints(done.text) == 0, "detail": detail(done)}


def detail(done):
    count = complaints(done.text)
    return f"{count} complaints" if count >= 0 else f"the tool did not end; {done.failure}"


def complaints(text):
    """How many, or -1 if the tool has not come to its end."""
    found = SUMMARY.findall(text)
    return sum(int(count) for count in found) if found else -1
