#!/usr/bin/env python3
"""bench/card-run with programs in place of java, python and NVIDIA's tools: killed in each step, failing, hanging.

Needs python3 and a shell alone; CardRunTest runs it with the others.
"""
import concurrent.futures
import csv
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
import unittest.mock

HOME = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(HOME / "bench"))
from card import compare, kernels, report  # noqa: E402
from card.processes import KEPT_BYTES, Processes  # noqa: E402
from card.results import NOT_REACHED, Results  # noqa: E402

SECONDS = 60
FAKE = HOME / "src" / "test" / "python" / "fake_program"

BATCH, FEW, PIXELS = 8, 4, 2


def write_npy(path, values):
    head = repr({"descr": "<f4", "fortran_order": False, "shape": (len(values) // PIXELS, PIXELS)}).encode()
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head
                     + struct.pack(f"<{len(values)}f", *values))


class Fakes:
    """A folder with programs, and a run with them that may be watched, killed and read."""

    def __init__(self, folder, **environment):
        self.folder, self.out = folder, folder / "out"
        (folder / "unpacked" / "java" / "bin").mkdir(parents=True)
        (folder / "bin").mkdir()
        (folder / "tmp").mkdir()
        (folder / "unpacked" / "commit").write_text("0123456789abcdef\n")
        self.python = folder / "bin" / "python"
        tools = [folder / "bin" / name for name in ("nvidia-smi", "ncu", "compute-sanitizer")]
        for program in (folder / "unpacked" / "java" / "bin" / "java", self.python, *tools):
            shutil.copy(FAKE, program)
        exact = [float(k % 7 - 3) for k in range(PIXELS * BATCH)]
        write_npy(folder / "exact.npy", exact)
        write_npy(folder / "ours.npy", [value + 0.01 for value in exact])
        write_npy(folder / "theirs.npy", [value - 0.012 for value in exact])
        write_npy(folder / f"images-{BATCH}.npy", exact)
        write_npy(folder / f"images-{FEW}.npy", exact[:PIXELS * FEW])
        self.environment = {**os.environ, "FAKE": str(folder), "TMPDIR": str(folder / "tmp"),
                            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", **environment}

    def start(self, *words):
        return subprocess.Popen(
            [sys.executable, HOME / "bench" / "card-run", "--unpacked", self.folder / "unpacked", "--python",
             self.python, "--out", self.out, "--batch", str(BATCH), "--batches", "1,2", *words],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def run(self, *words):
        """Answers the exit status, and what was said."""
        process = self.start(*words)
        _, said = process.communicate(timeout=SECONDS)
        return process.returncode, said

    def hanging(self, process):
        """Waits until one of the programs hangs, and answers its number."""
        path = self.folder / "hanging"
        end = time.monotonic() + SECONDS
        while not path.exists():
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                raise AssertionError(f"nothing hangs: {process.communicate()[1]}")
            time.sleep(0.01)
        return int(path.read_text())

    def calls(self):
        return (self.folder / "calls").read_text().splitlines()

    def results(self):
        return json.loads((self.out / "results.json").read_text())

    def logs(self):
        with tarfile.open(self.out / "logs.tar.xz") as archive:
            return {pathlib.Path(entry.name).name: archive.extractfile(entry).read().decode()
                    for entry in archive if entry.isfile()}

    def page(self):
        return report.make(self.out, self.folder / "pages", "page").read_text()


def is_gone(number):
    """Whether a process ends within a time that is long for a signal; one that has ended and is not asked has ended."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            stat = pathlib.Path(f"/proc/{number}/stat").read_text()
        except FileNotFoundError:
            return True
        if stat.rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.01)
    return False


def figures(results):
    """How many figures of ours and of PyTorch's there are."""
    entries = results["measurements"]
    return (sum((one["msPerStep"] is not None) + len(one.get("again", [])) for one in entries),
            sum("msPerStep" in peer for one in entries for peer in one["peers"]))


def answered(calls):
    """The same, as the programs counted them."""
    peers = [re.search(r"^python .*--precision (\S+) --batch (\S+) --rounds", call) for call in calls]
    return (sum(" bench " in call for call in calls),
            sum(len(one[1].split(",")) * len(one[2].split(",")) for one in peers if one))


class CardRunTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def fakes(self, name="fakes", **environment):
        return Fakes(self.folder / name, **environment)

    def test_a_whole_run(self):
        fakes = self.fakes()
        status, said = fakes.run()
        self.assertEqual(0, status, said)
        results = fakes.results()
        self.assertEqual({"ok"}, {step["outcome"] for step in results["steps"]})
        self.assertEqual(answered(fakes.calls()), figures(results))
        main = results["measurements"][0]
        self.assertEqual(("ddpm-cifar10-32", "Fake H200", "bf16", BATCH),
                         tuple(main[name] for name in ("architecture", "device", "precision", "batch")))
        self.assertEqual(7.5, main["secondsBeforeFirstStep"])
        self.assertEqual(50, main["peers"][0]["secondsBeforeFirstStep"])
        # 300 of 700, and PyTorch half as fast.
        self.assertEqual((0.4286, 0.2143), (main["shareOfMeasuredCeiling"], main["peers"][0]["shareOfMeasuredCeiling"]))
        self.assertTrue(all(check["passed"] for check in results["checks"]), results["checks"])
        self.assertEqual(["form: engine 1"], results["engines"])
        self.assertEqual([1.5, 0.5], [launch["us"] for launch in results["profile"]])
        rows = kernels.read(fakes.out / "kernels.csv")
        # 1e9 bytes take longer than 1e11 operations: at 3.5 TB/s, and 700 TFLOP/s.
        self.assertEqual((285.71, -85.21, "measured", "engine 1, k2"),
                         tuple(rows[0][name] for name in ("floor_us", "gap_us", "ceilings", "engine")))
        self.assertEqual(["clocks.csv"], [name for name in fakes.logs() if name.startswith("clocks")])
        self.assertEqual(["kernels.csv", "logs.tar.xz", "results.json"], sorted(os.listdir(fakes.out)))
        self.assertEqual([], os.listdir(fakes.folder / "tmp"))
        page = fakes.page()
        self.assertIn("| ddpm-cifar10-32 | bf16 | 8 | **unnoise** | 20 | 10.000 | 800.0 | 42.9 % | 7.5 s |", page)
        self.assertIn("PyTorch 2 (fake) | 20 | 20.000 | 400.0 | 21.4 % | 50.0 s (40.0) |", page)
        self.assertNotIn("Not run", page)

    def test_killed_in_each_step(self):
        fakes = self.fakes("whole")
        _, said = fakes.run()
        # Steps are told as they begin, their programs, indented, as they end. The first call is before them.
        last, calls = {}, 1
        for line in said.splitlines():
            if line.startswith("  "):
                calls += 1
            else:
                step = line
            last[step] = calls
        self.assertEqual([step["name"] for step in fakes.results()["steps"]], list(last))
        self.assertEqual(len(fakes.calls()), calls)
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            self.assertEqual(list(last), list(threads.map(self.killed, last.values())))

    def killed(self, call):
        """Kills a run in a call of a program, and answers the name of the step that was running."""
        fakes = self.fakes(f"killed-{call}", FAKE_HANG=str(call))
        process = fakes.start()
        hanging = fakes.hanging(process)
        process.kill()
        process.communicate()
        self.assertTrue(is_gone(hanging), f"call {call} goes on")
        results = fakes.results()
        outcomes = [step["outcome"] for step in results["steps"]]
        at = outcomes.index("running")
        self.assertEqual(["ok"] * at + ["running"] + ["not run"] * (len(outcomes) - at - 1), outcomes)
        self.assertLessEqual({step["notRun"] for step in results["steps"][at + 1:]}, {NOT_REACHED})
        # What was answered before is there.
        self.assertEqual(answered(fakes.calls()[:-1]), figures(results))
        self.assertTrue(all(check["passed"] for check in results["checks"]), results["checks"])
        with (fakes.out / "kernels.csv").open() as file:
            self.assertEqual(3 * len({row["precision"] + row["batch"] for row in csv.DictReader(file)}),
                             len(kernels.read(fakes.out / "kernels.csv")))
        fakes.logs()
        self.assertIn(f"| {results['steps'][at]['name']} |  | running when the run was ended |", fakes.page())
        return results["steps"][at]["name"]

    def test_told_to_end(self):
        # The eighth program is the first bench or comes soon after it.
        fakes = self.fakes(FAKE_HANG="8")
        process = fakes.start()
        hanging = fakes.hanging(process)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=SECONDS)
        self.assertEqual(1, process.returncode, said)
        self.assertTrue(is_gone(hanging))
        results = fakes.results()
        ended = [step for step in results["steps"] if step["outcome"].startswith("failed")]
        self.assertEqual(["failed: SIGTERM"], [step["outcome"] for step in ended])
        self.assertIn("it hangs\n", list(fakes.logs().values()))
        self.assertIn("took", results["about"])
        self.assertEqual([], os.listdir(fakes.folder / "tmp"))
        self.assertIn("failed: SIGTERM", fakes.page())

    def test_a_fault_of_fused_products_is_told_and_left_out(self):
        fakes = self.fakes(FAKE_FAILS=" bench ", FAKE_BUT="fused=false")
        status, said = fakes.run()
        self.assertEqual(1, status, said)
        results = fakes.results()
        name = f"bench bf16 {BATCH}"
        wrong = {step["name"]: step["outcome"] for step in results["steps"] if step["outcome"] != "ok"}
        self.assertEqual({name, f"{name}: diagnosis"}, set(wrong))
        self.assertIn("FakeException: it fails", wrong[name])
        self.assertEqual("-Dunnoise.cudnn.fused=false", results["about"]["workaround"])
        benches = [call for call in fakes.calls() if " bench " in call]
        self.assertEqual([False] * 3 + [True] * (len(benches) - 3),
                         ["-Dunnoise.cudnn.fused=false" in call for call in benches])
        main = results["measurements"][0]
        self.assertEqual((10.0, ["bench unfused"]), (main["msPerStep"], [one.get("how") for one in main["again"]]))
        self.assertIn("What failed was left out from then on: -Dunnoise.cudnn.fused=false", fakes.page())

    def test_without_a_table_of_launches_speed_is_measured(self):
        fakes = self.fakes(FAKE_FAILS="--launches")
        status, said = fakes.run()
        self.assertEqual(1, status, said)
        results = fakes.results()
        wrong = [step["outcome"] for step in results["steps"] if step["outcome"] != "ok"]
        self.assertEqual([f"failed: bench bf16 batch {BATCH}: status 3: FakeException: it fails"], wrong)
        # All but the one with a table.
        self.assertEqual(answered(fakes.calls())[0] - 1, figures(results)[0])
        self.assertEqual(1, sum("--launches" in call for call in fakes.calls()))

    def test_wrong_numbers_are_told_and_looked_into(self):
        fakes = self.fakes()
        write_npy(fakes.folder / "ours.npy", [float("nan")] * (PIXELS * BATCH))
        self.assertEqual(1, fakes.run("--only", "predict")[0])
        results = fakes.results()
        wrong = [check["check"] for check in results["checks"] if not check["passed"]]
        self.assertEqual([f"predict bf16{name}, against fp32" for name in (
            "", ", with cuDNN's log", ", unfused", ", without cuDNN")], wrong)
        self.assertIn("**FAILED**", fakes.page())

    def test_images_that_differ_are_told(self):
        fakes = self.fakes()
        write_npy(fakes.folder / f"images-{FEW}.npy", [1.0] * (PIXELS * FEW))
        fakes.run("--only", "replay")
        self.assertEqual(
            {"replayed = launched one by one": True,
             "images 0 to 3 of 8 = 4 images from an empty cache": False,
             "images 0 to 3 of 8 = 4 images from the same cache": False},
            {check["check"]: check["passed"] for check in fakes.results()["checks"]})

    def test_without_a_device_pytorch_is_measured(self):
        fakes = self.fakes(FAKE_FAILS="devices")
        status, said = fakes.run()
        self.assertEqual(1, status, said)
        results = fakes.results()
        self.assertEqual(0, figures(results)[0])
        self.assertEqual(answered(fakes.calls()), figures(results))
        self.assertIn("not run: devices: status 3: FakeException: it fails", fakes.page())

    def test_opencl_has_none_of_cudas_own(self):
        fakes = self.fakes()
        java = fakes.folder / "unpacked" / "java" / "bin" / "java"
        java.write_text(java.read_text().replace("cuda       device", "opencl     device").replace(" tf32 ", " "))
        fakes.run("--backend", "opencl")
        missing = {step["name"]: step["notRun"] for step in fakes.results()["steps"] if step["notRun"]}
        self.assertEqual({"ncu", "memcheck of our kernels"}, set(missing))
        self.assertIn("cuda alone has this", missing["ncu"])

    def test_the_second_list(self):
        fakes = self.fakes()
        _, said = fakes.run("--list", "second")
        results = fakes.results()
        wrong = [step for step in results["steps"] if step["outcome"] != "ok"]
        # The tools here see no race.
        self.assertEqual(["racecheck of our kernels"], [step["name"] for step in wrong], said)
        self.assertEqual(answered(fakes.calls()), figures(results))
        self.assertIn("adm-64", {one["architecture"] for one in results["measurements"]})

    def test_results_are_not_overwritten(self):
        fakes = self.fakes()
        fakes.out.mkdir()
        (fakes.out / "results.json").write_text("{}")
        status, said = fakes.run()
        self.assertEqual(2, status)
        self.assertIn("holds results already", said)

    def test_an_archive_that_cannot_be_read_is_one_line(self):
        fakes = self.fakes()
        cut = self.folder / "cut.tar.xz"
        with tarfile.open(cut, "w:xz") as archive:
            archive.add(fakes.folder / "bin", "card")
        cut.write_bytes(cut.read_bytes()[:-100])
        for archive in (cut, self.folder / "none.tar.xz"):
            line = [sys.executable, HOME / "bench" / "card-run", "--archive", archive, "--out", fakes.out]
            done = subprocess.run(line, env=fakes.environment, capture_output=True, text=True, check=False)
            self.assertEqual(2, done.returncode)
            self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)
            self.assertIn("bench/carry makes it", done.stderr)


class ProcessesTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.processes = Processes(self.folder, self.folder / "running.log", self.folder / "logs",
                                   time.monotonic() + SECONDS)

    def run_shell(self, script, **others):
        return self.processes.run("a name", ["sh", "-c", script], **others)

    def test_a_limit_ends_all_that_was_started(self):
        done = self.run_shell("sleep 600 & echo $!; sleep 600", limit=0.3)
        self.assertRegex(done.failure, r"stopped after 0 s; last: \d+")
        self.assertTrue(is_gone(int(done.text)))

    def test_what_hangs_is_asked_first(self):
        with unittest.mock.patch("card.processes.LAST_WORDS_SECONDS", 1):
            done = self.run_shell("trap 'echo I wait' QUIT; while :; do sleep 0.05; done", limit=2, ask=signal.SIGQUIT)
        self.assertIn("I wait", done.text)

    def test_what_is_left_behind_does_not_keep_it(self):
        done = self.run_shell("sleep 600 & echo $!")
        self.assertEqual("", done.failure)
        self.assertTrue(is_gone(int(done.text)))

    def test_failures_are_in_words(self):
        self.assertEqual("status 3: BadError: it is bad",
                         self.run_shell("echo BadError: it is bad; echo try this; exit 3").failure)
        self.assertEqual("killed by SIGSEGV", self.run_shell("kill -SEGV $$").failure)
        self.assertIn("not started", self.processes.run("none", [self.folder / "none"]).failure)

    def test_objects_are_told_at_once(self):
        told = []
        self.run_shell("""echo before; printf '{"a"'; sleep 0.05; echo ': 1}'; echo '{"b": 2}'""", told=told.append)
        self.assertEqual(['{"a": 1}', '{"b": 2}'], told)

    def test_of_a_long_log_both_ends_are_kept(self):
        done = self.run_shell(f"echo begin; head -c {5 * KEPT_BYTES} /dev/zero | tr '\\0' x; echo; echo end")
        self.assertTrue(done.text.startswith("begin\n") and done.text.endswith("x\nend\n"))
        self.assertLess(len(done.text), 2.2 * KEPT_BYTES)
        self.assertIn("bytes left out", done.text)
        self.assertEqual(len(done.text), (self.folder / "logs" / "01-a-name.log").stat().st_size)


class CeilingsTest(unittest.TestCase):
    def test_known_by_name(self):
        self.assertEqual((3.0, 4.3), tuple(kernels.Ceilings.by_name(name).copy for name in (
            "NVIDIA H100 80GB HBM3", "NVIDIA H200")))
        self.assertIsNone(kernels.Ceilings.by_name("a card").floor_us(1, 1, "bf16"))

    def test_a_launch_takes_what_the_slower_of_both_takes(self):
        ceilings = kernels.Ceilings.measured(2, {"bf16": 500})
        self.assertEqual((500, 2000, 500), (
            ceilings.floor_us(1e9, 1e9, "bf16"), ceilings.floor_us(1e12, 1e9, "fp16"),
            ceilings.floor_us(0, 1e9, "tf32")))


if __name__ == "__main__":
    unittest.main()
