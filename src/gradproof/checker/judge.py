"""The second pass: every claim is read in every plausible way and decided; wrong values are followed through the document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from gradproof.checker.decide import decide, is_closed
from gradproof.checker.environment import Environment
from gradproof.checker.hints import formula_hint, value_hint
from gradproof.checker.intent import (
    Sides,
    has_derivative,
    is_condition,
    is_given,
    is_hypothetical,
    is_numeric,
    is_system,
    open_names,
    speaks_of_result,
)
from gradproof.checker.misfits import is_surely_misfit
from gradproof.checker.neighbourhood import SAME_HEADING, Neighbourhoods
from gradproof.checker.outcome import Outcome, undecided
from gradproof.checker.recursions import derivatives_through_steps, through_steps
from gradproof.checker.sections import PlannedFormula, PlannedLink, PlannedSentence
from gradproof.checker.stand_ins import unknown_functions
from gradproof.checker.statements import concludes, is_data, is_number, source_of
from gradproof.checker.upstream import through_intermediates
from gradproof.checker.usual_assumptions import decide_under_usual_assumptions
from gradproof.checker.values import StatedValues, nameable
from gradproof.checker.verdict import Certificate, Kind, Link, Verdict
from gradproof.elaborate.lowering import Lowering
from gradproof.elaborate.names import spoken
from gradproof.elaborate.reading import Reading, alternatives
from gradproof.elaborate.sizes import extent
from gradproof.elaborate.trouble import Misfit, Trouble
from gradproof.elaborate.value import Value, freshened, renamed, shape_text
from gradproof.expr.build import ZERO, decimal
from gradproof.expr.node import Call, Compare, Expr, Number, Operator, Symbol
from gradproof.expr.walk import contains, postorder, substitute, symbols
from gradproof.printer.latex import to_latex
from gradproof.reader.presentation import Name, Numeral, Prefix, Scripted, Tree
from gradproof.rewrite.prove import simplified

_STATED = {
    "S101": "a definition",
    "S102": "a step of an algorithm",
    "S103": "a condition",
    "S104": "a problem to be solved",
    "S105": "a declaration",
    "U105": "the relation is not one that can be decided",
}
_MOST_READINGS = 8
#: Codes of claims that another context may make readable.
_UNREAD = frozenset({"U103", "U104", "U108", "U109", "U110"})
_REFUTED_BY_FORMULA = frozenset({"R101", "R106"})
_SURE_NOTES = ("I is the identity", "δ with two", "the sum without", "e is Euler", "the dots go on", "the derivative of")


@dataclass
class Judge:
    """Decides the links of a document in order, remembering what the document stated on the way."""

    seed: int = 0
    reading: Reading = field(default_factory=Reading)
    neighbourhoods: Neighbourhoods = field(default_factory=Neighbourhoods)
    stated: StatedValues = field(default_factory=StatedValues)
    readings: list[str] = field(default_factory=list)
    previous: PlannedFormula | None = None

    def links(self, planned: PlannedFormula) -> tuple[Link, ...]:
        """Return the links of a formula with their verdicts; ``readings`` then holds how it was read."""
        self.readings = []
        found: list[Link] = []
        for sentence in planned.sentences:
            found.extend(self._sentence(planned, sentence, len(found)))
        self.previous = planned
        return tuple(found)

    def _sentence(self, planned: PlannedFormula, sentence: PlannedSentence, earlier: int) -> list[Link]:
        found: list[Link] = []
        for place, link in enumerate(sentence.links):
            outcome, extra = self._outcome(planned, sentence, place)
            if link.kind is Kind.CLAIM and outcome.code in _UNREAD | _REFUTED_BY_FORMULA:
                outcome, extra = self._in_narrower_context(planned, earlier + place, outcome, extra)
            found.append(self._link(planned, link, outcome, extra))
        return found

    def _link(self, planned: PlannedFormula, link: PlannedLink, outcome: Outcome, extra: dict[str, object]) -> Link:
        kind = extra.pop("kind", link.kind)
        assert isinstance(kind, Kind)
        return Link(
            lhs=source_of(link.left, planned.source),
            relation=link.relation,
            rhs=source_of(link.right, planned.source),
            kind=kind,
            verdict=outcome.verdict,
            code=outcome.code,
            reason=outcome.reason,
            hint=outcome.hint,
            certificate=outcome.certificate,
            witness=outcome.witness,
            expected=outcome.expected,
            **extra,  # type: ignore[arg-type]
        )

    def _in_narrower_context(
        self, planned: PlannedFormula, place: int, outcome: Outcome, extra: dict[str, object]
    ) -> tuple[Outcome, dict[str, object]]:
        """Read a claim once more with fewer formulas around it; what is found there may only be in its favour.

        Where its own passage says all that there is of its names, that reading stands, whatever it finds. A claim that fails by the
        definitions of other sections, and holds by those under its own heading, is left open.
        """
        told = list(self.readings)
        for words, narrow, sentence, at in self.neighbourhoods.narrower(planned, place):
            link = sentence.links[at]
            if link.code or link.trouble is not None:
                continue
            if outcome.verdict is Verdict.REFUTED and words != SAME_HEADING:
                break
            try:
                stands = words == SAME_HEADING and self._stands_alone(planned, narrow, link)
                is_own = words == SAME_HEADING and self.neighbourhoods.declares_otherwise(planned)
                found, more = self._claim(narrow, sentence, at) if stands else (self._narrow_best(narrow, link), {})
            except (Trouble, RecursionError):
                continue
            holds = found.verdict in (Verdict.PROVED, Verdict.TESTED)
            if holds and outcome.verdict is Verdict.REFUTED and not (stands or is_own):
                return undecided("U108", "it holds by the formulas under its heading, and fails by those of other sections"), {}
            if holds or (stands and found.verdict is Verdict.REFUTED):
                self.readings = [*dict.fromkeys([*self.readings, words])]
                return found, more
        self.readings = told
        return outcome, extra

    def _narrow_best(self, narrow: PlannedFormula, link: PlannedLink) -> Outcome:
        environment = Environment(narrow.scope, narrow.position, narrow.conditions)
        return self._best(narrow, link, self._first_sides(narrow, link), environment)

    def _stands_alone(self, planned: PlannedFormula, narrow: PlannedFormula, link: PlannedLink) -> bool:
        """Tell whether a claim on the derivative of a quantity has all its definitions under its own heading, that of the quantity too."""
        sides = self._first_sides(narrow, link)
        environment = Environment(narrow.scope, narrow.position, narrow.conditions)
        operands = [node.operands[0] for node in postorder(sides.left) if isinstance(node, Operator) and node.kind == "derivative"]
        calls = {node.function for operand in operands for node in postorder(operand) if isinstance(node, Call)}
        heads = calls | {operand.name for operand in operands if isinstance(operand, Symbol)}
        if not heads or not all(environment.named(head) is not None for head in heads):
            return False
        roots = (sides.left, sides.right, environment.expanded(sides.left), environment.expanded(sides.right))
        names = frozenset().union(*(open_names(root) for root in roots))
        return self.neighbourhoods.is_self_contained(planned, {name: narrow.scope.survey.rank(name) for name in names})

    # One link -------------------------------------------------------------------------------------------------------

    def _outcome(self, planned: PlannedFormula, sentence: PlannedSentence, place: int) -> tuple[Outcome, dict[str, object]]:
        link = sentence.links[place]
        if link.trouble is not None:
            return self._troubled(planned, link.trouble), {}
        if link.code:
            verdict = Verdict.STATED if link.code[0] == "S" else Verdict.UNCHECKED
            return Outcome(verdict, link.code, reason=_STATED.get(link.code, "")), {}
        try:
            return self._claim(planned, sentence, place)
        except Trouble as trouble:
            if speaks_of_result(planned, link):
                return undecided("U104", "missing context: what the result belongs to is never given"), {}
            if link.again and is_data(link.right):
                name = spoken(link.key)
                return undecided("U104", f"missing context: what {name} is made of is never given"), {}
            return self._troubled(planned, trouble), {}
        except RecursionError:
            return undecided("U109", "the formula is nested too deeply to be decided"), {}

    def _troubled(self, planned: PlannedFormula, trouble: Trouble) -> Outcome:
        if isinstance(trouble, Misfit):
            if is_surely_misfit(planned, trouble):
                certificate = Certificate("shapes", details={"misfit": trouble.reason})
                said = "; ".join(value.words for value in planned.scope.declared.values() if " " in value.words)
                hint = trouble.hint or (f"the document says: {said}" if said else "")
                return Outcome(Verdict.MALFORMED, trouble.code, certificate, trouble.reason, hint)
            return undecided("U109", f"no reading fits: {trouble.reason}", trouble.hint)
        return undecided(trouble.code, trouble.reason, trouble.hint)

    def _claim(self, planned: PlannedFormula, sentence: PlannedSentence, place: int) -> tuple[Outcome, dict[str, object]]:
        link = sentence.links[place]
        position = planned.position - 1 if link.again else planned.position
        environment = Environment(planned.scope, position, planned.conditions)
        sides = self._first_sides(planned, link)
        environment = environment.beside(sides.left, sides.right)
        general = self._best(planned, link, sides, environment)
        if general.verdict in (Verdict.PROVED, Verdict.TESTED):
            self.stated.remember(planned, sides.left, sides.right, environment, ok=True)
            chain = self._against_head(planned, sentence, place, environment)
            return chain if chain is not None else (general, {})
        missing = self._missing(planned, link, sides, environment)
        if missing is not None:
            if is_given(planned, sentence, environment.expanded(sides.left)):
                return Outcome(Verdict.STATED, "S103", reason="a value that is given"), {"kind": Kind.CONDITION}
            return missing, {}
        if link.again and not is_number(link.right) and not concludes(planned.before[-40:]) and len(sentence.links) == 1:
            return Outcome(Verdict.STATED, "S101", reason="defined again"), {"kind": Kind.DEFINITION}
        if general.verdict is Verdict.REFUTED and is_hypothetical(planned) and (not environment.conditions or sides.right is ZERO):
            return Outcome(Verdict.STATED, "S103", reason="a condition on its symbols"), {"kind": Kind.CONDITION}
        numeric = self._numeric(planned, sentence, place, sides, environment)
        if numeric is not None:
            return numeric
        if general.verdict is Verdict.REFUTED:
            return self._refuted(planned, link, sides, environment, general)
        return general, {}

    # Readings ---------------------------------------------------------------------------------------------------------

    def _first_sides(self, planned: PlannedFormula, link: PlannedLink) -> Sides:
        return self._sides(planned, link, self.reading)

    def _sides(self, planned: PlannedFormula, link: PlannedLink, reading: Reading) -> Sides:
        """Read both sides over the same axes; what does not fit leaves no trace in the sizes."""
        sizes = planned.scope.sizes
        state = sizes.snapshot()
        lowering = Lowering(planned.scope, reading, planned.position)
        left_tree = self._left_tree(planned, link, lowering)
        lowering.announce([left_tree, link.right])
        try:
            left, right = lowering.value(left_tree), lowering.value(link.right)
            left, right = _same_axes(left, right, lowering)
            sizes.settle()
        except Trouble:
            sizes.restore(state)
            raise
        bodies = (sizes.resolve(left.body), _as_printed(link.right, sizes.resolve(right.body)))
        position = planned.position - 1 if link.again else planned.position
        upstream = through_intermediates(*bodies, Environment(planned.scope, position, planned.conditions))
        if upstream is not None:
            bodies = (upstream.left, upstream.right)
            lowering.note(upstream.words)
        for through in (derivatives_through_steps, through_steps):
            stepped = through(*bodies, planned, reading)
            if stepped is None:
                continue
            bodies = (stepped.left, stepped.right)
            lowering.note(stepped.words)
        return Sides(*bodies, reading, frozenset(lowering.questions), tuple(lowering.notes))

    def _left_tree(self, planned: PlannedFormula, link: PlannedLink, lowering: Lowering) -> Tree:
        """'result = ...' speaks of what was asked for right before."""
        if speaks_of_result(planned, link) and self.previous is not None:
            sentence = next(iter(self.previous.sentences), None)
            if sentence is not None and self.previous.scope is planned.scope:
                return sentence.links[0].left
        return link.left

    def _best(self, planned: PlannedFormula, link: PlannedLink, sides: Sides, environment: Environment) -> Outcome:
        """Decide under every plausible reading: one that holds is shown, a refutation needs all to fail."""
        first = self._under(planned, link, sides, environment)
        if first.verdict in (Verdict.PROVED, Verdict.TESTED) or not sides.questions:
            self._tell(sides)
            return first
        outcomes = [first]
        for count, reading in enumerate(alternatives(self.reading, sides.questions)):
            if count == 0:
                continue
            if count >= _MOST_READINGS:
                return undecided("U107", "more readings than can be tried")
            try:
                other = self._sides(planned, link, reading)
                outcome = self._under(planned, link, other, environment)
            except Trouble:
                continue
            if outcome.verdict in (Verdict.PROVED, Verdict.TESTED):
                self._tell(other)
                return outcome
            outcomes.append(outcome)
        self._tell(sides)
        if first.verdict is Verdict.REFUTED and any(o.verdict is not Verdict.REFUTED for o in outcomes):
            return undecided("U108", "the claim fails under one reading and is open under another")
        return first

    def _tell(self, sides: Sides) -> None:
        for words in (*sides.reading.told(sides.questions - {"layout", "jacobian"}), *sides.notes):
            if words not in self.readings:
                self.readings.append(words)

    def _under(self, planned: PlannedFormula, link: PlannedLink, sides: Sides, environment: Environment) -> Outcome:
        environment = environment.beside(sides.left, sides.right)
        left, right = environment.expanded(sides.left), environment.expanded(sides.right)
        resolve = environment.scope.sizes.resolve
        assumptions = [Compare(c.relation, resolve(c.left), resolve(c.right)) for c in planned.assumptions]
        outcome = decide(link.relation, left, right, assumptions, self.seed)
        if outcome.verdict in (Verdict.PROVED, Verdict.TESTED) or not environment.conditions:
            return outcome
        fixed = environment.conditions
        at = decide(link.relation, substitute(left, fixed), substitute(right, fixed), assumptions, self.seed)
        if at.verdict in (Verdict.PROVED, Verdict.TESTED):
            words = ", ".join(f"{spoken(_name(key))} = {to_latex(value)}" for key, value in fixed.items())
            note = f"at {words}"
            if note not in self.readings:
                self.readings.append(note)
            return at
        return outcome

    # Context ------------------------------------------------------------------------------------------------------------

    def _missing(self, planned: PlannedFormula, link: PlannedLink, sides: Sides, environment: Environment) -> Outcome | None:
        """A number for a quantity whose ingredients the document never gives cannot be checked."""
        left, right = environment.expanded(sides.left), environment.expanded(sides.right)
        open_left = open_names(substitute(left, environment.conditions))
        if not is_numeric(right) or not open_left or link.relation not in ("=", "≈"):
            return None
        if open_left <= frozenset().union(*(open_names(condition) for condition in planned.assumptions)):
            return None  # it speaks of all values under a condition: the derivative is 1 for x > 0
        named = isinstance(link.left, Name | Scripted) or has_derivative(sides.left) or link.left.place.start == 0
        if not named:
            return None
        names = ", ".join(spoken(name) for name in sorted(open_left)[:4])
        return undecided("U104", f"missing context: {names} {'is' if len(open_left) == 1 else 'are'} never given")

    # Numbers --------------------------------------------------------------------------------------------------------------

    def _numeric(
        self, planned: PlannedFormula, sentence: PlannedSentence, place: int, sides: Sides, environment: Environment
    ) -> tuple[Outcome, dict[str, object]] | None:
        """A wrong number: does it follow from what the document stated before?"""
        fixed = environment.conditions
        true_left = substitute(environment.expanded(sides.left), fixed)
        true_right = substitute(environment.expanded(sides.right), fixed)
        if not (is_closed(true_left) and is_closed(true_right)):
            return None
        link = sentence.links[place]
        outcome = decide(link.relation, true_left, true_right)
        if outcome.verdict is not Verdict.REFUTED:
            return outcome, {}
        if link.relation == "≈" and symbols(sides.left) and symbols(sides.right):
            return undecided("U109", "an approximation between formulas"), {}
        planned.heads = self._names_in_chain(planned, sentence, place)
        planned.final = _final_number(planned, sentence)
        head = self._head(planned, sentence, environment) if not link.first else None
        return self.stated.judged(planned, link.relation, sides.left, sides.right, environment, outcome, head)

    def _names_in_chain(self, planned: PlannedFormula, sentence: PlannedSentence, place: int) -> list[Expr]:
        """Return the sides before a link that a number at its end gives a value to."""
        found: list[Expr] = []
        for earlier in sentence.links[:place]:
            try:
                found.append(self._first_sides(planned, earlier).left)
            except Trouble:
                continue
        return [side for side in found if nameable(side)]

    def _head(self, planned: PlannedFormula, sentence: PlannedSentence, environment: Environment) -> Expr | None:
        """Return the first side of a chain: what the whole chain speaks of."""
        try:
            sides = self._first_sides(planned, sentence.links[0])
        except Trouble:
            return None
        return sides.left

    def _against_head(
        self, planned: PlannedFormula, sentence: PlannedSentence, place: int, environment: Environment
    ) -> tuple[Outcome, dict[str, object]] | None:
        """Arithmetic that holds may still end in a number that the head of its chain does not have, and not by rounding."""
        link = sentence.links[place]
        if link.first or not is_number(link.right) or link.relation not in ("=", "≈"):
            return None
        head = self._head(planned, sentence, environment)
        if head is None:
            return None
        try:
            sides = self._first_sides(planned, link)
        except Trouble:
            return None
        last = sides.right
        value = substitute(environment.expanded(head), environment.conditions)
        if not is_closed(value) or not is_closed(last):
            return None
        if is_closed(sides.left) and decide("=", value, sides.left).verdict is not Verdict.REFUTED:
            return None  # the decimals that it was computed from explain the difference
        outcome = decide(link.relation, value, last)
        if outcome.verdict is not Verdict.REFUTED or self._links_fail(planned, sentence, place):
            return None
        return self.stated.judged(planned, link.relation, head, last, environment, outcome, None)

    def _links_fail(self, planned: PlannedFormula, sentence: PlannedSentence, place: int) -> bool:
        """Tell whether an earlier link of the chain is already shown to be wrong or carried."""
        for earlier in range(place):
            link = sentence.links[earlier]
            if link.code or link.trouble is not None:
                continue
            try:
                sides = self._first_sides(planned, link)
            except Trouble:
                continue
            environment = Environment(planned.scope, planned.position, planned.conditions)
            values = [substitute(environment.expanded(side), planned.conditions) for side in (sides.left, sides.right)]
            if all(is_closed(value) for value in values):
                if decide(link.relation, values[0], values[1]).verdict is Verdict.REFUTED:
                    return True
        return False

    # Refutations ------------------------------------------------------------------------------------------------------------

    def _refuted(
        self, planned: PlannedFormula, link: PlannedLink, sides: Sides, environment: Environment, outcome: Outcome
    ) -> tuple[Outcome, dict[str, object]]:
        """A claim that fails: refuted where it is surely meant as one, else a condition, a new definition, or open."""
        if outcome.code == "R105":
            return outcome, {"stated": to_latex(sides.right)}
        left, right = environment.expanded(sides.left), environment.expanded(sides.right)
        if link.again and link.key and not concludes(planned.before[-40:]):
            return Outcome(Verdict.STATED, "S101", reason="defined again"), {"kind": Kind.DEFINITION}
        derivative = has_derivative(sides.left) or has_derivative(sides.right)
        doubt = self._doubt(link, sides, left, right)
        if doubt is not None:
            return doubt, {}
        if unknown_functions(left, right) and any(
            _calls(side) != _calls(environment.opened(side)) for side in (sides.left, sides.right)
        ):
            return undecided("U103", "some of its functions are defined, and others are not"), {}
        if is_condition(sides, left, right, derivative) or (not derivative and is_system(sides, left, right)):
            return Outcome(Verdict.STATED, "S103", reason="a condition on its symbols"), {"kind": Kind.CONDITION}
        for pair in ((left, right), (environment.derived(sides.left), environment.derived(sides.right))):
            relaxed = decide_under_usual_assumptions(*pair, self.seed)
            if relaxed is not None:
                self.readings += [relaxed[1]] if relaxed[1] else []
                return relaxed[0], {}
        hint, mended = formula_hint(left, right, sides.right)
        hint = hint or value_hint(left, right)
        named = environment.derived(sides.left)
        candidates = [simplified(named), simplified(left), *([] if mended is None else [mended])]
        if (not derivative and left is not sides.left) or contains(named, lambda node: isinstance(node, Call) and any(node.orders)):
            candidates = candidates[1:]  # the short form says no more than the claim does
        code = "R106" if derivative else outcome.code
        refuted = replace(outcome, code=code, expected=_in_own_names(candidates, sides), hint=hint)
        return refuted, {"stated": to_latex(sides.right)}

    def _doubt(self, link: PlannedLink, sides: Sides, left: Expr, right: Expr) -> Outcome | None:
        """A refutation needs a reading without guesses."""
        if link.relation == "≈":
            return undecided("U109", "an approximation between formulas")
        guesses = [note for note in sides.notes if not is_sure([note])]
        if guesses:
            return undecided("U108", f"the claim fails as it was read ({guesses[0]})", "Write it out.")
        free = [{index.name for index in side.free_indices} for side in (left, right)]
        if free[0] != free[1]:
            return undecided("U108", "the two sides have different free indices, so the claim may be meant of some entries")
        return None


def _in_own_names(candidates: Sequence[Expr], sides: Sides) -> str:
    """Return the right formula as LaTeX: of its forms the one in the names that the claim itself uses, then the shortest."""
    own = {symbol.name for side in (sides.left, sides.right) for symbol in symbols(side)}
    forms = [(len({symbol.name for symbol in symbols(body)} - own), to_latex(body)) for body in candidates]
    return min(forms, key=lambda form: (form[0], len(form[1])))[1]


def is_sure(notes: Iterable[str]) -> bool:
    """Tell whether nothing was guessed where these notes were made."""
    return all(note.startswith(_SURE_NOTES) or note.endswith(" alone") for note in notes)


def _final_number(planned: PlannedFormula, sentence: PlannedSentence) -> str:
    """Return the number that a chain ends in, as it is printed."""
    last = sentence.sentence.sides[-1]
    return source_of(last, planned.source) if is_number(last) else ""


def _as_printed(tree: Tree, body: Expr) -> Expr:
    """The number that a link ends in is a rounding of the value, also where the same decimal was given as an input."""
    signed = tree.operand if isinstance(tree, Prefix) else tree
    if isinstance(signed, Numeral) and isinstance(body, Number):
        return Number(body.value, decimal(signed.text).ulp)
    return body


def _same_axes(left: Value, right: Value, lowering: Lowering) -> tuple[Value, Value]:
    """Bring both sides over the same axes; zero may stand for a tensor of zeros."""
    if left.rank != right.rank:
        if 0 in (left.rank, right.rank) and _is_zero(left if left.rank == 0 else right):
            return left, right
        words = f"the left side is {shape_text(left)}, the right side {shape_text(right)}"
        raise Misfit("M102", words, is_certain=False)
    right = freshened(right)
    for mine, other in zip(left.axes, right.axes, strict=True):
        lowering.scope.sizes.unify(extent(mine), extent(other), "the two sides")
    return left, renamed(right, left.axes)


def _is_zero(value: Value) -> bool:
    return isinstance(value.body, Number) and value.body.value == 0


def _calls(root: Expr) -> set[str]:
    return {node.function for node in postorder(root) if isinstance(node, Call)}


def _name(key: Expr) -> str:
    return key.name if isinstance(key, Symbol) else str(key)
