"""The first pass over a document: every formula parsed, every link classified, every definition entered.

A plan says what each link does (definition, claim, update, condition, ...); the second pass (``judge``) decides the claims.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from gradproof.checker.at_values import as_given, values_at, without_bars
from gradproof.checker.misfits import is_surely_misfit
from gradproof.checker.roundings import rounded_decimals
from gradproof.checker.sections import PlannedFormula, PlannedLink, PlannedSentence, Section, sections_of
from gradproof.checker.statements import (
    NOTHING_BEFORE,
    Definiendum,
    Sentence,
    applied_name,
    concludes,
    definiendum,
    has_ellipsis,
    hole_in,
    introduces,
    is_closed_form,
    is_condition_context,
    is_data,
    is_number,
    is_objective,
    mentions,
    restricts_before,
    said_at_once,
    sentences,
    supposes,
)
from gradproof.checker.verdict import Kind
from gradproof.elaborate.conditions import RELATIONS
from gradproof.elaborate.declared import declared_in, declared_in_words, numbered_samples
from gradproof.elaborate.lowering import Lowering
from gradproof.elaborate.names import base_name
from gradproof.elaborate.prox import proximal_function
from gradproof.elaborate.reading import Reading
from gradproof.elaborate.references import reference_of
from gradproof.elaborate.scope import Declared, Definition, Step
from gradproof.elaborate.sizes import extent
from gradproof.elaborate.survey import survey
from gradproof.elaborate.trouble import Misfit, Trouble
from gradproof.elaborate.value import Value, renamed
from gradproof.expr.catalogue import BY_TEXT
from gradproof.expr.node import Compare, Element, Expr, Index, Number, Symbol
from gradproof.expr.walk import postorder, symbols
from gradproof.reader.document import Document
from gradproof.reader.presentation import Fenced, Name, Scripted, Tree
from gradproof.reader.walk import subtrees

_EQUALITIES = frozenset({"=", ":=", "≡"})
_INEQUALITIES = frozenset({"<", ">", "≤", "≥", "≠"})
_OF_MATRICES = frozenset({"symmetric", "posdef", "orthogonal"})
_DECLARATIONS = frozenset({"∈", "⊂", "⊆", "⊃", "∋"})
DECIDABLE = frozenset({"=", "≈", "≡", "<", ">", "≤", "≥", "≠"})
_OPERATORS = frozenset({"E", "Var", "Cov", "var", "cov", "sigma", "max", "min", "partial", "d"})
_RESULT_WORDS = frozenset({"result", "answer", "output", "solution", "value", "ans", "total"})


def plan(
    document: Document, declared: dict[str, Declared] | None = None, on_formula: Callable[[int], None] | None = None
) -> list[Section]:
    """Return the sections of a document with every link classified."""
    sections = sections_of(document, on_formula)
    for section in sections:
        classify(section, declared or {})
    return sections


def classify(section: Section, declared: dict[str, Declared]) -> None:
    """Gather what the formulas of a section show of their symbols, and classify every link."""
    _survey(section, declared)
    _Planner(section).run()


def _survey(section: Section, declared: dict[str, Declared]) -> None:
    """Gather what is declared, then the evidence of all formulas, into the scope of a section."""
    found = declared_in_words("".join(section.prose))
    trees = [planned.tree for planned in section.formulas]
    for key, value in declared_in(trees).items():
        told = found.get(key)
        if told is None:
            found[key] = value
        elif told.sizes is None:
            contradicts = "plusminus" in value.properties and told.properties & {"onehot", "binary"}  # another section's labels
            properties = told.properties if contradicts else told.properties | value.properties
            found[key] = replace(told, sizes=value.sizes, properties=properties)
    samples = numbered_samples(trees, found)
    found.update(declared)
    scope = section.scope
    ranks = {key: len(value.sizes) for key, value in found.items() if value.sizes is not None}
    square = (key for key, value in found.items() if value.sizes is None and value.properties & _OF_MATRICES)
    scope.survey = survey(trees, {**dict.fromkeys(square, 2), **ranks}, samples)
    for value in found.values():
        for size in value.sizes or ():
            if isinstance(size, Symbol):
                scope.survey.sizes.add(size.name)
    scope.declared = found
    scope.rounded = (scope.rounded or set()) | rounded_decimals(trees)


# Links ----------------------------------------------------------------------------------------------------------------


class _Planner:
    """Classifies the links of one section in order."""

    def __init__(self, section: Section) -> None:
        self.section = section
        self.scope = section.scope
        self.fixed: dict[Expr, Expr] = {}
        self.assumed: list[Compare] = []
        self.part, self.passage, self.item = "", 0, 0
        self.is_used = False
        self.outside: dict[Expr, Expr] = {}

    def run(self) -> None:
        for planned in self.section.formulas:
            self._enter(planned)
            known = len(self.assumed), frozenset(self.fixed)
            try:
                self._formula(planned)
            except RecursionError:
                planned.trouble = Trouble("U102", "nested too deeply")
            except Exception as trouble:  # one formula must not take the document with it
                planned.trouble = Trouble("U109", f"an internal error, please report it: {type(trouble).__name__}: {trouble}")
            self.is_used = bool(self.fixed) and (self.is_used or self._asks_itself(planned))
            planned.conditions = {**self.fixed, **planned.conditions}
            planned.assumptions = list(self.assumed)
            self._restrict_what_stands_before(planned, known)

    def _restrict_what_stands_before(self, planned: PlannedFormula, known: tuple[int, frozenset[Expr]]) -> None:
        """``$f = g$ if $x > 0$``: a condition behind a claim in the same sentence is one on that claim too."""
        at = self.section.formulas.index(planned)
        if at == 0 or not restricts_before(planned.before):
            return
        claim = self.section.formulas[at - 1]
        claim.assumptions += self.assumed[known[0] :]
        claim.conditions |= {key: value for key, value in self.fixed.items() if key not in known[1]}

    def _enter(self, planned: PlannedFormula) -> None:
        """Forget the values that held for an earlier part, and for an earlier passage or list item that used them itself."""
        if planned.part != self.part or (planned.passage != self.passage and self._asks(passage=self.passage)):
            self.fixed, self.outside = {}, {}
        if planned.opens and self.is_used:  # "Let ..." begins something else: the values were those of what came before
            self.fixed, self.outside, self.is_used = {}, {}, False
        if planned.item != self.item:
            if self.item and self._asks(item=self.item):
                self.fixed = dict(self.outside)
            self.outside = dict(self.fixed)
        self.part, self.passage, self.item = planned.part, planned.passage, planned.item

    def _asks(self, item: int | None = None, passage: int | None = None) -> bool:
        """Tell whether a list item or a passage has more than conditions and definitions."""
        inside = [planned for planned in self.section.formulas if planned.item == item or planned.passage == passage]
        return any(map(self._asks_itself, inside))

    def _asks_itself(self, planned: PlannedFormula) -> bool:
        kinds = (Kind.CONDITION, Kind.DEFINITION)
        links = (link for sentence in planned.sentences for link in sentence.links)
        return any(link.kind not in kinds or link.code.startswith("U") for link in links)

    def _formula(self, planned: PlannedFormula) -> None:
        context = is_condition_context(planned.before) and not planned.formula.display
        found, bars = without_bars(sentences(planned.tree), planned.source)
        planned.conditions = values_at(bars, self.scope, planned.position)
        behind = not planned.formula.display and (restricts_before(planned.before) or supposes(planned.before))
        for sentence in found:
            restricts = sentence.condition or behind or (context and _fixes_values(sentence))
            links = [self._link(planned, sentence, place, restricts) for place in range(len(sentence.relations))]
            planned.sentences.append(PlannedSentence(sentence, links))

    def _link(self, planned: PlannedFormula, sentence: Sentence, place: int, restricts: bool) -> PlannedLink:
        left, right = sentence.sides[place], sentence.sides[place + 1]
        relation = sentence.relations[place]
        link = PlannedLink(left, relation, right, Kind.CLAIM, first=place == 0)
        if relation in _DECLARATIONS:
            declares = isinstance(left, Name | Scripted) or not isinstance(left, Fenced)
            link.kind, link.code = Kind.OTHER, "S105" if declares and relation == "∈" else "U105"
        elif relation == "←":
            link.kind, link.code = Kind.UPDATE, "S102"
        elif relation not in DECIDABLE and relation != ":=":
            link.kind, link.code = Kind.OTHER, "U105"
        elif relation in _INEQUALITIES and supposes(planned.before):
            link.kind, link.code = Kind.CONDITION, "S103"
            if restricts_before(planned.before):
                self._assume(planned, link)
        elif restricts or (not planned.formula.display and self._restricts_letter(left, relation, right)):
            link.kind, link.code = Kind.CONDITION, "S103"
            if restricts:
                self._assume(planned, link)
        elif has_ellipsis(left) or has_ellipsis(right):
            link.code = "U101"
            link.trouble = Trouble("U101", "an ellipsis leaves something out")
            if place == 0 and relation in _EQUALITIES and self._is_new(left):
                link.kind = Kind.DEFINITION
        elif (hole := hole_in(left) or hole_in(right)) is not None:
            link.code, link.trouble = "U102", Trouble("U102", hole.reason, hint=hole.text[:60])
            if place == 0 and not planned.formula.display and hole.reason == NOTHING_BEFORE:
                link.kind = Kind.OTHER  # words of the sentence are the left side
        elif relation in _EQUALITIES and place == 0:
            self._equality(planned, link, sentence)
        if relation == ":=" and link.kind is Kind.CLAIM:
            link.kind, link.code = Kind.DEFINITION, "S101"
        return link

    def _restricts_letter(self, left: Tree, relation: str, right: Tree) -> bool:
        """Tell whether an inequality bounds a bare letter that the document never defines: ``\\eta > 0``, ``i \\le n``."""
        if relation not in _INEQUALITIES or (is_number(left) and is_number(right)):
            return False
        return any(self._is_new(side) for side in (left, right))

    def _is_new(self, tree: Tree) -> bool:
        """Tell whether a side is a mere name without a definition."""
        found = definiendum(tree) if isinstance(tree, Name | Scripted) else None
        return found is not None and self.scope.definition(self._key(found), 0) is None

    # Conditions --------------------------------------------------------------------------------------------------------

    def _assume(self, planned: PlannedFormula, link: PlannedLink) -> None:
        """Enter a condition: a value for a variable, or a relation that proofs may use."""
        if link.relation not in RELATIONS:
            return
        lowering = Lowering(self.scope, Reading(), planned.position)
        lowering.announce([link.left, link.right])
        try:
            left, right = lowering.value(link.left), lowering.value(link.right)
        except Trouble:
            return
        if left.rank or right.rank:
            return
        if link.relation == "=" and isinstance(left.body, Symbol) and is_number(link.right):
            self.fixed[left.body] = as_given(right.body, self.scope)
        elif not (left.body.free_indices or right.body.free_indices):
            self.assumed.append(Compare(RELATIONS[link.relation], left.body, right.body))

    # Definitions -------------------------------------------------------------------------------------------------------

    def _equality(self, planned: PlannedFormula, link: PlannedLink, sentence: Sentence) -> None:
        found = definiendum(link.left)
        if found is None:
            is_open = not self.scope.is_known(proximal_function(link.left) or "")
            if is_open and (introduces(planned.before) or self._introduces_function(link) or self._introduces_prox(link)):
                link.kind, link.code = Kind.DEFINITION, "S101"
            else:
                self._compound(planned, link)
            return
        key = self._key(found)
        link.key = key
        if _is_result_word(link.left):
            return
        if self._is_catalogue(link.left, found):
            return
        arguments = _argument_keys(found)
        if found.is_function and (is_number(link.right) or len(set(arguments)) < len(arguments)):
            return  # a value of a function, not its definition
        steps = bool(found.reference.subscripts) and not found.reference.numerals  # z_t from z_{t-1}
        recurs = mentions(link.right, found.reference.key) and not self._counts_on(link.right, found)
        if recurs and (steps or not self.scope.is_known(key)):
            if not found.is_function:
                link.kind, link.code = Kind.UPDATE, "S102"
                self._define_next(planned, link, found, key)
                if steps:
                    self.scope.members.setdefault(key, []).append(Step(planned.position, link.left, link.right))
            return
        if self._fixes_variable(planned, link, sentence, key):
            return
        if found.reference.numerals and key != found.reference.label_key and not self.scope.definitions.get(key):
            link.kind, link.code = Kind.DEFINITION, "S101"
            return
        link.again = self._was_introduced(planned, found, key)
        self.scope.introduced.setdefault(key, planned.position)
        numeric = is_number(link.right) or is_number(sentence.sides[-1]) or is_closed_form(link.right)
        numeric = numeric or (is_data(link.right) and self._is_worked_out(key, planned.position))
        if link.again and is_number(link.right) and self._is_data(key, planned.position):
            link.kind, link.code = Kind.CONDITION, "S103"
            self._define(planned, link, found, key)
            link.kind, link.code = Kind.CONDITION, "S103"
            return
        if link.again and (numeric or (concludes(planned.before) and not introduces(planned.before))):
            return
        value = said_at_once(sentence, self._is_known_function)
        if value is None:
            self._define(planned, link, found, key)
        else:
            through = replace(link, right=value)
            self._define(planned, through, found, key)
            link.kind, link.code, link.trouble, link.definition = through.kind, through.code, through.trouble, through.definition

    def _is_known_function(self, name: str) -> bool:
        return name in self.scope.functions or _catalogue_knows(name) or name in _OPERATORS

    def _counts_on(self, right: Tree, found: Definiendum) -> bool:
        """Tell whether ``w_1`` is made of ``w_0`` and not of itself: another number is another quantity."""
        if not found.reference.numerals:
            return False
        reads = [reference_of(node) for node in subtrees(right) if isinstance(node, Scripted)]
        same = [read[0] for read in reads if read is not None and read[0].key == found.reference.key]
        inner = {id(node.base) for node in subtrees(right) if isinstance(node, Scripted)}
        alone = any(
            isinstance(node, Name) and id(node) not in inner and base_name(node) == found.reference.key for node in subtrees(right)
        )
        return not alone and all(other.numerals and other.label_key != found.reference.label_key for other in same)

    def _is_data(self, key: str, position: int) -> bool:
        """Tell whether a name was last given a bare number: then another number is another case, not a claim."""
        definition = self.scope.definition(key, position - 1)
        return definition is not None and isinstance(definition.body, Number)

    def _is_worked_out(self, key: str, position: int) -> bool:
        """Tell whether a name was defined by a formula all of whose ingredients are given: then its values are a claim."""
        pending, seen = [key], set[str]()
        while pending:
            name = pending.pop()
            definition = self.scope.definition(name, position - 1)
            if definition is None or definition.position >= position:
                return False
            seen.add(name)
            pending += [symbol.name for symbol in _ingredients(definition) if symbol.name not in seen]
        return len(seen) > 1

    def _define_next(self, planned: PlannedFormula, link: PlannedLink, found: Definiendum, key: str) -> None:
        """``h_2`` made of ``h_1`` is one quantity made of another where h has no entries; else the step of an algorithm stands."""
        if key != found.reference.label_key or mentions(link.right, key):
            return
        self._define(planned, link, found, key)
        if link.definition is None:
            link.kind, link.code, link.trouble = Kind.UPDATE, "S102", None

    def _was_introduced(self, planned: PlannedFormula, found: Definiendum, key: str) -> bool:
        if any(d.position < planned.position for d in self._definitions(found, key)):
            return True
        return not found.is_function and self.scope.introduced.get(key, planned.position) < planned.position

    def _key(self, found: Definiendum) -> str:
        return self.scope.survey.key_of(found.reference)[0]

    def _definitions(self, found: Definiendum, key: str) -> list[Definition]:
        functions = self.scope.functions.get(key, [])
        if found.is_function and functions:
            same = _argument_keys(found)
            return [d for d in functions if tuple(p.name for p in d.parameters) == same]
        return self.scope.definitions.get(key, []) or functions

    def _is_catalogue(self, left: Tree, found: Definiendum) -> bool:
        """A word that the catalogue knows is not defined anew: what is said of it is a claim."""
        head = left.items[0] if hasattr(left, "items") else left
        return found.is_function and isinstance(head, Name) and head.font == "roman" and _catalogue_knows(head.text)

    def _fixes_variable(self, planned: PlannedFormula, link: PlannedLink, sentence: Sentence, key: str) -> bool:
        """``x = 1`` for a variable that definitions use fixes its value."""
        if not is_number(link.right) or len(sentence.relations) > 1 or self.scope.is_known(key):
            return False
        if key not in self.scope.symbols:
            return False
        link.kind, link.code = Kind.CONDITION, "S103"
        self._assume(planned, link)
        return True

    def _introduces_function(self, link: PlannedLink) -> bool:
        """Tell whether ``k(x_i, x_j) = ...`` says for the first time what an unknown function is."""
        key = applied_name(link.left)
        if not key or is_number(link.right) or mentions(link.right, key) or key in self.scope.functions or self.scope.is_known(key):
            return False
        if key in _OPERATORS or _catalogue_knows(key) or f"{key}()" in self.scope.introduced:
            return False
        self.scope.introduced[f"{key}()"] = link.left.place.start
        return True

    def _introduces_prox(self, link: PlannedLink) -> bool:
        """Tell whether ``\\operatorname{prox}_{\\gamma h}(v) = \\arg\\min ...`` says what the sign means, for any function h."""
        function = proximal_function(link.left)
        if function is None or not is_objective(link.right):
            return False
        return not self.scope.is_known(function) and mentions(link.right, function)

    def _compound(self, planned: PlannedFormula, link: PlannedLink) -> None:
        """A left side that is no name: a step of a recursion, an entry, or a claim."""
        read = reference_of(link.left) if isinstance(link.left, Name | Scripted) else None
        if read is None or read[1].power is not None or read[1].is_transpose:
            return
        link.key = read[0].key
        if mentions(link.right, read[0].key):
            link.kind, link.code = Kind.UPDATE, "S102"
            self.scope.steps.setdefault(link.key, []).append(Step(planned.position, link.left, link.right))
        elif not self.scope.is_known(read[0].key):
            link.kind, link.code = Kind.DEFINITION, "S101"

    def _define(self, planned: PlannedFormula, link: PlannedLink, found: Definiendum, key: str) -> None:
        """Enter a definition; a name whose rank was guessed wrongly becomes another symbol from here on."""
        link.kind, link.code = Kind.DEFINITION, "S101"
        state = self.scope.sizes.snapshot()
        for retry in (False, True):
            try:
                if retry and not self._renewed(planned, link, found, key):
                    return
                link.definition = self._lowered(planned, link, found, key)
                break
            except Trouble as trouble:
                self.scope.sizes.restore(state)
                if not isinstance(trouble, Misfit) or is_surely_misfit(planned, trouble):
                    link.trouble, link.code = trouble, trouble.code
                    return
        if link.definition is not None:
            self.scope.define(key, link.definition)

    def _renewed(self, planned: PlannedFormula, link: PlannedLink, found: Definiendum, key: str) -> bool:
        """Give a bare name the rank of the right side, from this position on."""
        if found.is_function or found.reference.subscripts or key in self.scope.declared:
            return False
        lowering = Lowering(self.scope, Reading(), planned.position)
        lowering.announce([link.left, link.right])
        self.scope.survey.ranks[key] = lowering.value(link.right).rank
        self.scope.renew(key, planned.position)
        return True

    def _lowered(self, planned: PlannedFormula, link: PlannedLink, found: Definiendum, key: str) -> Definition | None:
        lowering = Lowering(self.scope, Reading(), planned.position)
        lowering.announce([link.left, link.right])
        right = lowering.value(link.right)
        if found.is_function:
            parameters = self._parameters(lowering, found)
            self.scope.sizes.settle()
            if parameters is None:
                return None
            return Definition(right.axes, right.body, planned.position, planned.id, parameters)
        left = lowering.quantity(found.reference)
        if left.rank and not found.reference.is_bold and key in self.scope.survey.bold and not found.reference.subscripts:
            return None  # a plain letter beside a bold one: it may well be another quantity
        axes, body = self._aligned(left, right)
        self.scope.sizes.settle()
        if not symbols(right.body):
            body = as_given(body, self.scope)
        if axes is None or any(symbol.name == key for symbol in symbols(body)):
            return None  # a name that is made of itself: the matrix of its own entries
        return Definition(axes, body, planned.position, planned.id)

    def _parameters(self, lowering: Lowering, found: Definiendum) -> tuple[Symbol, ...] | None:
        parameters: list[Symbol] = []
        for argument in found.arguments:
            value = lowering.value(argument)
            body = value.body.symbol if isinstance(value.body, Element) and value.rank else value.body
            if not isinstance(body, Symbol):
                return None
            parameters.append(body)
        return tuple(parameters)

    def _aligned(self, left: Value, right: Value) -> tuple[tuple[Index, ...] | None, Expr]:
        """Bring the right side over the axes of the left: its free indices first, then the axes that are left."""
        if left.rank != right.rank:
            raise Misfit("M102", "the two sides of a definition have different shapes", is_certain=False)
        for mine, other in zip(left.axes, right.axes, strict=True):
            self.scope.sizes.unify(extent(mine), extent(other), "a definition")
        body = renamed(right, left.axes).body
        if isinstance(left.body, Symbol):
            return (), body
        assert isinstance(left.body, Element)
        if not all(isinstance(index, Index) for index in left.body.indices):
            return None, body
        return tuple(index for index in left.body.indices if isinstance(index, Index)), body


def _ingredients(definition: Definition) -> Iterator[Symbol]:
    """Yield the quantities of a definition; sizes are none."""
    for node in postorder(definition.body):
        symbol = node.symbol if isinstance(node, Element) else node
        if isinstance(symbol, Symbol) and "size" not in symbol.properties:
            yield symbol


def _fixes_values(sentence: Sentence) -> bool:
    """Tell whether a sentence right behind 'for', 'when' or 'let' restricts: a name against a number, or an order."""
    first = sentence.sides[0]
    if isinstance(first, Fenced) and first.opening in "|‖" and first.body is not None:
        first = first.body  # the norm of a name
    read = reference_of(first) if isinstance(first, Name | Scripted) else None
    name = read is not None and read[1].power is None and len(sentence.relations) == 1
    return name and (is_number(sentence.sides[-1]) or sentence.relations[0] not in ("=", ":=", "≡", "≈"))


def _is_result_word(tree: Tree) -> bool:
    return isinstance(tree, Name) and tree.text.lower() in _RESULT_WORDS


def _catalogue_knows(word: str) -> bool:
    return word in BY_TEXT or word.lower() in BY_TEXT


def _argument_keys(found: Definiendum) -> tuple[str, ...]:
    keys = [reference_of(argument) for argument in found.arguments]
    return tuple(read[0].label_key if read[0].numerals else read[0].key for read in keys if read is not None)
