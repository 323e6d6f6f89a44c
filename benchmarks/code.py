"""Times compiled programs side by side with JAX, PyTorch, NumPy by hand and SymPy: one process, warm, medians, results compared first.

Run:  uv run --find-links WHEELS --with torch python benchmarks/code.py [--rows softmax,lasso] [--rounds 9] [--store]

A rival that is not installed is left out, and the table says so. Contestants take turns: each round calls every one of them. Beside the
times stand the first call of the default target in a new process (it compiles) and in a second one (it finds what was compiled).
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from code_cases import ROWS, Row
from code_rivals import RIVALS, start_torch

import gradproof

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- code: begin -->", "<!-- code: end -->"
_COLUMNS = 6
#: Seconds that one turn of a contestant takes at least, where it is not a call that is longer than half of that; and those before it.
TURN, REST = 0.1, 0.15


@dataclass
class Result:
    """Medians in seconds by contestant, and the seconds of the first call in a first and in a second process."""

    row: Row
    ours: dict[str, float] = field(default_factory=dict)
    rivals: dict[str, float] = field(default_factory=dict)
    first: tuple[float, float] | None = None
    failures: list[str] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="", help="names of rows, with commas between them; all without it")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--targets", default="", help="our targets, with commas between them; those of the row without it")
    parser.add_argument("--no-rivals", action="store_true", help="time our programs alone")
    parser.add_argument("--store", action="store_true", help="write the table into benchmarks/README.md")
    parser.add_argument("--first-call", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.first_call:
        print(first_call(next(row for row in ROWS if row.name == options.first_call)))
        return
    limit_memory()
    if not options.no_rivals:
        start_torch()
    chosen = [row for row in ROWS if not options.rows or row.name in options.rows.split(",")]
    if options.targets:
        chosen = [replace(row, targets=tuple(options.targets.split(","))) for row in chosen]
    lines: dict[str, str] = {}
    for row in chosen:
        if any(importlib.util.find_spec(target) is None for target in row.targets):
            continue
        result = measured(row, options.rounds, () if options.no_rivals else RIVALS)
        lines[row.title] = line(result)
        print(lines[row.title], *(f"  ! {failure}" for failure in result.failures), sep="\n", flush=True)
    if options.store:
        store(lines)


# Measuring --------------------------------------------------------------------------------------------------------------


def measured(row: Row, rounds: int, makers: Sequence[Callable[[Row, Any], dict[str, Callable[[], Any]]]]) -> Result:
    """Compare the results of all contestants, then time them in turns; one that fails, or needs too much memory, is told and left out."""
    data = row.data()
    result = Result(row)
    ways: dict[str, Callable[[], Any]] = {}
    wanted: list[Any] = []
    for target in row.targets:
        with told_failure(target, result):
            way = program(row, target, data)
            compared(target, lambda way=way: tuple(way().values()), wanted, result)
            ways[target] = way
    for make in makers:
        with told_failure(make.__name__, result):
            for name, way in make(row, data).items():
                with told_failure(name, result):
                    compared(name, way, wanted, result)
                    ways[name] = way
    times = in_turns(ways, rounds)
    result.ours = {name: times[name] for name in row.targets if name in times}
    result.rivals = {name: seconds for name, seconds in times.items() if name not in row.targets}
    if row.targets[0] == "numba" and makers:
        with told_failure("the first call", result):
            result.first = processes(row)
    return result


@contextmanager
def told_failure(name: str, result: Result) -> Iterator[None]:
    """Write down what goes wrong in a block, and go on behind it."""
    try:
        yield
    except Exception as error:  # whatever a contestant raises: the others have their turn
        lines = str(error).strip().splitlines() or [""]
        result.failures.append(f"{name} is left out: {type(error).__name__}: {lines[0][:200]}")


def compared(name: str, way: Callable[[], Any], wanted: list[Any], result: Result) -> None:
    """Compare the results of a contestant with those of the first one; what differs is told."""
    found = [np.asarray(value) for value in way()]
    if not wanted:
        wanted += found
    off = max(difference(one, other) for one, other in zip(found, wanted, strict=True))
    if not off <= result.row.tolerance:
        result.failures.append(f"{name} differs by {off:.1e}")


def limit_memory() -> None:
    """Let a contestant that needs more memory than the machine has fail by itself, not take the process with it."""
    most = int(0.9 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


def program(row: Row, target: str, data: dict[str, Any]) -> Callable[[], Any]:
    """Return a call of our program."""
    made = gradproof.compile(row.text, row.outputs, target, assume=row.assume)
    if target == "torch":
        import torch

        data = {name: torch.as_tensor(value) for name, value in data.items()}
    return lambda: made(**data)


def difference(one: Any, other: Any) -> float:
    """Return the largest difference in units of the largest entry."""
    scale = max(float(np.max(np.abs(other), initial=0.0)), 1e-300)
    return float(np.max(np.abs(one.reshape(other.shape) - other), initial=0.0)) / scale


def in_turns(ways: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Return the median seconds of each way; every round calls each of them, often enough to be measured.

    Before its turn the threads of the others are given time to rest, and it makes one call that is not measured, to wake its own.
    """
    counts: dict[str, int] = {}
    for name, way in ways.items():
        time.sleep(REST)
        way()
        start = time.perf_counter()
        way()
        counts[name] = max(1, int(TURN / max(time.perf_counter() - start, 1e-7)))
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            time.sleep(REST)
            way()
            start = time.perf_counter()
            for _ in range(counts[name]):
                way()
            seconds[name].append((time.perf_counter() - start) / counts[name])
    return {name: statistics.median(found) for name, found in seconds.items()}


