"""``gradproof prox`` and ``derive --to html``: what is printed, and where."""

import json


def test_a_cited_operator_is_printed_with_entry_source_and_check(run):
    found = run("prox", "lam*norminf(x)", "--over", "x")
    assert found.code == 0
    assert "prox(v) = sign(v) min(|v|, t), where t >= 0 makes sum_i max(|v_i| - t, 0) = lam" in found.out
    assert "catalogue: gradproof.prox.LInf(lambda_=lam)" in found.out
    assert "source: LInf: Beck 2017" in found.out
    assert "check: no better point among" in found.out


def test_json_holds_the_sources(run):
    report = json.loads(run("prox", "lam*nuclear_norm(X)", "--over", "X", "--to", "json", "--no-verify").out)
    assert report["catalogue"] == "Nuclear(lambda_=lam)"
    assert report["sources"] == ["Nuclear: Cai, Candes and Shen 2010: soft thresholding of the singular values"]
    assert report["is_closed_form"] is False


def test_nothing_known_is_one_line(run):
    found = run("prox", "sum(sin(x))", "--over", "x")
    assert found.code == 2
    assert found.err.count("\n") <= 3


def test_a_derivative_as_html_is_mathml_alone(run):
    found = run("derive", "norm2(A*x - b)^2", "--wrt", "x", "--to", "html")
    assert found.out.startswith('<math display="block"><mn>2</mn>')
    assert "read: " in found.err
