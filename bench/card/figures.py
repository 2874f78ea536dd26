"""What is compared with PyTorch: speed, and the error of a precision against single precision."""
import array
import ast
import math
import struct

from card.steps import Failed

FORMS = {"eager": [], "compiled": ["--compile"], "CUDA graph": ["--cuda-graph"],
         "compiled, CUDA graph": ["--compile", "--cuda-graph"]}
LARGEST_RATIO = 1.5


def speed(steps, unnoise, torch, work, forms):
    """An object of how fast a precision and batch is, with peers; what fails is in it, and says why."""
    name = f"batch {work['batch']} {work['precision']}"
    shared = ["--batch", work["batch"], "--precision", work["precision"], "--seconds", work["seconds"]]
    try:
        ours = steps.last_object(f"bench {name}", [*unnoise, "--json", "--steps", work["steps"], *shared])
    except Failed as failed:
        ours = {"precision": work["precision"], "batch": work["batch"], "failed": str(failed)}
    return {**ours, "peers": list(peers(steps, torch, [*shared, "--rounds", work["steps"]], name, forms))}


def peers(steps, torch, shared, name, forms):
    if not torch:
        yield {"name": "PyTorch", "failed": "torch is not installed"}
        return
    for form in forms:
        try:
            theirs = steps.last_object(f"torch {name} {form}", [*torch, *shared, *FORMS[form]])
            yield {"name": theirs["peer"],
                   **{key: theirs[key] for key in ("version", "steps", "msPerStep", "imageStepsPerSecond", "versions")}}
        except Failed as failed:
            yield {"name": f"PyTorch ({form})", "failed": str(failed)}


def npy(path):
    with open(path, "rb") as file:
        assert file.read(8) == b"\x93NUMPY\x01\x00", path
        head = ast.literal_eval(file.read(struct.unpack("<H", file.read(2))[0]).decode())
        assert head["descr"] == "<f4", head
        numbers = array.array("f")
        numbers.frombytes(file.read())
        return numbers


def error(expected, actual):
    """Root of the mean squared difference, relative to the root mean square of what is expected."""
    return math.dist(expected, actual) / math.hypot(*expected)


def accuracy(steps, unnoise, torch, folder, precisions):
    """The same weights and inputs on both sides: each side's error against its own single precision."""
    def predict(side, precision):
        out = folder / f"{side}-{precision}.npy"
        command = {"unnoise": [*unnoise, "--model", folder, "--input", folder / "x.npy", "--timestep", "500",
                               "--precision", precision, "--out", out],
                   "torch": [*torch, "--model", folder, "--predict", folder / "x.npy", out, "--precision", precision]}
        return None if steps.run(f"predict {side} {precision}", command[side]).failure else npy(out)
    single = {side: predict(side, "fp32") for side in ("unnoise", "torch")}
    if None in single.values():
        yield {"precision": "fp32", "passed": False}
        return
    between = error(single["torch"], single["unnoise"])
    yield {"precision": "fp32", "betweenBoth": between, "passed": between < 1e-4}
    for precision in precisions:
        if precision != "fp32":
            rounded = {side: predict(side, precision) for side in single}
            if None in rounded.values():
                yield {"precision": precision, "passed": False}
                continue
            ours, theirs = (error(single[side], rounded[side]) for side in ("unnoise", "torch"))
            # A side that does not round at all has no error to be compared with.
            ratio = ours / theirs if theirs > 0 else None
            yield {"precision": precision, "error": ours, "errorOfPyTorch": theirs, "ratio": ratio,
                   "passed": ratio is not None and ratio <= LARGEST_RATIO}
