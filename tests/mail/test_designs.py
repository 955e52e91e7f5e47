"""Designs become documents, and every template tag is still where it was."""

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.mail import designs
from campaigns.mail.designs import DesignProblem, Kind, to_document
from tests.mail.documents import MJML, rendered, texts


def test_a_loop_stays_inside_its_table():
    document = to_document(
        Kind.HTML,
        "<style>td { color: red }</style>"
        "<table>{% for p in items %}<tr><td>{{ p }}</td></tr>"
        "{% else %}<tr><td>none</td></tr>{% endfor %}</table>",
    )

    assert texts(rendered(document, items=["a", "b"]), "table td") == ["a", "b"]
    assert texts(rendered(document, items=[]), "table td") == ["none"]
    assert {node.attributes["style"] for node in rendered(document, items=["a"]).css("td")} == {"color: red;"}


def test_a_value_that_is_rows_stays_inside_its_table():
    document = to_document(
        Kind.HTML, "<table>{{ rows }}</table><table><tr>{% if x %}<td>1</td>{% endif %}<td>2</td></table>"
    )

    assert "<table>{{ rows }}</table>" in document
    assert texts(rendered(document, x=True), "td") == ["1", "2"]


def test_a_condition_inside_an_attribute_stays_there():
    document = to_document(Kind.HTML, '<p class="{% if vip %}gold{% else %}plain{% endif %} big">x</p>')

    assert rendered(document, vip=True).css_first("p").attributes["class"] == "gold big"
    assert rendered(document, vip=False).css_first("p").attributes["class"] == "plain big"


def test_conditions_around_attributes_stay_there():
    document = to_document(
        Kind.HTML,
        "<style>p { margin: 0 }</style>"
        '<p id="a" {% if red %}bgcolor="red"{% else %}bgcolor="blue" title="b"{% endif %} lang="cs">x</p>'
        '<a href={% if red %}"/r"{% else %}"/b"{% endif %}>y</a>',
    )

    red, blue = rendered(document, red=True), rendered(document, red=False)
    assert red.css_first("p").attributes == {"id": "a", "bgcolor": "red", "lang": "cs", "style": "margin: 0;"}
    assert blue.css_first("p").attributes["title"] == "b"
    assert [tree.css_first("a").attributes["href"] for tree in (red, blue)] == ["/r", "/b"]


def test_quotes_inside_a_value_inside_an_attribute_do_no_harm():
    document = to_document(Kind.HTML, '<a href="{{ url|default("https://example.com/?a=1&b=2") }}&c=3">x</a>')

    assert rendered(document).css_first("a").attributes["href"] == "https://example.com/?a=1&b=2&c=3"
    assert '{{ url|default("https://example.com/?a=1&b=2") }}' in document


def test_inline_styles_win_over_style_sheets_whatever_is_in_them():
    document = to_document(
        Kind.HTML,
        "<style>p { color: red; margin: 0 }</style>"
        '<p style=\'font-family: "Arial"; color: {{ c|default("blue") }}\'>a</p>'
        '<p style="{% if big %}font-size: 20px;{% endif %}color: green">b</p>'
        '<p style="{{ all }}">c</p><p style="*zoom: 1; not css">d</p>',
    )

    styles = [node.attributes["style"] for node in rendered(document, big=True, all="top: 0").css("p")]
    assert styles[0] == 'color: red;margin: 0;font-family: "Arial"; color: blue'
    assert styles[1] == "color: red;margin: 0;font-size: 20px;color: green"
    assert styles[2] == "color: red;margin: 0;top: 0"
    assert styles[3].endswith("*zoom: 1; not css")


def test_values_in_a_style_sheet_reach_the_elements():
    document = to_document(
        Kind.HTML, "<style>.x { color: {{ color }}; width: {{ w }}px }</style><p class=x>a"
    )

    assert (
        rendered(document, color="#fff", w=7).css_first("p").attributes["style"] == "color: #fff;width: 7px;"
    )


def test_a_style_sheet_with_conditions_is_left_alone():
    sheet = "<style>p { color: red } {% if dark %}p { color: white }{% endif %}</style>"

    assert sheet in to_document(Kind.HTML, f"<head>{sheet}</head><p>x</p>")


def test_media_queries_and_hover_stay_and_the_rest_is_moved():
    document = to_document(
        Kind.HTML,
        "<style>p{color:red} a:hover{color:blue} @media (max-width:600px){p{color:green}}</style><p>x</p>",
    )

    assert "a:hover" in document
    assert "@media" in document
    assert "p{color:red}" not in document.replace(" ", "")


def test_conditional_comments_for_outlook_stay_word_for_word():
    comment = '<!--[if mso]><table><tr><td style="{{ x }}"><![endif]-->'

    assert comment in to_document(Kind.HTML, f"<div>{comment}<p>a</p></div>")


def test_a_fragment_becomes_a_whole_document():
    document = to_document(Kind.HTML, "{% set a = 1 %}<p>x</p>")

    assert document.startswith("<!DOCTYPE html>")
    assert "<body><p>x</p></body>" in document


def test_words_that_look_like_placeholders_come_through():
    assert "<p>z9q0vq9z Z9Q1bq9z</p>" in to_document(Kind.HTML, "<p>z9q0vq9z Z9Q1bq9z</p>{{ x }}")


