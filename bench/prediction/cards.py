"""Cards, and what is assumed of them until one has been measured."""
from typing import NamedTuple

from prediction.model import Efficiency, Machine


class Card(NamedTuple):
    name: str
    sheet_flop: float  # data sheet, dense
    sheet_bytes: float
    flop: float  # what programs reach
    bytes: float

    def machine(self, overhead):
        # Products move 16 bytes at once and make tiles of at least 64 channels; 32 threads of an epilogue take 4 each.
        return Machine(self.name, self.flop, self.bytes, overhead, operand=8, result=64, lanes=128)


# Large products reach 80 % of the data sheet's peak within a card's power, large copies 90 %.
SHEET_FLOP = {"bf16": 989e12, "tf32": 494e12, "fp32": 67e12}
REACHED = 790 / 989


def cards(precision):
    peak = SHEET_FLOP[precision]
    return [Card("H200 SXM", peak, 4.8e12, REACHED * peak, 4.3e12),
            Card("H100 SXM", peak, 3.35e12, REACHED * peak, 3.0e12)]


class Guess(NamedTuple):
    """The least, the most likely and the largest share of the ceilings, and what they rest on."""
    compute: tuple
    memory: tuple
    source: str
    issue: bool = False  # bound by instructions and accesses in flight, not by memory: alike on cards of one chip


# Every one of these is an estimate.
GUESSES = {
    "Convolution 3×3": Guess(
        (0.50, 0.65, 0.80), (0.6, 0.75, 0.9),
        "engines that cuDNN compiles for a fused graph at about 450 TFLOP/s, its best precompiled ones at about 680"),
    "Convolution 1×1": Guess((0.45, 0.60, 0.80), (0.65, 0.80, 0.9), "short sums; bound by memory at these channels"),
    "Linear": Guess((0.50, 0.65, 0.85), (0.6, 0.75, 0.9), "as 3×3, with less to gather"),
    "Attention": Guess((0.20, 0.35, 0.55), (0.4, 0.60, 0.8), "256 tokens are few tiles for each head of 256 channels"),
    "GroupNorm": Guess(
        (1, 1, 1), (0.17, 0.24, 0.40),
        "accesses of 2 bytes, three readings of maps that no cache holds, about 29 instructions a number: counted in"
        " the compiled code of group_norm_whole", issue=True),
    "pointwise": Guess((1, 1, 1), (0.15, 0.25, 0.5), "accesses of 2 bytes, blocks of 32 threads", issue=True),
    "epilogue": Guess((1, 1, 1), (0.3, 0.5, 0.8), "as pointwise; channels are padded to 32 threads of 4", issue=True),
    "sampling": Guess(
        (1, 1, 1), (0.15, 0.3, 0.6), "accesses of 2 and 4 bytes in another order than they lie", issue=True),
}

# Seconds between two launches of a graph, with filling and draining the card.
OVERHEAD = (4e-6, 2.5e-6, 1.5e-6)

WORST, LIKELY, BEST = 0, 1, 2


# Shares of what is bound by instructions are of this many bytes a second, the H200's.
ISSUE_BYTES = 4.3e12
MOST_MEMORY = 0.9


def efficiencies(card, case):
    def memory(guess):
        share = guess.memory[case]
        return min(share * ISSUE_BYTES / card.bytes, MOST_MEMORY) if guess.issue else share
    return {family: Efficiency(guess.compute[case], memory(guess)) for family, guess in GUESSES.items()}
