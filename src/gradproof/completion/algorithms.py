"""Steps of algorithms in writing: gradient descent, momentum, Nesterov's method, Newton's method, Adam, proximal gradient methods."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gradproof.checker.statements import source_of
from gradproof.completion.answer import Answer, Asked
from gradproof.completion.objectives import Objective, norm_of
from gradproof.completion.writing import is_balanced, is_sum, times
from gradproof.expr.node import Expr, Index

_LETTER = r"\$\s*(\\[A-Za-z]+|[A-Za-z])\s*(?:>\s*0|=[^$]*)?\$"
_STEP = re.compile(
    rf"(?:step(?:[\s-]*size|\s+length)?|learning\s+rate|rate)\s*,?\s*(?:of\s+)?{_LETTER}"
    rf"|{_LETTER}\s*(?:is|as|be)?\s*(?:the|a)?\s*(?:step[\s-]*size|learning\s+rate)"
)
_INERTIA = re.compile(
    rf"momentum\s*(?:coefficient|parameter|factor|weight|term)?\s*,?\s*(?:of\s+)?{_LETTER}"
    rf"|{_LETTER}\s*(?:is|as|be)?\s*(?:the|a)?\s*momentum"
)
_GIVEN_RATE = re.compile(r"\$\s*(\\eta|\\alpha|\\gamma)\s*=[^$]*\$")
_FRACTION = re.compile(r"^\\frac\{(?P<above>.*)\}\{(?P<below>[^{}]*)\}$")


@dataclass(frozen=True, slots=True)
class Step:
    """A quantity that is stepped: its name in the algebra, and its letter, its present and its next index as the document writes them."""

    name: str
    letter: str
    before: str = ""
    index: str = ""
    is_raised: bool = False

    @property
    def now(self) -> str:
        """The quantity at its present index."""
        return self.at(self.before)

    @property
    def after(self) -> str:
        """The quantity at its next index."""
        return self.at(self.index)

    def at(self, index: str) -> str:
        """Return the quantity at an index."""
        if not index:
            return self.letter
        if self.is_raised:
            return f"{self.letter}^{{({index})}}"
        return f"{self.letter}_{index}" if len(index) == 1 else f"{self.letter}_{{{index}}}"


@dataclass(frozen=True, slots=True)
class Partner:
    """The other quantity of a method with two, and the right side of its own formula, empty where that is open too."""

    step: Step
    right: str


@dataclass(frozen=True)
class Situation:
    """A step that is asked for with everything around it: the words that name the method, those of the section, its other quantities."""

    asked: Asked
    step: Step
    naming: str
    words: str
    partners: tuple[Partner, ...]
    objective: Callable[[str], Objective | None]

    @property
    def rate(self) -> str:
        """The letter of the step size: of the usual ones that which the paragraph gives a value."""
        paragraph = self.asked.question.planned.before.rsplit("\n\n", 1)[-1]
        given = _GIVEN_RATE.findall(paragraph)
        return given[-1] if given else self.letter(_STEP, ("\\eta", "\\alpha", "\\gamma"), "\\eta")

    @property
    def inertia(self) -> str:
        """The letter of the momentum coefficient."""
        return self.letter(_INERTIA, ("\\beta", "\\mu", "\\rho"), "\\mu")

    def letter(self, pattern: re.Pattern[str], usual: tuple[str, ...], default: str) -> str:
        """Return the letter that the words name, the last of them, else the usual one that the document uses."""
        found = [next(group for group in match.groups() if group) for match in pattern.finditer(self.words)]
        if found:
            return found[-1]
        text = self.asked.notation.text
        return next((letter for letter in usual if re.search(rf"{re.escape(letter)}(?![A-Za-z])", text)), default)

    def gradients(self, objective: Objective, point: str) -> Iterator[tuple[str, str]]:
        """Yield an objective's gradient in writing at a point, and the equation that proves it."""
        yield from self._written(objective, point, objective.gradient(), objective.axes, 1)

    def hessians(self, objective: Objective, point: str) -> Iterator[tuple[str, str]]:
        """Yield an objective's Hessian in writing at a point, and the equation that proves it."""
        yield from self._written(objective, point, *objective.hessian(), 2)

    def _written(
        self, objective: Objective, point: str, body: Expr, axes: tuple[Index, ...], order: int
    ) -> Iterator[tuple[str, str]]:
        notation = self.asked.notation
        there = replace(notation, spelled={**notation.spelled, objective.variable.name: point})
        sign = objective.sign(notation.spelled, notation.written(objective.body, ()), order)
        for general, present in zip(notation.written(body, axes), there.written(body, axes), strict=False):
            yield present, f"{sign} = {general}"


