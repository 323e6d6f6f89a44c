"""Evaluation bars: ``\\left. f'(x) \\right|_{x = 2}``, ``\\frac{df}{dx}\\big|_{x=1, y=0}``: a value at values of letters."""

from __future__ import annotations

from gradproof.reader.presentation import Adjacent, Chain, Fenced, Listing, Name, Scripted, Tree

Given = tuple[Tree, Tree]


def without_bar(tree: Tree) -> tuple[Tree, tuple[Given, ...]]:
    """Return what stands before an evaluation bar, and the letters with their values; a tree without one as it is."""
    match tree:
        case Scripted(Fenced("." | "[", "|" | "]", body), sub, None) if body is not None and (given := _given(sub)):
            return body, given
        case Adjacent((*before, Scripted(Fenced(".", "|", None), sub, None))) if before and (given := _given(sub)):
            return (before[0] if len(before) == 1 else Adjacent(tuple(before), tree.place)), given
        case _:
            return tree, ()


def _given(sub: Tree | None) -> tuple[Given, ...]:
    """Return the letters and values of a subscript ``x = 1, y = 0``; nothing where it is something else."""
    parts = sub.items if isinstance(sub, Listing) else (sub,)
    found: list[Given] = []
    for part in parts:
        match part:
            case Chain(Name() | Scripted() as letter, (("=", value),)):
                found.append((letter, value))
            case _:
                return ()
    return tuple(found)
