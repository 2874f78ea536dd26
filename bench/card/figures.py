"""What is compared with PyTorch: speed, and the error of a precision against single precision."""
import array
import ast
import math
import struct

FORMS = {"eager": [], "compiled": ["--compile"], "CUDA graph": ["--cuda-graph"],
         "compiled, CUDA graph": ["--compile", "--cuda-graph"]}
LARGEST_RATIO = 1.5


def speed(steps, unnoise, torch, shared, rounds, forms):
    """One network, precision and batch: an object with peers, or None if unnoise failed."""
    name = " ".join(str(word) for word in shared[1::2])
    ours = steps.last_object(f"bench {name}", [*unnoise, "--json", "--steps", rounds, *shared])
    if ours is None:
        return None
    peers = []
    for form in forms if torch else []:
        theirs = steps.last_object(f"torch {name} {form}", [*torch, "--rounds", rounds, *shared, *FORMS[form]])
        if theirs is not None:
            peers.append({key: theirs[key] for key in ("peer", "version", "msPerStep", "imageStepsPerSecond", "versions")})
            peers[-1]["name"] = peers[-1].pop("peer")
    return {**ours, "peers": peers}


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
        _, passed = steps.run(f"predict {side} {precision}", command[side])
        return npy(out) if passed else None
    single = {side: predict(side, "fp32") for side in ("unnoise", "torch")}
    if None in single.values():
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
