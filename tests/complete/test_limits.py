"""A place that takes too long is left open, and the rest of the sheet is filled."""

import time

import pytest

from gradproof.completion import answering
from gradproof.completion.completion import complete
from gradproof.completion.limits import TookTooLong, time_limit


def endless():
    while True:
        pass


def test_a_block_that_takes_too_long_is_ended():
    with pytest.raises(TookTooLong), time_limit(0.05):
        endless()


def test_a_quick_block_is_left_alone():
    with time_limit(5):
        found = 1 + 1
    time.sleep(0)
    assert found == 2


def test_the_other_places_are_filled(monkeypatch):
    slow = answering.METHODS["formula"]

    def sometimes(asked):
        while "h" in asked.question.planned.source[:2]:
            pass
        return slow(asked)

    monkeypatch.setitem(answering.METHODS, "formula", sometimes)
    completion = complete("Let $g(t) = t^2$.\n\n$$g'(t) = ?$$\n\nLet $h(t) = t^3$.\n\n$$h'(t) = ?$$\n", timeout=1.0)
    assert "2 t" in completion.text
    assert len(completion.left_open) == 1
    assert "longer than" in str(completion.left_open[0])
