"""Presentation trees: what a formula looks like, before anything is decided about what it means.

The tree keeps what TeX shows and no more. It does not decide whether adjacency multiplies or applies,
whether ``^T`` transposes, whether ``_{ij}`` is two indices or a name, or what ``|`` stands for: that is
the work of the room ``elaborate``. Text that cannot be read becomes a ``Hole`` with its source; nothing is
dropped and nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Offsets into the expanded source of the formula, end exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    """A letter, a Greek letter or a word: ``x``, ``\\alpha`` (text 'alpha'), ``\\operatorname{ReLU}``.

    ``font`` is 'italic' (plain letter), 'bold' (mathbf, boldsymbol, bm), 'roman' (mathrm, operatorname, text
    used as a name, control words such as \\log), 'blackboard', 'calligraphic', 'fraktur', 'sans', 'typewriter'.
    ``accents`` from the inside out: 'hat', 'tilde', 'bar', 'vec', 'dot', 'ddot', 'check', 'underline'.
    ``primes`` counts ``'``.  ``\\infty, \\partial, \\nabla, \\ell, \\emptyset, \\top`` are names too (text without backslash).
    A sign that stands for itself is a name: ``x^*`` ('*'), ``f(\\cdot)`` ('cdot'), ``A_{:, j}`` (':'), ``\\mathbb{R}^+`` ('+').
    ``\\mathbf{xy}`` is two names; ``\\mathrm``, ``\\text``, ``\\operatorname``, ``\\mathit`` make one name of several letters.
    """

    text: str
    place: Place
    font: str = "italic"
    accents: tuple[str, ...] = ()
    primes: int = 0


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number as it is printed: '3', '0.269', '1{,}000' gives '1000'. Never signed. ``1e-3`` and ``10^{-3}`` are not merged
    here, except the plain form '1e-3', which is one numeral."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Words:
    """Text inside a formula: ``\\text{ if }``, ``\\mbox{for all}``; ``text`` is stripped.

    Words bind loosest of all but separators: ``x = 1 \\text{ for } y > 0`` is ``Adjacent(Chain, Words, Chain)``. A single word that
    is no connective (``\\text{ReLU}``) and a word alone in a script (``n_{\\text{in}}``) are Names.
    """

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Hole:
    """Text that could not be read (``\\dots``, an unknown macro, a broken group); ``reason`` in words."""

    text: str
    reason: str
    place: Place


@dataclass(frozen=True, slots=True)
class Adjacent:
    """Two or more things side by side with nothing between them: ``2 x (y + 1)``; with Words among them, what the words join."""

    items: tuple[Tree, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Infix:
    """A binary operation; ``operator`` is the text form: '+', '-', '*' (also \\cdot, \\times, \\ast: see
    ``symbol``), '/', '±', '∘' (circ), '⊙' (odot), '⊗', '⊕', '∪', '∩', '\\', 'mod', '!=' never (relations are in Chain).
    ``symbol`` is the source token, for example '\\cdot'; '⊙' is also ``\\cdot *`` and ``.*``.

    Signs of one level associate to the left; adjacency binds tighter than a product sign, so ``a \\cdot b c`` is a times (b c).
    Behind '/' what touches stays together (``a/2b`` is a over 2b, ``a/f(x)``, ``\\partial f/\\partial x``), but no fraction or large
    operator does, nor anything behind a ratio of numerals: ``1/n \\sum_i x_i`` and ``1/2 x`` are ``Adjacent(Infix('/'), ...)``.
    """

    operator: str
    left: Tree
    right: Tree
    place: Place
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Prefix:
    """A sign or a logical not before its operand: '-', '+', '±', '¬'. The operand is the product behind it: ``-2 x`` is -(2 x).

    '∘' begins an exponent alone: ``x^{\\circ 2}`` is a power entry by entry.
    """

    operator: str
    operand: Tree
    place: Place


@dataclass(frozen=True, slots=True)
class Postfix:
    """'!' behind its operand."""

    operator: str
    operand: Tree
    place: Place


@dataclass(frozen=True, slots=True)
class Scripted:
    """A base with subscript and superscript, either may be None; primes on anything but a Name are here.

    TeX gives a script one digit: ``F_11`` is F_1 beside 1. An evaluation bar ``f(x) |_{x=0}`` is a script on an empty
    ``Fenced('.', '|')`` beside f(x); ``\\left. f \\right|_{x=0}`` has f inside.
    """

    base: Tree
    sub: Tree | None
    sup: Tree | None
    place: Place
    primes: int = 0


@dataclass(frozen=True, slots=True)
class Fraction:
    """``\\frac``, ``\\dfrac``, ``\\tfrac``, ``\\cfrac``, ``a \\over b``; with bar=False: ``\\binom``."""

    numerator: Tree
    denominator: Tree
    place: Place
    bar: bool = True


@dataclass(frozen=True, slots=True)
class Root:
    """``\\sqrt[degree]{radicand}``."""

    radicand: Tree
    degree: Tree | None
    place: Place


@dataclass(frozen=True, slots=True)
class Fenced:
    """Something between delimiters: '(', '[', '{', '|', '‖', '⟨', '⌊', '⌈', '.' for an invisible one.

    ``body`` is None for an empty pair. Bars are paired by the parser where that is possible; a lone bar that
    separates (``p(x | y)``, ``\\{x | x > 0\\}``) makes a ``Listing`` with separator '|'.
    """

    opening: str
    closing: str
    body: Tree | None
    place: Place


@dataclass(frozen=True, slots=True)
class Listing:
    """Items between commas, semicolons, colons, dots, '|' or '‖': ``separators`` has one entry less than ``items``.

    A wide gap (``\\quad``) separates before words, and behind a relation when something begins after it; it counts as ','.
    """

    items: tuple[Tree, ...]
    separators: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Big:
    """A large operator with its limits and the body it reaches over.

    ``operator``: 'sum', 'prod', 'int', 'iint', 'oint', 'bigcup', 'bigcap', 'max', 'min', 'argmax', 'argmin', 'sup', 'inf', 'lim', 'limsup',
    'liminf', 'bigoplus' and the like. ``body`` is None when nothing follows. The body takes the following product (adjacency,
    ``\\cdot``, ``/``) and stops before '+' and '-' at its level. Two kinds reach further: 'max', 'min', 'sup', 'inf', 'argmax' and
    'argmin' take the sum behind them (``\\min_w f(w) + g(w)``), up to a relation or a separator, unless it begins with one pair of
    parentheses followed by a sign (``\\max_i (a_i) + b``); an integral takes all up to its differential. 'max', 'min', 'sup' and
    'inf' with nothing below them are Names. ``differential`` is the ``dx`` of an integral, taken out of its body: the variable, an
    Adjacent of variables for several (``dx \\, dy``), or of a measure and its argument (``d\\mu(x)``), or None.
    """

    operator: str
    sub: Tree | None
    sup: Tree | None
    body: Tree | None
    place: Place
    differential: Tree | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """A matrix environment or an array, also ``\\left[ \\begin{array}``; ``fence`` is '(' for pmatrix, '[' bmatrix, '|' vmatrix,
    '‖' Vmatrix, '{' Bmatrix, '' matrix/array."""

    rows: tuple[tuple[Tree, ...], ...]
    fence: str
    place: Place


@dataclass(frozen=True, slots=True)
class Cases:
    """``cases``: rows of (value, condition), condition None when the row has one cell; also ``\\left\\{ \\begin{array} ... \\right.``."""

    rows: tuple[tuple[Tree, Tree | None], ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Chain:
    """Things linked by relations: ``first rel_1 t_1 rel_2 t_2 ...``; a relation is its text form.

    '=', '≈', '<', '>', '≤', '≥', '≠', ':=', '≡', '∈', '∉', '⊂', '⊆', '∝', '~', '→', '←', '↦', '⇒', '⇔', '≪', '≫', '≅', '⊥', ... ;
    ``\\stackrel``/``\\overset`` over a relation keeps the relation and its note: '=' with note in ``notes``.
    The first item is None when a row begins with a relation (a continued line). A relation with a script is one of its own: '>_u'.
    """

    first: Tree | None
    links: tuple[tuple[str, Tree], ...]
    place: Place
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of align, gather, split, eqnarray or ``\\\\``: each row a tree, '&' dropped. A row that begins with a relation
    continues the row before it and is merged into that row's Chain by the parser; so is one that begins with an infix sign and
    has no relation. Trailing punctuation is dropped."""

    rows: tuple[Tree, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Annotated:
    """``\\underbrace{x}_{note}``, ``\\overbrace``, ``\\overset{note}{x}`` over what is not a relation, ``\\boxed``, ``\\color``:
    the thing itself and the note."""

    body: Tree
    note: Tree | None
    place: Place


@dataclass(frozen=True, slots=True)
class Accented:
    """A wide accent over more than one name: ``\\overline{x + y}``, ``\\widehat{ab}``; kind as in Name.accents."""

    kind: str
    body: Tree
    place: Place


Tree = (
    Name
    | Numeral
    | Words
    | Hole
    | Adjacent
    | Infix
    | Prefix
    | Postfix
    | Scripted
    | Fraction
    | Root
    | Fenced
    | Listing
    | Big
    | Grid
    | Cases
    | Chain
    | Rows
    | Annotated
    | Accented
)
