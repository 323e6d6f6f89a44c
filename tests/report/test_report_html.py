import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from report_sheets import document_of, equation_of

from gradproof.checker.verdict import FileReport, Kind, Link, Report, Verdict
from gradproof.reader.document import Problem
from gradproof.report.html import render_html

EVIL = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> javascript:alert(1) "
    '"><svg onload=alert(1)> </style><style>*{} {{ 7*7 }} {% raw %} &lt;b&gt; \x00\x1b'
)


class Outline(HTMLParser):
    """What a browser would make of a page: elements, attributes, ids, links."""

    VOID = frozenset({"meta", "link", "br", "img", "mspace", "mprescripts", "none"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def ids(self):
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


def test_page_is_well_formed_and_its_links_lead_somewhere(report):
    page = Outline(render_html(report))
    assert page.open == []
    assert len(page.ids()) == len(set(page.ids()))
    targets = {attributes["href"] for attributes in page.all("a")}
    assert targets <= {f"#{id}" for id in page.ids()}


def test_page_is_self_contained(report):
    page = Outline(render_html(report))
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base", "svg"}
    for _, attributes in page.elements:
        assert not attributes.keys() & {"src", "srcset", "action", "formaction"}
        assert not any(name.startswith("on") for name in attributes)
    (style,) = re.findall(r"<style>(.*?)</style>", render_html(report), re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style


def test_page_forbids_everything_but_its_own_style(report):
    (policy,) = (meta["content"] for meta in Outline(render_html(report)).all("meta") if "http-equiv" in meta)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "base-uri 'none'; form-action 'none'" in policy


def test_page_is_made_for_keyboard_and_screen_reader(report):
    page = Outline(render_html(Report((report.files[0], replace(report.files[0], file="b.md")), "0.1.0")))
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("nav")) == 1
    assert page.all("a")[0]["href"] == "#content"
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    for attributes in (attributes for _, attributes in page.elements if attributes.get("role") == "region"):
        assert attributes["tabindex"] == "0"
        assert attributes["aria-label"]


def test_each_verdict_is_symbol_word_and_colour(report):
    html = render_html(report)
    for verdict, symbol, word in (
        ("refuted", "✗", "refuted"),
        ("malformed", "▲", "malformed"),
        ("carried", "↪", "carried forward"),
        ("unchecked", "?", "unchecked"),
        ("tested", "≈", "tested"),
        ("proved", "✓", "proved"),
        ("stated", "≔", "stated"),
    ):
        badge = f'<span class="badge v-{verdict}"><span class="symbol" aria-hidden="true">{symbol}</span> {word}</span>'
        assert badge in html


def test_values_readings_and_dependencies_are_shown(report):
    html = render_html(report)
    text = " ".join(" ".join(Outline(html).text).split())
    for piece in ("stated 0.269", "right 0.7310585786", "hint that is σ(-1)", "from stated inputs 2.731", "witness x = 1"):
        assert piece in text
    assert "Read with: σ is the logistic function" in text
    assert '<a href="#f1-e4">(7)</a>' in html
    assert "derivative of the logistic function" in text
    assert "provided that b ≠ 0" in text
    assert "Part 6(c) is announced; nothing stands here." in text


def test_what_cannot_be_shown_as_maths_is_shown_as_source(report):
    assert '<code class="source">E = a_1 + \\dots + a_n + \\foo{x}</code>' in render_html(report)


def test_each_equation_stands_once_beside_its_formula(report):
    page = Outline(render_html(report))
    anchors = [id for id in page.ids() if re.fullmatch(r"f1-e\d+", id)]
    assert len(anchors) == len(report.files[0].equations)
    assert "Other equations" not in page.text


def test_equations_without_a_place_are_listed(sheet):
    html = render_html(Report((replace(sheet, document=None),), "0.1.0"))
    assert "Other equations" in html
    assert html.count('class="row ') == len(sheet.equations)


def test_file_that_was_not_read(report):
    html = render_html(Report((FileReport("<b>.md", None, (), error="<b>.md: gone"),), "0.1.0"))
    assert "<b>" not in html
    assert "Not read." in html


@pytest.mark.parametrize("place", ["document", "formula", "fields"])
def test_hostile_text_stays_text(sheet, place):
    if place == "document":
        document = document_of(f"# {EVIL}\n\n{EVIL} $x = 1$ {EVIL}\n\n    {EVIL}\n", EVIL)
        link = Link("x", "=", "1", Kind.CLAIM, Verdict.REFUTED, "R101")
        file = FileReport(EVIL, document, (equation_of(document, 0, (link,)),), error=EVIL)
    elif place == "formula":
        document = document_of(f"$$ {EVIL} \\tag{{{EVIL[:8]}}} $$\n\na $\\text{{{EVIL}}} = \\href{{javascript:1}}{{x}}$\n")
        link = Link(EVIL, "=", "\\text{" + EVIL + "}", Kind.CLAIM, Verdict.REFUTED, "R101")
        file = FileReport("a.md", document, tuple(equation_of(document, index, (link,)) for index in range(2)))
    else:
        link = replace(
            sheet.equations[3].links[1],
            reason=EVIL, hint=f"${EVIL}$", stated=EVIL, expected="_" + EVIL, witness={EVIL: EVIL}, depends_on=(EVIL[:8],),
        )  # fmt: skip
        equation = replace(sheet.equations[3], links=(link,), readings=(EVIL,), tag=EVIL, reason=EVIL, id=EVIL)
        file = replace(sheet, equations=(equation,), problems=(Problem(EVIL, equation.span),))
    html = render_html(Report((file,), "0.1.0"))
    page = Outline(html)
    assert page.open == []
    assert not {tag for tag, _ in page.elements} & {"script", "img", "svg"}
    assert len(page.all("style")) == 1
    for _, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert "\x00" not in html
    assert "\x1b" not in html
    assert "49" not in html or "{{ 7*7 }}" in html


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(first: str, second: str) -> float:
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_contrast_of_every_colour(theme):
    style = (files("gradproof.report") / "templates" / "report.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", re.findall(r":root \{(.*?)\}", style, re.DOTALL)[theme]))
    for name in ("ink", "quiet", "link"):
        for ground in ("paper", "raised", *(ground for ground in colours if ground.endswith("-wash"))):
            assert _contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
    for wash in (name for name in colours if name.endswith("-wash")):
        tone = colours[wash.removesuffix("-wash")]
        assert all(_contrast(tone, colours[ground]) >= 4.5 for ground in ("paper", "raised", wash)), wash
