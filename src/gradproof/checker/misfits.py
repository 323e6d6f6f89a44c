"""Misfits that are the document's own: shapes and ranges that do not fit although it declares all that is involved."""

from __future__ import annotations

from gradproof.checker.sections import PlannedFormula
from gradproof.elaborate.references import reference_of
from gradproof.elaborate.trouble import Misfit
from gradproof.reader.presentation import Name, Scripted
from gradproof.reader.walk import subtrees


def declared_keys(planned: PlannedFormula) -> frozenset[str]:
    """Return the names of a formula whose sizes the document declares."""
    found: set[str] = set()
    for node in subtrees(planned.tree):
        read = reference_of(node) if isinstance(node, Name | Scripted) else None
        declared = planned.scope.declared.get(read[0].key) if read is not None else None
        if read is not None and declared is not None and any(size is not None for size in declared.sizes or ()):
            found.add(read[0].key)
    return frozenset(found)


def is_surely_misfit(planned: PlannedFormula, trouble: Misfit) -> bool:
    """Tell whether a misfit is the document's own: it declares the sizes of all that is involved, and never again otherwise."""
    declared = declared_keys(planned)
    if not trouble.is_certain or not declared:
        return False
    if trouble.code == "M101":
        return True
    survey = planned.scope.survey
    names = {read[0].key for node in subtrees(planned.tree) if isinstance(node, Name | Scripted) and (read := reference_of(node))}
    tensors = {name for name in names if survey.rank(name)}
    return tensors <= declared and not any(name in planned.scope.definitions for name in tensors)