def test_nothing_is_fetched(tmp_path):
    (tmp_path / "x.css").write_text("p { color: red }")
    document = to_document(
        Kind.HTML,
        f'<link rel="stylesheet" href="file://{tmp_path}/x.css">'
        f'<link rel="stylesheet" href="{tmp_path}/x.css">'
        '<link rel="stylesheet" href="http://127.0.0.1:9/x.css"><p>a</p>',
    )

    assert "red" not in document


def test_markdown_with_tags_inside_and_between_paragraphs():
    source = (
        '# Hi {{ name|default("you") }}\n\n{% if vip %}\n**Gold** text\n{% endif %}\n\n'
        '{% for p in items %}\n- [{{ p }}]({{ url|default("/a b") }})\n{% endfor %}\n\n'
        "| a | b |\n|---|---|\n| {{ x }} | 2 |\n"
    )
    tree = rendered(to_document(Kind.MARKDOWN, source, "cs"), vip=1, items=["p", "q"], x=7)

    assert texts(tree, "h1") == ["Hi you"]
    assert texts(tree, "strong") == ["Gold"]
    assert texts(tree, "li a") == ["p", "q"]
    assert texts(tree, "td") == ["7", "2"]
    assert tree.css_first("html").attributes["lang"] == "cs"
    assert tree.css_first("meta[name=color-scheme]")
    assert "margin" in tree.css_first("h1").attributes["style"]


PROBLEMS = [
    ("mjml", "<mjml><mj-body>\n<mj-sektion></mj-sektion></mj-body></mjml>", 2),
    ("mjml", "<mjml>\n<mj-body>\n<mj-section></mj-body></mjml>", 3),
    ("mjml", MJML.format(head="", body="<mj-text>\n\na < b</mj-text>"), 3),
    ("mjml", MJML.format(head="", body="<mj-text>\n<a href=x>y</a></mj-text>"), 2),
    ("mjml", MJML.format(head="", body='\n<mj-include path="/etc/passwd" />'), 2),
    ("mjml", MJML.format(head="", body="<mj-text>\n</p></mj-text>"), 2),
    ("mjml", MJML.format(head="\n<![CDATA[x]]>", body=""), 2),
    ("mjml", "just words", 1),
    ("mjml", "", 1),
    ("html", "<p>\n\n{{ name", 3),
    ("html", "<p>\n{% if $ %}", 2),
    ("html", "\n{# never ended", 2),
    ("markdown", "x\n{% if", 2),
    ("html", "<b>" * 5000, 1),
    ("mjml", "<mjml><mj-body>\n" + "<mj-wrapper>" * 50_000, 2),
    ("markdown", "<div>" * 5000, 1),
    ("html", "x" * 2_000_001, 0),
]


@pytest.mark.parametrize(
    ("kind", "source", "line"), PROBLEMS, ids=[source[:30] for _kind, source, _line in PROBLEMS]
)
def test_a_broken_design_is_refused_with_a_sentence_and_a_line(kind, source, line):
    with pytest.raises(DesignProblem) as caught:
        to_document(kind, source)

    assert caught.value.line == line
    assert caught.value.message.endswith((".", "…")) or ":" in caught.value.message
    assert caught.value.status == 422


HARD = [
    '<a "',
    "<style",
    "<p style=",
    "<!--",
    "<mj-style inline",
    " ",
    '{{ "',
    "<",
    "<p =",
    "{% if x %}",
    "<p " + "a" * 999,
]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("piece", HARD)
def test_no_design_takes_long(kind, piece):
    started = time.process_time()
    with suppress(DesignProblem):
        to_document(kind, piece * (300_000 // len(piece)))

    assert time.process_time() - started < 5


BLOCKS = ["{% if x %}", "{% endif %}", "{% for a in b %}", "{% endfor %}", "{# c #}"]
MARKUP = [
    "<table>",
    "<tr>",
    "<td>",
    "</td>",
    "</tr>",
    "</table>",
    "<p>",
    "</p>",
    "text",
    " ",
    "\n",
    '<a href="',
    '">',
]
MARKUP += [
    "<td class='",
    "'>",
    "<p ",
    " title=",
    ">",
    "<style>",
    "</style>",
    "<!--",
    "-->",
    "<title>",
    "</title>",
    "{{ x }}",
]
SOURCES = st.lists(st.sampled_from(BLOCKS + MARKUP), max_size=25).map("".join)


@settings(max_examples=1000, deadline=None)
@given(source=SOURCES, kind=st.sampled_from([Kind.HTML, Kind.MARKDOWN]))
def test_no_tag_is_lost_unless_with_a_word(source, kind):
    try:
        document = to_document(kind, source)
    except DesignProblem:
        return

    for tag in BLOCKS:
        assert document.count(tag) == source.count(tag)


def test_images_without_a_description_are_named():
    html = (
        '<img src="a.png"><img src="b.png" alt="">'
        '<table>{% if x %}<tr><td><img src="{{ c }}"></td></tr>{% endif %}</table>'
    )

    assert designs.images_without_alt(html) == ["a.png", "{{ c }}"]


def test_weight_is_in_bytes():
    assert designs.weight("žž") == 4
    assert designs.CLIPPED_AT == 102_400
