"""How a derivative with stages is shown: every layer in the user's own words, then one derivative for each on the way back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradproof.codegen.signature import stages_of
from gradproof.derivation.backpropagation import Backpropagation
from gradproof.derivation.notation import Definition, Notation, Writing, written
from gradproof.derivation.outputs import gradient_output
from gradproof.derivation.steps import Step, rule_name
from gradproof.expr.node import Symbol
from gradproof.expr.walk import symbols
from gradproof.formula.formula import Formula, Stage
from gradproof.printer.latex import name_latex


class StagedWriting:
    """The gradient of a formula by a variable in writing, stage by stage."""

    def __init__(self, formula: Formula, sweep: Backpropagation, wrt: Symbol) -> None:
        self.sweep = sweep
        self.wrt = wrt
        self.gradient = sweep.gradient(wrt)
        self.needed = stages_of([gradient_output("derivative", formula, sweep, wrt, "")])
        self.known = (*formula.symbols, *(stage.symbol for stage in sweep.order))

    def notation(self, whole: Writing) -> Notation:
        """Return the gradient in writing, with the stages that it needs as definitions; ``whole`` has nothing abbreviated."""
        shown = self._written(self.gradient)
        return Notation(shown.matrix, shown.short, whole, shown.places, tuple(self._definition(stage) for stage in self.needed))

    def steps(self) -> Iterator[Step]:
        """Yield the name of every stage, then the derivative by each from the last one back, then the one by the variable."""
        for stage in self.needed:
            if stage in self.sweep.stages.order:
                made = self._definition(stage)
                yield Step("name", made.left.text, made.right.text, made.left.latex, made.right.latex)
        backs = {made: symbol for symbol, made in self.sweep.by_stage.items()}
        for stage in self.needed:
            if stage in backs:
                yield self._step(stage, backs[stage], f"{stage.symbol.name} = ")
        yield self._step(self.gradient, self.wrt, "")

    def _step(self, made: Stage, by: Symbol, prefix: str) -> Step:
        readers = [stage.symbol.name for stage in self.sweep.stages.order if by in symbols(stage.value)]
        through = ", ".join(name for name in readers if self._goes_back_through(made, name))
        rule = "chain rule" if through else rule_name(self.sweep.stages.value, by)
        shown = self._written(made)
        left = f"df/d{by.name}" if shown.matrix is not None or not made.axes else f"(df/d{by.name})[{', '.join(shown.places)}]"
        latex = rf"\frac{{\partial f}}{{\partial {name_latex(by.name)}}}"
        return Step(rule, f"{prefix}{left}", shown.short.text, latex, shown.short.latex, through)

    def _goes_back_through(self, made: Stage, name: str) -> bool:
        back = next((back for symbol, back in self.sweep.by_stage.items() if symbol.name == name), None)
        return back is not None and back.symbol in symbols(made.value)

    def _definition(self, stage: Stage) -> Definition:
        shown = self._written(stage)
        is_whole = shown.matrix is not None or not stage.axes
        head = stage.head or _entry_text(stage.symbol.name, () if is_whole else shown.places)
        name = name_latex(stage.symbol.name)
        left = name if is_whole else f"{{{name}}}_{{{', '.join(shown.places)}}}"
        return Definition(Writing(head, left), Writing(stage.text or shown.short.text, shown.short.latex))

    def _written(self, stage: Stage) -> Notation:
        return written(stage.value, stage.axes, self.known)


def _entry_text(name: str, places: Sequence[str]) -> str:
    return f"{name}[{', '.join(places)}]" if places else name
