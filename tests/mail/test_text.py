"""The text part says what the HTML says."""

import pytest
from jinja2 import Environment

from campaigns.mail import text
from campaigns.mail.designs import Kind, to_document


def test_links_show_their_addresses_once():
    said = text.from_html(
        '<p>See <a href="https://example.com/a">our page</a>, <a href="https://example.com">example.com</a>, '
        'or write to <a href="mailto:ann@example.com">ann@example.com</a> '
        'or <a href="mailto:bob@example.com">Bob</a>. '
        '<a href="#top">Up</a> <a href="https://example.com/s"><img src="x.png" alt="The shop"></a></p>'
    )

    assert said == (
        "See our page <https://example.com/a>, example.com, or write to ann@example.com or "
        "Bob <bob@example.com>. Up The shop <https://example.com/s>\n"
    )


def test_headings_lists_and_paragraphs_stand_apart():
    said = text.from_html(
        "<h1>Blades</h1><p>One</p><ul><li>a</li><li>b</li></ul><ol><li>c</li></ol><hr><p>Two<br>lines</p>"
    )

    assert said.splitlines() == [
        "Blades",
        "",
        "One",
        "",
        "  * a",
        "  * b",
        " 1. c",
        "-" * 20,
        "",
        "Two",
        "lines",
    ]


def test_hidden_parts_styles_and_comments_are_not_said():
    said = text.from_html(
        "<html><head><title>T</title><style>p{}</style></head><body>"
        '<div style="display:none">pre\u200c&nbsp;\u200c&nbsp;</div>'
        "<!-- no --><!--[if mso]>no<![endif]--><script>no</script><p>yes</p></body></html>"
    )

    assert said == "yes\n"


def test_tags_of_a_template_stay_in_place():
    document = to_document(
        Kind.HTML,
        "<p>Dear {{ name|default('friend') }},</p>"
        "<table>{% for p in items %}<tr><td>{{ p.name }}</td></tr>{% endfor %}</table>"
        '<p>{% if vip %}Gold{% endif %} <a href="{{ url|default("/a") }}">go</a></p>',
    )
    template = Environment().from_string(text.from_html(document))

    assert text.tidy(template.render(items=[{"name": "a & b"}, {"name": "<c>"}], vip=True)) == (
        "Dear friend,\n\na & b\n\n<c>\n\nGold go </a>\n"
    )


def test_rows_of_a_table_with_headings_are_lines():
    said = text.from_html(
        "<table><tr><th>Blade</th><th>Price</th></tr><tr><td>X1</td><td>12 €</td></tr></table>"
    )

    assert said.splitlines() == ["Blade · Price", "X1 · 12 €"]


@pytest.mark.parametrize("html", ["", " ", "<!-- x -->", "<p></p>"])
def test_nothing_says_nothing(html):
    assert text.from_html(html).strip() == ""


def test_an_encoding_named_in_the_document_does_not_matter():
    assert (
        text.from_html('<?xml version="1.0" encoding="latin-1"?><meta charset="latin-1"><p>žluť</p>')
        == "žluť\n"
    )