# The methods --------------------------------------------------------------------------------------------------------------


def descent(situation: Situation) -> Iterator[Answer]:
    """``w_t - eta grad f(w_t)``."""
    step, objective = situation.step, situation.objective(situation.step.name)
    if objective is not None:
        for gradient, proof in situation.gradients(objective, step.now):
            yield _step(_minus(step.now, situation.rate, gradient), proof)


def momentum(situation: Situation) -> Iterator[Answer]:
    """``v_{t+1} = mu v_t - eta grad f(w_t)`` and ``w_{t+1} = w_t + v_{t+1}``, with the signs that the document gives."""
    step, objective = situation.step, situation.objective(situation.step.name)
    for partner in situation.partners:
        other = situation.objective(partner.step.name)
        if _moves_by(partner, objective, other):
            yield _moved_by_velocity(step, partner, situation.rate)
            return
        if objective is None and other is not None:
            yield from _velocity(situation, other, partner, partner.step.now)
            return
    if objective is not None and step.before and not situation.partners:
        gap = f"({step.now} - {step.at(f'{step.before} - 1')})"
        for gradient, proof in situation.gradients(objective, step.now):
            yield _step(f"{_minus(step.now, situation.rate, gradient)} + {situation.inertia} {gap}", proof)


def nesterov(situation: Situation) -> Iterator[Answer]:
    """Gradient descent from the point ahead that the document defines, or a velocity with the gradient there."""
    step, objective = situation.step, situation.objective(situation.step.name)
    ahead = _point_ahead(situation)
    if objective is not None and ahead is not None:
        for gradient, proof in situation.gradients(objective, ahead):
            yield _step(_minus(ahead, situation.rate, gradient), proof)
        return
    for partner in situation.partners:
        other = situation.objective(partner.step.name)
        if _moves_by(partner, objective, other):
            yield _moved_by_velocity(step, partner, situation.rate)
            return
        if objective is None and other is not None:
            sign = "-" if "-" in partner.right else "+"
            yield from _velocity(situation, other, partner, f"({partner.step.now} {sign} {situation.inertia} {step.now})")
            return


def newton(situation: Situation) -> Iterator[Answer]:
    """``w_t - H(w_t)^{-1} grad f(w_t)``."""
    step, objective = situation.step, situation.objective(situation.step.name)
    if objective is None or len(objective.axes) > 1:
        return
    pairs = zip(situation.gradients(objective, step.now), situation.hessians(objective, step.now), strict=False)
    for (gradient, first), (hessian, second) in pairs:
        above, below = _FRACTION.match(gradient), _FRACTION.match(hessian)
        if above and below and above["below"] == below["below"] and is_balanced(above["above"]) and is_balanced(below["above"]):
            gradient, hessian = above["above"], below["above"]
        if objective.axes:
            factor = f"({gradient})" if is_sum(gradient) else gradient
            if re.fullmatch(r"\\?[A-Za-z]+|\\[a-z]+\{[A-Za-z]\}", hessian):
                yield _step(f"{step.now} - {hessian}^{{-1}} {factor}", first, second)
                return
            factor = f"\\left({gradient}\\right)" if is_sum(gradient) else gradient
            yield _step(f"{step.now} - \\left({hessian}\\right)^{{-1}} {factor}", first, second)
        else:
            yield _step(f"{step.now} - \\frac{{{gradient}}}{{{hessian}}}", first, second)


