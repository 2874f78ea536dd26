"""Comparing what was computed: errors of predictions, bytes of images."""
import array
import ast
import math
import struct
from typing import NamedTuple

LARGEST_RATIO = 1.5
LARGEST_BETWEEN = 1e-4


class Npy(NamedTuple):
    shape: tuple
    data: bytes

    def numbers(self):
        found = array.array("f")
        found.frombytes(self.data)
        return found

    def first(self, images):
        return self.data[:len(self.data) // self.shape[0] * images]


def npy(path):
    with open(path, "rb") as file:
        if file.read(8) != b"\x93NUMPY\x01\x00":
            raise ValueError(f"{path} is no .npy file of version 1")
        head = ast.literal_eval(file.read(struct.unpack("<H", file.read(2))[0]).decode())
        if head["descr"] != "<f4":
            raise ValueError(f"{path} holds {head['descr']}, expected <f4")
        return Npy(head["shape"], file.read())


def error(expected, actual):
    """Root of the mean squared difference, relative to the root mean square of what is expected."""
    if expected.shape != actual.shape:
        raise ValueError(f"shapes differ: {expected.shape} and {actual.shape}")
    expected, actual = expected.numbers(), actual.numbers()
    return math.dist(expected, actual) / math.hypot(*expected)


def same(expected, actual):
    """Whether bytes are the same, and in how many numbers they are not."""
    if expected == actual:
        return True, f"{len(expected)} bytes alike"
    if len(expected) != len(actual):
        return False, f"{len(expected)} and {len(actual)} bytes"
    ours, theirs = (memoryview(data).cast("I") for data in (expected, actual))
    wrong = [k for k in range(len(ours)) if ours[k] != theirs[k]]
    return False, f"{len(wrong)} of {len(ours)} numbers differ, the first at {wrong[0]}"
