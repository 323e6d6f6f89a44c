"""Quantities whose meaning is known by their name: a formula that is given as one of them can contradict it."""

from __future__ import annotations

from gradproof.checker.glossary import mean_squared_error, top_k_error
from gradproof.checker.glossary.entry import GlossaryEntry

GLOSSARY: tuple[GlossaryEntry, ...] = (top_k_error.ENTRY, mean_squared_error.ENTRY)

__all__ = ["GLOSSARY", "GlossaryEntry"]
