from pathlib import Path

import pytest

SHEETS = Path(__file__).parent / "sheets"


@pytest.fixture
def sheet():
    return lambda name: str(SHEETS / name)
