"""The parts of bench/card-run."""
