import json
from dataclasses import replace

import jsonschema

from gradproof.checker.verdict import Certificate, FileReport, Report
from gradproof.report.json_report import as_json, json_schema, render_json


def test_report_obeys_the_schema(report):
    jsonschema.Draft202012Validator.check_schema(json_schema())
    jsonschema.validate(json.loads(render_json(report)), json_schema())


def test_worst_first_then_document_order(report):
    equations = as_json(report)["files"][0]["equations"]
    verdicts = [equation["verdict"] for equation in equations]
    order = ["refuted", "malformed", "carried", "unchecked", "tested", "proved", "stated"]
    assert verdicts == sorted(verdicts, key=order.index)
    proved = [equation["span"]["line"] for equation in equations if equation["verdict"] == "proved"]
    assert proved == sorted(proved)


def test_link_tells_stated_expected_and_what_it_depends_on(report):
    equations = {equation["tag"]: equation for equation in as_json(report)["files"][0]["equations"]}
    wrong = equations["7"]["links"][1]
    assert (wrong["stated"], wrong["expected"], wrong["hint"]) == ("0.269", "0.7310585786", "that is σ(-1)")
    carried = equations["10"]["links"][1]
    assert (carried["from_stated_inputs"], carried["depends_on"]) == ("2.731", ["e4"])
    assert equations["6"]["links"][0]["certificate"]["steps"][1]["rule"] == "expand"
    assert equations["6"]["links"][0]["certificate"]["details"]["exact"] == "1/3"


def test_unreadable_file_appears_with_its_error(report):
    missing = FileReport("gone.md", None, (), error="gone.md: the file does not exist.")
    tree = as_json(replace(report, files=(*report.files, missing)))
    jsonschema.validate(tree, json_schema())
    assert tree["files"][1]["error"] == "gone.md: the file does not exist."
    assert tree["files"][0]["error"] is None


def test_values_that_json_cannot_hold_become_text(report):
    sheet = report.files[0]
    details = {"nan": float("nan"), "big": 10**5000, "set": {2, 1}, 3: (1, 2), "lone": "\ud800"}
    link = replace(sheet.equations[1].links[0], certificate=Certificate("shapes", details=details))
    equation = replace(sheet.equations[1], links=(link,))
    text = render_json(Report((replace(sheet, equations=(equation,)),), "0.1.0"))
    shown = json.loads(text)["files"][0]["equations"][0]["links"][0]["certificate"]["details"]
    assert shown["nan"] == "nan"
    assert shown["set"] == [1, 2]
    assert shown["3"] == [1, 2]
    assert shown["big"].startswith("0x")
    text.encode("utf-8")


def test_empty_report(report):
    tree = as_json(Report((), "0.1.0"))
    jsonschema.validate(tree, json_schema())
    assert tree["files"] == []
