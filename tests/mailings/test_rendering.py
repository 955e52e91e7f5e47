"""From a design to letters: slots, footer, text part, and what may differ between two recipients."""

import re

import pytest

from campaigns.mail.designs import DesignProblem
from campaigns.mailings import merging, rendering
from campaigns.mailings.language import TemplateProblem

HTML = """<html><body><p>Dear {{ contact.first_name|default("friend") }},</p>
<table>{% for tag in contact.tags %}<tr><td>{{ tag }}</td></tr>{% endfor %}</table>
<a href="https://example.com/shop?a=1&amp;b=2">Shop</a></body></html>"""
FIRM = {"name": "Example & Co", "postal_address": "1 Long Lane\nBrno", "language": "en"}


def values(**contact):
    links = {"unsubscribe_url": "https://x.example/u/1?a&b", "preferences_url": "https://x.example/p/1"}
    return merging.values({**merging.sample(), **contact}, FIRM, links)


def letter(content, filled=None, **how):
    letterer = rendering.letterer(content.subject, content.html, content.text, content.links)
    return rendering.render(letterer, filled or values(), **how)


def test_a_letter_is_filled_in():
    content = rendering.compose(
        "html", HTML, "Hi {{ contact.first_name }}", "News & <offers> for {{ contact.name }}"
    )
    subject, html, text = letter(content, values(first_name="Ann <b>", tags=["a&b"]))

    assert subject == "Hi Ann <b>"
    assert "Dear Ann &lt;b&gt;," in html
    assert "<tr><td>a&amp;b</td></tr>" in html
    assert 'href="https://example.com/shop?a=1&amp;b=2"' in html
    assert "News &amp; &lt;offers&gt; for Anna Example" in html
    assert "Dear Ann <b>," in text
    assert "https://example.com/shop?a=1&b=2" in text
    assert "News &" not in text
    assert "{{" not in html + text
    assert "pixel" not in html
    assert content.names == {"contact.first_name", "contact.name", "contact.tags"}


def test_what_every_letter_must_say_is_added_once():
    _subject, html, text = letter(rendering.compose("html", HTML, "S"))
    for part in (html.replace("&amp;", "&"), text):
        assert "Example & Co, 1 Long Lane, Brno" in part
        assert part.count("https://x.example/u/1?a&b") == 1
        assert part.count("https://x.example/p/1") == 1
    own = "{{ firm.postal_address }} <a href='{{ unsubscribe_url }}'>x</a> {{ preferences_url }}"
    complete = HTML.replace("</body>", own + "</body>")
    _subject, html, _text = letter(rendering.compose("html", complete, "S"))
    assert html.count("https://x.example/u/1") == 1
    assert "Unsubscribe" not in html


def test_the_footer_speaks_the_language_of_the_letter():
    assert "Odhlásit odběr" in rendering.compose("html", HTML, "S", speech="cs").html
    assert "Unsubscribe" in rendering.compose("html", HTML, "S", speech="de").html


def test_tracked_letters_carry_their_own_links_and_pixel():
    content = rendering.compose("html", HTML, "S")
    _s, html, text = letter(
        content, link=lambda n: f"https://t.example/c/{n}?x=1&y=2", pixel_html='<img src="P">'
    )
    assert 'href="https://t.example/c/1?x=1&amp;y=2"' in html
    assert "https://t.example/c/1?x=1&y=2" in text
    assert "example.com/shop" not in html + text
    assert html.index('<img src="P">') < html.index("</body>")
    assert html.count('<img src="P">') == 1


def test_without_tracking_two_letters_differ_in_merge_values_only():
    content = rendering.compose("html", HTML, "Hi {{ contact.first_name }}")
    ann, bob = (letter(content, values(first_name=name)) for name in ("ANN", "BOB"))
    assert [part.replace("ANN", "BOB") for part in ann] == list(bob)


def test_a_contact_can_bring_no_pixel_mark_or_tags_of_its_own():
    content = rendering.compose("html", HTML + rendering.PIXEL, "{{ contact.first_name }}")
    bad = "<!--pixel-->{{ firm.name }}{% raw %}\r\nBcc: x@example.com"
    subject, html, _text = letter(content, values(first_name=bad), pixel_html="PIXEL")
    assert html.count("PIXEL") == 1
    assert "&lt;!--pixel--&gt;{{ firm.name }}{% raw %}" in html
    assert "\n" not in subject
    assert "\r" not in subject


@pytest.mark.parametrize("kind", ["html", "mjml", "markdown"])
def test_every_kind_of_design_becomes_a_whole_document(kind):
    source = {
        "html": "<p>Hi {{ contact.first_name }} <a href='https://example.com/'>x</a></p>",
        "mjml": "<mjml><mj-body><mj-section><mj-column><mj-text>Hi {{ contact.first_name }}</mj-text>"
        '<mj-button href="https://example.com/">x</mj-button></mj-column></mj-section></mj-body></mjml>',
        "markdown": "Hi {{ contact.first_name }} [x](https://example.com/)",
    }[kind]
    _subject, html, text = letter(rendering.compose(kind, source, "S"))
    assert "Hi Anna" in html
    assert "Hi Anna" in text
    assert re.search(r'href="https://example\.com/"', html)
    assert html.rstrip().endswith("</html>")


@pytest.mark.parametrize(
    ("subject", "preheader", "source", "field", "line"),
    [
        ("{{ x", "", "a", "subject", 1),
        ("S", "{{ x|nosuch }}", "a", "preheader", 1),
        ("S", "", "a\nb\n{{ x.y() }}", "source", 3),
        ("S", "", "a\n{% if x %}", "source", 2),
    ],
)
def test_problems_name_the_field_and_line(subject, preheader, source, field, line):
    with pytest.raises(TemplateProblem) as caught:
        rendering.compose("html", source, subject, preheader)
    assert (caught.value.field, caught.value.line) == (field, line)


def test_problems_of_the_design_name_the_line():
    with pytest.raises(DesignProblem) as caught:
        rendering.compose("mjml", "<mjml>\n<mj-body>\n<mj-nonsense>\n</mj-body></mjml>", "S")
    assert caught.value.line == 3


def test_a_frozen_letter_reads_as_the_one_composed(session):
    content = rendering.compose("html", HTML, "Hi {{ contact.first_name }}", "Look")
    revision = rendering.freeze(session, content)
    session.commit()

    thawed = rendering.thaw(session, revision.id)
    assert thawed.links == ("https://example.com/shop?a=1&b=2",)
    assert rendering.render(thawed, values()) == letter(content)
    assert "contact.tags" in thawed.names
