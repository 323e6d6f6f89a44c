"""Words that people type as plain letters in a formula: ``softmax(z)``, ``max(0, x)``, ``MSE``, ``w_{new}``.

TeX sets them as products of letters. What is certainly a word of the field is read as one; every other run of letters stays a product.
"""

from __future__ import annotations

from gradproof.reader.vocabulary import NAMED_FUNCTIONS

#: Functions that are surely meant where their letters stand together.
_FUNCTIONS = frozenset(
    "softmax Softmax SoftMax logsoftmax sigmoid Sigmoid sigm relu ReLU RELU leakyrelu leakyReLU LeakyReLU softplus softsign gelu GELU "  # noqa: SIM905
    "silu SiLU swish Swish ELU SELU CELU mish logit logsumexp LSE argmax argmin sign sgn sqrt abs erf diag trace rank prox clip "
    "arctanh arcsinh arccosh log10 Var Cov".split()
) | (NAMED_FUNCTIONS - {"arg", "deg", "dim", "gcd", "hom", "inf", "ker", "lg", "ln", "Pr", "sup", "sec", "cot"})
#: Two letters that are a function only before a parenthesis.
_SHORT_FUNCTIONS = frozenset({"ln", "tr", "Tr", "KL", "lg", "sg"})
#: Quantities that are always spoken of by their initials, or by a word.
_QUANTITIES = frozenset("MSE RMSE MAE BCE NLL RSS SSE TSS ELBO KLD CE KL MAP loss Loss error grad".split())  # noqa: SIM905
#: Words that tell quantities of one name apart, below them: ``w_{new}``, ``y_{pred}``.
_LABELS = frozenset(
    "new old next prev cur pred true test train val total out hidden input output target data reg max min mean std avg opt best "  # noqa: SIM905
    "init final start end real fake model noise batch layer label class train pos neg ref obs prior post emp eff low high".split()
)
_MOST_LETTERS_BEFORE = 2


def words_in(run: str, *, is_applied: bool, is_whole_subscript: bool) -> list[str]:
    """Cut a run of letters that stand together into names: words of the field, and single letters.

    ``is_applied`` tells that a parenthesis follows; ``is_whole_subscript`` that the run is all that stands in a subscript.
    """
    if run in _FUNCTIONS or run in _QUANTITIES or (is_applied and run in _SHORT_FUNCTIONS):
        return [run]
    if is_whole_subscript and run in _LABELS:
        return [run]
    if is_applied:  # y log(p) without a space
        for length in range(len(run) - 1, 1, -1):
            word = run[-length:]
            if len(run) - length <= _MOST_LETTERS_BEFORE and (word in _FUNCTIONS or word in _SHORT_FUNCTIONS):
                return [*run[:-length], word]
    return list(run)