def proximal_gradient(situation: Situation) -> Iterator[Answer]:
    """``prox_{gamma h}(w_t - gamma grad g(w_t))``, from the point ahead where the document defines one (FISTA)."""
    step, whole = situation.step, situation.objective(situation.step.name)
    smooth = None if whole is None else whole.smooth_part()
    if smooth is None or len(smooth.left_out) != 1 or (norm := norm_of(smooth.left_out[0], smooth.variable)) is None:
        return
    sign = _prox_sign(situation.asked.notation.text, situation.asked.notation.macros)
    weight = next(situation.asked.notation.written(norm[0], ()), None)
    is_accelerated = re.search(r"FISTA|accelerated|nesterov", situation.naming, re.IGNORECASE)
    point = (_point_ahead(situation) if is_accelerated else None) or step.now
    if weight is None:
        return
    scaled = situation.rate if weight == "1" else f"{situation.rate} {weight}"
    for gradient, proof in situation.gradients(smooth, point):
        inner = _minus(point, situation.rate, gradient)
        fences = ("\\left(", "\\right)") if "\\frac" in inner or "\\sum" in inner else ("(", ")")
        yield _step(f"{sign}_{{{scaled} \\|\\cdot\\|_{norm[1]}}}{fences[0]}{inner}{fences[1]}", proof)


def adam(situation: Situation) -> Iterator[Answer]:
    """The moments of the gradient, the moments without their bias, and the step along them."""
    step = situation.step
    bare = re.sub(r"[\s{}]", "", step.letter)
    text = situation.asked.notation.text
    if bare in ("\\hatm", "\\widehatm", "\\hatv", "\\widehatv"):
        raw = replace(step, letter=bare[-1])
        decay = "1" if bare.endswith("m") else "2"
        yield _step(f"\\frac{{{raw.after}}}{{1 - \\beta_{decay}^{_raised(step.index)}}}")
    elif bare in ("m", "v"):
        yield from _moment(situation, "1" if bare == "m" else "2")
    elif situation.objective(step.name) is not None:
        first, second = (_unbiased(step, letter, text) for letter in "mv")
        epsilon = "\\varepsilon" if "\\varepsilon" in text else "\\epsilon"
        yield _step(f"{step.now} - {situation.rate} \\frac{{{first}}}{{\\sqrt{{{second}}} + {epsilon}}}")


#: The methods by the words that name them; of several in one sentence the first one here is meant. None are known, not answered.
METHODS: dict[str, Callable[[Situation], Iterator[Answer]] | None] = {
    r"RMS-?prop|AdaGrad|AdaDelta|AdamW|AdaMax|\bNadam|AMSGrad|L?-?BFGS|(?:quasi|gauss|truncated|inexact)-?\s*newton|conjugate\s+gradient"
    r"|mirror|natural\s+gradient|coordinate\s+descent|projected|frank|proximal\s+newton|damped|line\s+search|\bSVRG|\bADMM|signSGD"
    r"|weight\s+decay|normali[sz]ed\s+gradient": None,
    r"\bAdam\b": adam,
    r"\bF?ISTA\b|proximal[\s-]+gradient|forward[\s-]+backward|iterative\s+(?:soft|shrinkage)": proximal_gradient,
    r"nesterov|accelerated": nesterov,
    r"newton[^.]*\b(?:roots?|zeros?|solv|equation)|(?:roots?|zeros?|solv|equation)[^.]*\bnewton|newton[\s-]*raphson": None,
    r"newton": newton,
    r"momentum|heavy[\s-]*ball|velocity": momentum,
    r"gradient\s+(?:descent|step|method|update)|steepest\s+descent|\bSGD\b|descent\s+(?:step|update)": descent,
}


# Parts of steps -----------------------------------------------------------------------------------------------------------


def _step(latex: str, *proofs: str) -> Answer:
    return Answer(latex, is_step=True, proofs=proofs)


