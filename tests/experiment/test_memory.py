"""What training frees may be kept, and a process whose C library knows no such option goes on as it is."""

import ctypes
import sys

from gradproof.experiment.memory import keep_freed_memory


class Library:
    """A C library without mallopt."""


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Library())
    assert keep_freed_memory() is False


def test_another_system_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_freed_memory() is False


def test_an_option_that_is_refused_is_told(monkeypatch):
    library = Library()
    library.mallopt = lambda option, value: 0
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    monkeypatch.setattr(sys, "platform", "linux")
    assert keep_freed_memory() is False