def processes(row: Row) -> tuple[float, float]:
    """Return the seconds of the first call of the default target in a new process, and in a second one."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--first-call", row.name]
        environment = {**os.environ, "GRADPROOF_CACHE": folder}
        first, second = (
            float(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout) for _ in range(2)
        )
    return first, second


def first_call(row: Row) -> float:
    """Return the seconds of the first call of the default target."""
    data = row.data()
    made = gradproof.compile(row.text, row.outputs, assume=row.assume)
    start = time.perf_counter()
    made(**data)
    return time.perf_counter() - start


# The table --------------------------------------------------------------------------------------------------------------


def line(result: Result) -> str:
    """Return a row of the table."""
    best = min(result.ours.values(), default=float("nan"))
    ours = ", ".join(f"{name} {told(seconds)}" for name, seconds in result.ours.items())
    rivals = ", ".join(f"{name} {told(seconds)}" for name, seconds in result.rivals.items())
    ratios = []
    for name, goal in result.row.goals.items():
        found = [s for rival, s in result.rivals.items() if rival == name or (name != "torch.compile" and rival.startswith(name))]
        found = list(result.rivals.values()) if name == "best" else found
        if found:
            ratio = min(found) / best
            ratios.append(f"{name} {ratio:.3g} (goal {goal:g}{'' if ratio >= goal else ', missed'})")
    first = f"{result.first[0]:.1f} s, {result.first[1]:.2f} s" if result.first else ""
    return f"| {result.row.title} | {ours} | {rivals} | {', '.join(ratios)} | {first} | {datetime.date.today()} |"


def told(seconds: float) -> str:
    """Return a time with its unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def store(lines: dict[str, str]) -> None:
    """Write the table into the README, between its marks; rows that were not measured stay as they are."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    old, _, after = rest.partition(END)
    known = {entry.split(" | ")[0].removeprefix("| "): entry for entry in old.splitlines() if entry.startswith("| ")}
    before_dates = re.search(r"(?:Measured|Last run) on ([\d-]+):", old)
    for title, entry in known.items():
        if before_dates and entry.count(" | ") < _COLUMNS - 1:  # a row from before rows had dates of their own
            known[title] = f"{entry} {before_dates[1]} |"
    merged = {**known, **lines}
    rows = [merged[row.title] for row in ROWS if row.title in merged]
    head = ["| work | ours | rivals | rival / ours | first call, second process | measured |", "|---" * _COLUMNS + "|"]
    README.write_text("\n".join([f"{before}{BEGIN}", machine(), "", *head, *rows, f"{END}{after}"]), encoding="utf-8")


def machine() -> str:
    """Return the machine and the versions of the last run, and its date, in a sentence."""
    found = [f"{name} {version(name)}" for name in ("numpy", "numba", "jax", "torch", "sympy")]
    cores = os.cpu_count()
    return f"Last run on {datetime.date.today()}: {platform.machine()}, {cores} cores, CPython {platform.python_version()}, {', '.join(found)}."


def version(name: str) -> str:
    """Return the version of a library, or that it is absent."""
    if importlib.util.find_spec(name) is None:
        return "not installed (left out)"
    return str(__import__(name).__version__)


if __name__ == "__main__":
    main()
