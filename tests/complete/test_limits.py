"""A place that takes too long is left open, and the rest of the sheet is filled."""

import os

import pytest

from gradproof.completion import answering
from gradproof.completion.completion import complete
from gradproof.completion.limits import TookTooMuch, bounded

MEMORY = 1 << 30


def endless():
    while True:
        pass


def hungry():
    held = []
    while True:
        held.append(bytearray(1 << 24))


def test_work_that_takes_too_long_is_ended():
    with pytest.raises(TookTooMuch, match="longer than"):
        bounded(endless, 0.05, MEMORY)


def test_work_that_takes_too_much_memory_is_ended():
    with pytest.raises(TookTooMuch, match="128 MiB of memory"):
        bounded(hungry, 20, 1 << 27)


def test_work_that_dies_is_reported():
    with pytest.raises(TookTooMuch):
        bounded(lambda: os._exit(3), 5, MEMORY)


def test_quick_work_is_done():
    assert bounded(lambda: 1 + 1, 5, MEMORY) == 2


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
