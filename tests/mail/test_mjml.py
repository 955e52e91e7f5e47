"""MJML becomes HTML without harm to template tags, attributes or privacy."""

from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from campaigns.mail import designs
from campaigns.mail.designs import Kind, to_document
from tests.mail.documents import MJML, rendered, texts


def test_mjml_keeps_loops_conditions_and_values():
    source = MJML.format(
        head="<mj-title>{{ subject }}</mj-title><mj-preview>{% if a %}x{% endif %}</mj-preview>"
        "<mj-style>.a { color: {{ c }} }</mj-style>",
        body="{% for p in items %}<mj-text>Hi <b>{{ p }}</b>{% if a %} & {% endif %}</mj-text>{% endfor %}"
        "<mj-table>{% for r in rows %}<tr><td>{{ r }}</td></tr>{% endfor %}</mj-table>"
        '<mj-button href="{{ url|default("/a") }}?x">Go {{ n }}</mj-button>',
    )
    tree = rendered(
        to_document("mjml", source, "cs"), items=["p", "q"], rows=[1, 2], a=1, c="red", n=3, subject="S"
    )

    assert texts(tree, "b") == ["p", "q"]
    assert [text for text in texts(tree, "table table table td") if text.isdigit()][:2] == ["1", "2"]
    assert tree.css_first("a").attributes["href"] == "/a?x"
    assert tree.css_first("title").text() == "S"
    assert tree.css_first("html").attributes["lang"] == "cs"


def test_mjml_moves_only_the_styles_that_ask_for_it():
    source = MJML.format(
        head="<mj-style>.a { color: red }</mj-style>"
        '<mj-style inline="inline">.b { color: {{ c }} }</mj-style>',
        body='<mj-text><p class="a b">x</p></mj-text>',
    )
    document = to_document(Kind.MJML, source)

    assert ".a { color: red }" in document
    assert rendered(document, c="blue").css_first("p.b").attributes["style"] == "color: blue;"


def test_mjml_attributes_come_through_in_any_script_and_over_several_lines():
    body = (
        '<mj-text><p style="color:\n  red;\n  margin: 0" title="Žlutá\u00a0pila e\u0301">x</p></mj-text>'
        "<mj-image src='a.png' alt='\"Pily\" a \\ nože' />"
        "<mj-button font-family='\"Ubuntu\", Arial'>y</mj-button>"
    )
    tree = rendered(to_document(Kind.MJML, MJML.format(head="", body=body)))

    paragraph = tree.css_first("p").attributes
    assert (paragraph["style"], paragraph["title"]) == ("color: red; margin: 0", "Žlutá\u00a0pila e\u0301")
    assert tree.css_first("img").attributes["alt"] == '"Pily" a \\ nože'
    assert 'font-family:"Ubuntu", Arial' in tree.css_first("td[bgcolor] > *").attributes["style"]


def test_mjml_asks_no_stranger_for_fonts():
    assert "fonts.googleapis" not in to_document(Kind.MJML, MJML.format(head="", body="<mj-text>x</mj-text>"))


PUBLIC = sorted(Path(__file__).parents[3].glob("shared/data/mjml/*.mjml"))


@pytest.mark.skipif(not PUBLIC, reason="the collection of public designs is not here")
@pytest.mark.parametrize("path", PUBLIC, ids=lambda path: path.stem)
def test_public_designs_compile(path):
    document = to_document(Kind.MJML, path.read_text())

    assert designs.weight(document) < designs.CLIPPED_AT
    assert LexborHTMLParser(document).css_first("body table td")
