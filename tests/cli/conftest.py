"""Runs the command line in this process, with a checker that answers at once."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from gradproof.checker.options import CheckOptions
from gradproof.checker.verdict import Equation, FileReport, Kind, Link, Report, Verdict
from gradproof.cli import check_command, main
from gradproof.errors import Span
from gradproof.reader.document import EmptyPart

CODE_OF = {Verdict.REFUTED: "R102", Verdict.PROVED: "P102", Verdict.UNCHECKED: "U104", Verdict.CARRIED: "C101"}


def equation(verdict: Verdict, number: int = 1) -> Equation:
    code = CODE_OF[verdict]
    link = Link("1 + 1", "=", "3", Kind.CLAIM, verdict, code, stated="3", expected="2")
    span = Span(number, 1, number, 12)
    return Equation(f"e{number}", str(number), True, span, "1 + 1 = 3", verdict, code, links=(link,))


@dataclass
class Checker:
    """Stands in for ``check_paths``; remembers what it was asked."""

    verdicts: tuple[Verdict, ...] = (Verdict.PROVED,)
    unanswered: tuple[EmptyPart, ...] = ()
    error: BaseException | None = None
    paths: list[str] = field(default_factory=list)
    options: CheckOptions | None = None
    stdin: str | None = None

    def __call__(self, paths, options, on_progress=None, stdin=None):
        self.paths, self.options, self.stdin = list(paths), options, stdin
        if self.error:
            raise self.error
        if on_progress:
            on_progress(1, 1)
        equations = tuple(equation(verdict, number) for number, verdict in enumerate(self.verdicts, 1))
        files = tuple(FileReport(path, None, equations, self.unanswered) for path in paths)
        return Report(files, "0.1.0", options.seed)


@pytest.fixture
def checker(monkeypatch) -> Checker:
    stand_in = Checker()
    monkeypatch.setattr(check_command, "check_paths", stand_in)
    for name in ("NO_COLOR", "FORCE_COLOR", "GRADPROOF_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return stand_in


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def run(capfdbinary) -> Callable[..., Outcome]:
    def go(*arguments: str) -> Outcome:
        code = main.run(list(arguments))
        captured = capfdbinary.readouterr()
        return Outcome(code, captured.out.decode(), captured.err.decode())

    return go


@pytest.fixture
def type_in(monkeypatch) -> Callable[[bytes], None]:
    def put(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    return put


@pytest.fixture
def sheet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sheet.md").write_text("$$1 + 1 = 3$$\n")
    return "sheet.md"
