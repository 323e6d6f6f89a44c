"""Cross-entropy of a softmax, for class numbers and for soft labels, with class weights and label smoothing.

``-sum_k y_k log softmax(z)_k`` for soft labels y, ``-log softmax(z)_c`` for the class c; the classes stand on the last axis of z.
"""

from __future__ import annotations

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value, entry
from gradproof.expr.build import ONE, add, divide, multiply, negate, subtract, sum_over
from gradproof.expr.node import Element, Expr, Index, Symbol, TensorEntry, fresh_index
from gradproof.formula.context import Context
from gradproof.formula.entry import Arguments, Entry, tensor
from gradproof.formula.kinds import COLUMN, MATRIX, SCALAR, TENSOR3, Relation, Row, Table
from gradproof.formula.layers.losses import REDUCTION, reduction_of, together

#: Logits, labels (class numbers have no axis for the classes, soft labels have), and the terms that stand for them.
_FORMS: tuple[Row, ...] = (
    (COLUMN, COLUMN, SCALAR),
    (COLUMN, SCALAR, SCALAR),
    (MATRIX, MATRIX, COLUMN),
    (MATRIX, COLUMN, COLUMN),
    (TENSOR3, TENSOR3, MATRIX),
    (TENSOR3, MATRIX, MATRIX),
)


def _relation(arguments: Arguments) -> Relation:
    tree = arguments.options.get("reduction")
    is_open = tree is not None and getattr(tree, "text", "") == "none"
    extra = {"weight": COLUMN, "label_smoothing": SCALAR}
    between = tuple(extra[name] for name in arguments.present[2:])
    return Table(tuple((logits, labels, *between, terms if is_open else SCALAR) for logits, labels, terms in _FORMS))


def _layer(name: str, origin: int, *, takes_logits: bool) -> Entry:
    def lower(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
        return _Loss(context, arguments, values, origin, takes_logits).value()

    smoothing = (tensor("label_smoothing", required=False, by_name=True),) if takes_logits else ()
    parameters = (tensor("input"), tensor("target"), tensor("weight", required=False), *REDUCTION, *smoothing)
    return Entry((name,), parameters, _relation, lower)


class _Loss:
    """The loss of one call, over the axes of the examples."""

    def __init__(self, context: Context, arguments: Arguments, values: tuple[Value, ...], origin: int, takes_logits: bool) -> None:
        self.context = context
        self.arguments = arguments
        self.given = dict(zip(arguments.present, values, strict=True))
        self.logits, self.labels = values[0], values[1]
        self.classes = self.logits.axes[-1]
        self.examples = self.logits.axes[:-1]
        self.origin = origin
        self.takes_logits = takes_logits
        self._fit()

    def value(self) -> Value:
        """Return the loss."""
        reduction = reduction_of(self.context, self.arguments)
        if self.labels.rank < self.logits.rank:
            return self._by_class(reduction)
        return together(reduction, Value(self._of_distribution(), self.examples))

    def _fit(self) -> None:
        pairs = zip(self.logits.axes, self.labels.axes, strict=False)
        tensors = self.arguments.tensors
        got = f"{self.context.told(tensors[0], self.logits)} and {self.context.told(tensors[1], self.labels)}"
        trouble = self.context.source.misfit(
            self.arguments.place("target"), "a class number or a distribution for each example was expected", got=got
        )
        for mine, other in pairs:
            self.context.fit(extent(mine), extent(other), trouble)
        if "weight" in self.given:
            got = f"{self.context.shape(self.given['weight'])} for {self.context.size_text(extent(self.classes))} classes"
            trouble = self.context.source.misfit(self.arguments.place("weight"), "a weight for each class was expected", got=got)
            self.context.fit(extent(self.given["weight"].axes[0]), extent(self.classes), trouble)

    def _log_probability(self, at: Expr) -> Expr:
        if self.takes_logits:
            return TensorEntry("log_softmax", (self.classes,), self.logits.body, (at,))
        return entry(Value(self.logits.body, (self.classes,)), (at,)).body

    def _weight(self, at: Expr) -> Expr:
        return entry(self.given["weight"], (at,)).body if "weight" in self.given else ONE

    def _smoothed(self) -> Expr | None:
        return self.given["label_smoothing"].body if "label_smoothing" in self.given else None

    def _new_class(self) -> Index:
        return fresh_index("c", self.classes.lower, self.classes.upper)

    def _of_distribution(self) -> Expr:
        place = self._new_class()
        label = entry(self.labels, (*self.examples, place)).body
        smoothing = self._smoothed()
        if smoothing is not None:
            label = add(multiply(label, subtract(ONE, smoothing)), divide(smoothing, extent(self.classes)))
        return negate(sum_over([place], multiply(self._weight(place), label, self._log_probability(place))))

    def _by_class(self, reduction: str) -> Value:
        words = "from 0, as PyTorch does" if self.origin == 0 else "from 1"
        self.context.note(f"{self.arguments.call.function} counts classes {words}")
        label = entry(self.labels, self.examples).body
        if isinstance(label, Symbol | Element):
            name = label.name if isinstance(label, Symbol) else label.symbol.name
            self.context.labels[name] = (extent(self.classes), self.origin)
        at = add(label, ONE) if self.origin == 0 else label
        term = negate(multiply(self._weight(at), self._log_probability(at)))
        smoothing = self._smoothed()
        if smoothing is not None:
            place = self._new_class()
            even = negate(sum_over([place], multiply(self._weight(place), self._log_probability(place))))
            term = add(multiply(subtract(ONE, smoothing), term), multiply(divide(smoothing, extent(self.classes)), even))
        if reduction == "mean" and "weight" in self.given:
            total = sum_over(self.examples, term)
            return Value(divide(total, sum_over(self.examples, self._weight(at))))
        return together(reduction, Value(term, self.examples))


ENTRIES = (
    _layer("cross_entropy", 0, takes_logits=True),
    _layer("nll_loss", 0, takes_logits=False),
    _layer("CrossEntropyCriterion", 1, takes_logits=True),
    _layer("ClassNLLCriterion", 1, takes_logits=False),
)
