"""Names as the algebra writes them: plain text, decorations behind the base, a label last (``y_hat``, ``L_CE``)."""

from __future__ import annotations

import re

from gradproof.reader.presentation import Fenced, Listing, Name, Numeral, Scripted, Tree, Words

#: Letters that stand for an index when they are a subscript; capitals and words are labels.
INDEX_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz") | {"alpha", "beta", "mu", "nu", "ell", "tau"}

#: Superscripts that decorate a name instead of raising it to a power.
_STARS = {"*": "star", "ast": "star", "star": "star", "dagger": "dagger", "prime": "prime", "+": "plus", "-": "minus"}

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ",
    "sigma": "σ", "tau": "τ", "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
}  # fmt: skip


def base_name(name: Name) -> str:
    """Return the text of a name with its accents and primes: ``\\hat{y}'`` gives ``y_hat_prime``."""
    text = name.text
    for accent in name.accents:
        text += f"_{accent}"
    return text + "_prime" * name.primes


def star_of(tree: Tree | None) -> str:
    """Return the decoration that a superscript is ('star', 'dagger'), or an empty string."""
    if isinstance(tree, Name) and tree.text in _STARS:
        return _STARS[tree.text]
    return ""


def label_of(tree: Tree) -> str:
    """Return a subscript as a label for a name: letters and digits alone, empty when it cannot be one."""
    match tree:
        case Name(text):
            return base_name(tree) if len(text) < 20 else ""
        case Numeral(text):
            return text if text.isdigit() else ""
        case Words(text):
            return re.sub(r"\W+", "", text)
        case Fenced(_, _, body) if body is not None:
            return label_of(body)
        case Listing(items):
            parts = [label_of(item) for item in items]
            return "".join(parts) if all(parts) else ""
        case Scripted(base, sub, None) if sub is not None:
            outer, inner = label_of(base), label_of(sub)
            return outer + inner if outer and inner else ""
        case _:
            return ""


def is_label(tree: Tree) -> bool:
    """Tell whether a subscript is a label by its looks: a word, an upright or capital letter."""
    match tree:
        case Words():
            return True
        case Name(text, _, font):
            if font in ("roman", "sans", "typewriter", "calligraphic", "bold"):
                return True
            return text not in INDEX_LETTERS
        case _:
            return False


def spoken(name: str) -> str:
    """Return a name as it is shown in words: Greek letters as letters."""
    head, _, rest = name.partition("_")
    return GREEK.get(head, head) + (f"_{rest}" if rest else "")
