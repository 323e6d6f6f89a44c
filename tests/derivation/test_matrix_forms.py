"""Matrix notation of derivatives as a textbook prints it, for what was once printed by indices or with idle transposes."""

from __future__ import annotations

import pytest

from gradproof.derivation.derivation import derive

FORMS = [
    # a symmetric matrix is its own transpose
    ("x'*B*x", "x", ["B: n,n symmetric"], "2*B*x"),
    ("(x - A*s)'*W*(x - A*s)", "s", ["W: m,m symmetric", "A: m,n"], "2*A'*W*(A*s - x)"),
    ("logdet(X'*A*X)", "X", ["X: m,n", "A: m,m symmetric"], "2*A*X*inv(X'*A*X)"),
    ("logdet(S) + (x - m)'*inv(S)*(x - m)", "S", ["S: n,n symmetric", "m: n"], "inv(S) - inv(S)*(x - m)*(x - m)'*inv(S)"),
    ("det(A*X*B)", "X", ["A: n,n", "X: n,n", "B: n,n"], "det(A*X*B)*A'*inv(A*X*B)'*B'"),
    # two sums of one product may be over the same index
    ("norm2((diag(b)*B)*x)^2", "b", ["b: n", "B: n,m", "x: m"], "2*b.*(B*x).^2"),
    ("normF(diag(b)*B*inv(S))^2", "S", ["b: n", "B: n,n", "S: n,n"], "-2*inv(S)'*B'*diag(b.^2)*B*inv(S)*inv(S)'"),
    ("a'*X^3*b", "X", ["X: n,n", "a: n", "b: n"], "X'*(a*b'*X' + X'*a*b') + a*b'*(X')^2"),
    ("tr(A*X^3)", "X", ["X: n,n", "A: n,n"], "X'*(A'*X' + X'*A') + A'*(X')^2"),
    ("tr(inv(X'*C*X)*A)", "X", ["X: m,n", "C: m,m symmetric", "A: n,n"], "-C*X*inv(X'*C*X)*(A + A')*inv(X'*C*X)"),
    (
        "x'*A*x/(x'*B*x)",
        "x",
        ["A: n,n symmetric", "B: n,n symmetric"],
        "2*(A*x/(x'*B*x) - (x'*A*x)*B*x/(x'*B*x)^2)",
    ),
    # deltas that all cases share stand in front of them
    ("smooth_l1_loss(x, y)", "x", ["x: n", "y: n"], "min(max(x - y, -1), 1)/n"),
    ("sum(where(abs(r) <= d, r.^2/2, d*(abs(r) - d/2)))", "r", ["r: n", "d: scalar"], "where(abs(r) <= d, r, d*sign(r))"),
    # named functions and powers are put back together
    ("-sum(y .* log(exp(z)/sum(exp(z))))", "z", ["z: k", "y: k simplex"], "softmax(z) - y"),
    ("-sum(softmax(z) .* log_softmax(z))", "z", ["z: k"], "softmax(z).*(log_softmax(z)'*softmax(z) - log_softmax(z))"),
    ("sqrt(sum((x - c).^2))", "x", ["x: n", "c: n"], "(x - c)/norm2(x - c)"),
    (
        "-(1 - sigma(z))^g*log(sigma(z))",
        "z",
        ["z: scalar", "g: scalar"],
        "g*log(sigma(z))*sigma(z)*(1 - sigma(z))^g - (1 - sigma(z))^(g + 1)",
    ),
]


@pytest.mark.parametrize(("text", "wrt", "assume", "wanted"), FORMS, ids=[form[0] for form in FORMS])
def test_the_form_is_the_textbooks_and_right(text, wrt, assume, wanted):
    derivation = derive(text, wrt, assume=assume)
    assert derivation.to_text() == wanted
    assert derivation.verify(4).agrees
