from __future__ import annotations

import pytest
from report_sheets import sheet_report

from gradproof.checker.verdict import FileReport, Report


@pytest.fixture
def sheet() -> FileReport:
    return sheet_report()


@pytest.fixture
def report(sheet: FileReport) -> Report:
    return Report((sheet,), "0.1.0")
