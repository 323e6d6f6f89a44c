"""Measures `gradproof check` on a folder of real documents: verdicts, decided claims, reasons, time, memory.

Run:  python benchmarks/corpus.py FOLDER [--jobs 2]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from gradproof.checker.document import check_document
from gradproof.checker.options import CheckOptions
from gradproof.reader.read import read_document


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    start = time.perf_counter()
    command = [
        sys.executable,
        "-m",
        "gradproof",
        "check",
        arguments.folder,
        "--output-format",
        "json",
        "--jobs",
        str(arguments.jobs),
    ]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    report = json.loads(finished.stdout)
    print(f"exit code {finished.returncode}, {seconds:.1f} s with {arguments.jobs} jobs, largest process {peak:.0f} MiB")
    tell(report)
    print(f"median time per equation: {1000 * median_time(Path(arguments.folder)):.1f} ms")


def tell(report: dict) -> None:
    equations = [equation for file in report["files"] for equation in file["equations"]]
    displays = sum(equation["display"] for equation in equations)
    print(f"{len(report['files'])} files, {len(equations)} equations listed, {displays} displays")
    print("verdicts:", dict(Counter(equation["verdict"] for equation in equations)))
    claims = [link for equation in equations for link in equation["links"] if link["kind"] == "claim"]
    decided = sum(link["verdict"] not in ("unchecked", "stated") for link in claims)
    print(f"{len(claims)} links are claims, {decided} decided ({decided / max(len(claims), 1):.0%})")
    reasons = Counter(link["reason"][:70] for link in claims if link["verdict"] == "unchecked")
    for reason, count in reasons.most_common(10):
        print(f"{count:6d}  {reason}")
    for file in report["files"]:
        for equation in file["equations"]:
            if equation["verdict"] in ("refuted", "malformed", "carried"):
                place = f"{file['file']}:{equation['span']['line']}"
                print(f"{place} {equation['verdict']} {equation['code']}: {' '.join(equation['latex'].split())[:90]}")


def median_time(folder: Path) -> float:
    """Decide every document in this process and return the median time of an equation."""
    times: list[float] = []

    def guard(decide):  # type: ignore[no-untyped-def]
        start = time.perf_counter()
        links = decide()
        times.append(time.perf_counter() - start)
        return links

    for path in sorted(folder.rglob("*.md")):
        check_document(read_document(str(path)), CheckOptions(), {}, guard, lambda *_: None)
    return statistics.median(times)


if __name__ == "__main__":
    main()
