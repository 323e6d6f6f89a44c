"""Checks the derivatives of random expressions and formulas over the whole catalogue, and reports what fails.

Run:  python benchmarks/random_expressions.py [--count 100000] [--seed 0] [--processes 2]

Of four examples, three are expressions (derivative by a scalar and by an entry against central differences, simplified form, text
read again, symmetric second derivatives), one is a formula of matrices and vectors (the same, the matrix and the index notation
read again, the NumPy module). The checks are those of the tests in tests/laws.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "laws")]

from expression_faults import expression_faults
from expressions import BINDINGS, EXPRESSIONS
from formula_faults import formula_faults
from formulas import questions
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import tuples

from gradproof.printer.text import to_text

CHUNK = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    chunks = [(arguments.seed, number) for number in range(-(-arguments.count // CHUNK))]
    start, done, faults, kinds = time.perf_counter(), 0, 0, Counter[str]()
    with multiprocessing.Pool(arguments.processes, maxtasksperchild=20) as pool:
        for kind, count, found in pool.imap_unordered(checked, chunks):
            done += count
            kinds[kind] += count
            faults += len(found)
            for example, words in found:
                print(f"{example}\n    {words}", flush=True)
            if (done // CHUNK) % 25 == 0:
                print(f"... {done} checked, {faults} faults, {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    print(f"{done} random examples ({told}): {faults} faults, {time.perf_counter() - start:.0f} s")
    sys.exit(1 if faults else 0)


def checked(chunk: tuple[int, int]) -> tuple[str, int, list[tuple[str, str]]]:
    """Check the examples of a chunk; return their kind, their number and what is wrong with which."""
    first, number = chunk
    kind, strategy, faults = FORMULAS if number % 4 == 3 else EXPRESSIONS_OF_SCALARS
    found: list[tuple[str, str]] = []
    count = 0

    @seed(first * 1_000_003 + number)
    @settings(max_examples=CHUNK, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(strategy)
    def run(example: object) -> None:
        nonlocal count
        count += 1
        try:
            found.extend((told(example), words) for words in faults(example))
        except Exception as error:
            found.append((told(example), f"{type(error).__name__}: {error}"))

    run()
    return kind, count, found


def told(example: object) -> str:
    if isinstance(example, tuple):
        root, bindings = example
        return f"{to_text(root)} at {dict(bindings.values)}"
    return f"{example.text} by {example.wrt}"


EXPRESSIONS_OF_SCALARS = ("expressions", tuples(EXPRESSIONS, BINDINGS), lambda pair: expression_faults(*pair))
FORMULAS = ("formulas", questions(), formula_faults)

if __name__ == "__main__":
    main()