def _velocity(situation: Situation, objective: Objective, partner: Partner, point: str) -> Iterator[Answer]:
    """``mu v_t - eta grad f``, or ``mu v_t + grad f`` where the position moves by ``- eta v``."""
    is_negated = "-" in partner.right
    rate = "" if situation.rate in partner.right else situation.rate
    held = f"{situation.inertia} {situation.step.now}"
    for gradient, proof in situation.gradients(objective, point):
        yield _step(f"{held} + {times(rate, gradient)}" if is_negated else _minus(held, rate, gradient), proof)


def _moves_by(partner: Partner, objective: Objective | None, other: Objective | None) -> bool:
    """Tell whether a partner is the velocity: the objective depends on the other quantity, or the velocity's formula has its gradient."""
    return (objective is not None and other is None) or "\\nabla" in partner.right


def _moved_by_velocity(step: Step, partner: Partner, rate: str) -> Answer:
    """``w_t + v_{t+1}``, or with the sign and the step size that the velocity leaves out."""
    is_negative = not partner.right or "-" in partner.right
    has_rate = not partner.right or rate in partner.right
    velocity = partner.step.after if has_rate else f"{rate} {partner.step.after}"
    return _step(f"{step.now} {'+' if is_negative else '-'} {velocity}")


def _point_ahead(situation: Situation) -> str | None:
    """Return the point that the document extrapolates from two iterates: ``y_t = w_t + beta (w_t - w_{t-1})``."""
    step = situation.step
    now, earlier = _bare(step.now), _bare(step.at(f"{step.before} - 1"))
    here = situation.asked.context.planned.position
    for planned in reversed([planned for planned in situation.asked.formulas if planned.position <= here]):
        for sentence in planned.sentences:
            for link in sentence.links:
                right = _bare(source_of(link.right, planned.source))
                if link.relation in ("=", ":=") and right.startswith(now) and f"{now}-{earlier}" in right:
                    return source_of(link.left, planned.source).strip()
    return None


def _moment(situation: Situation, decay: str) -> Iterator[Answer]:
    step = situation.step
    held = f"\\beta_{decay} {step.now} + (1 - \\beta_{decay})"
    text = _bare(situation.asked.notation.text)
    for index in (step.index, step.before):
        named = f"g_{index}" if len(index) == 1 else f"g_{{{index}}}"
        if f"{_bare(named)}=" in text:
            square = f"{named} \\odot {named}" if "\\odot" in text else f"{named}^2"
            yield _step(f"{held} {named if decay == '1' else square}")
            return
    for partner in situation.partners:
        objective = situation.objective(partner.step.name)
        if objective is None:
            continue
        for gradient, proof in situation.gradients(objective, partner.step.now):
            inner = f"\\left({gradient}\\right)"
            squared = f"{inner} \\odot {inner}" if objective.axes else f"{inner}^2"
            yield _step(f"{held} {(inner if is_sum(gradient) else gradient) if decay == '1' else squared}", proof)
        return


def _unbiased(step: Step, letter: str, text: str) -> str:
    raw = replace(step, letter=letter).after
    hat = re.search(rf"\\(?:wide)?hat\s*\{{?\s*{letter}\s*\}}?", text)
    if hat is not None:
        return replace(step, letter=hat.group().strip()).after
    return f"{raw} / (1 - \\beta_{'1' if letter == 'm' else '2'}^{_raised(step.index)})"


def _raised(index: str) -> str:
    return index if len(index) == 1 else f"{{{index}}}"


def _prox_sign(text: str, macros: dict[str, str]) -> str:
    match = re.search(r"\\(?:operatorname|mathrm|text|mathbf)\*?\s*\{\s*[Pp]rox\s*\}", text)
    sign = match.group() if match is not None else "\\operatorname{prox}"
    return macros.get(sign, sign)


def _minus(now: str, rate: str, latex: str) -> str:
    """Return a value less a rate times a gradient; a gradient that is negative itself is added."""
    if latex.startswith("-") and not is_sum(latex[1:]):
        return f"{now} + {times(rate, latex[1:])}"
    return f"{now} - {times(rate, latex)}"


def _bare(latex: str) -> str:
    return "".join(latex.split())
