from dataclasses import replace

import pytest

from gradproof.checker.verdict import FileReport, Kind, Report, Verdict
from gradproof.report.outcome import count_codes, exit_code, last_line
from gradproof.report.selection import select_codes


def only(report: Report, *verdicts: Verdict) -> Report:
    file = report.files[0]
    kept = tuple(equation for equation in file.equations if equation.verdict in verdicts)
    return Report((replace(file, equations=kept, unanswered=(), problems=(), unused_suppressions=()),), "0.1.0")


def test_last_line_counts_in_its_order(report):
    assert last_line(report) == (
        "2 proved, 1 tested, 1 refuted, 1 carried forward, 1 malformed, 2 stated, 1 unchecked, 1 unanswered"
    )


def test_last_line_of_nothing():
    assert last_line(Report((), "0.1.0")) == "no equations found"


@pytest.mark.parametrize("verdict", [Verdict.REFUTED, Verdict.CARRIED, Verdict.MALFORMED])
def test_faults_exit_1(report, verdict):
    assert exit_code(only(report, verdict)) == 1
    assert exit_code(only(report, verdict), exit_zero=True) == 0


def test_no_faults_exit_0(report):
    fine = only(report, Verdict.PROVED, Verdict.TESTED, Verdict.STATED, Verdict.UNCHECKED)
    assert exit_code(fine) == 0


def test_strict_counts_unchecked_claims_and_unanswered_parts(report):
    assert exit_code(only(report, Verdict.PROVED, Verdict.STATED), strict=True) == 0
    unchecked = only(report, Verdict.UNCHECKED)
    assert exit_code(unchecked, strict=True) == 1
    file = unchecked.files[0]
    equation = file.equations[0]
    not_a_claim = replace(equation, links=(replace(equation.links[0], kind=Kind.OTHER, code="U105"),))
    assert exit_code(Report((replace(file, equations=(not_a_claim,)),), ""), strict=True) == 0
    unanswered = replace(report.files[0], equations=(), problems=())
    assert exit_code(Report((unanswered,), ""), strict=True) == 1
    assert exit_code(Report((unanswered,), "")) == 0


def test_unreadable_file_outranks_everything(report):
    failed = Report((*report.files, FileReport("gone.md", None, (), error="gone")), "0.1.0")
    assert exit_code(failed) == 2
    assert exit_code(failed, exit_zero=True) == 2
    assert last_line(failed).endswith("1 file not read")


def test_suppressed_equations_do_not_count(report):
    file = report.files[0]
    silent = tuple(replace(equation, suppressed=True) for equation in file.equations)
    quiet = Report((replace(file, equations=silent),), "0.1.0")
    assert exit_code(quiet) == 0
    assert last_line(quiet) == "1 unanswered, 9 suppressed"


def test_select_and_ignore_change_report_and_exit_code(report):
    assert exit_code(select_codes(report, select=["M"])) == 1
    assert exit_code(select_codes(report, ignore=["R", "C", "M101"])) == 0
    assert count_codes(select_codes(report, select=["R1"])) == {"R102": 1}
    assert select_codes(report) is report


def test_ignored_link_no_longer_counts_for_its_equation(report):
    ignored = select_codes(report, ignore=["R102"]).files[0]
    (seventh,) = (equation for equation in ignored.equations if equation.tag == "7")
    assert (seventh.verdict, seventh.code, seventh.hint) == (Verdict.PROVED, "P101", "")


def test_document_codes_are_selected_too(report):
    file = select_codes(report, ignore=["D"]).files[0]
    assert (file.unanswered, file.problems, file.unused_suppressions) == ((), (), ())
    assert len(select_codes(report, select=["D101"]).files[0].unanswered) == 1


def test_formula_without_links_is_selected_by_its_own_code(report):
    file = report.files[0]
    bare = replace(file.equations[7], links=())
    assert select_codes(Report((replace(file, equations=(bare,)),), ""), select=["U1"]).files[0].equations == (bare,)
