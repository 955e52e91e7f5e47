"""Links that become slots, and those that must not."""

import time

import pytest

from campaigns.mailings import slots


def test_web_links_become_numbered_slots_and_others_stay():
    document = (
        '<p><a class="x" href="https://example.com/a?b=1&amp;c=2">One <b>two</b></a>'
        '<a href=\'http://example.com/b\' title="a > b"><img src="x.png" alt="Logo"></a>'
        '<a href=https://example.com/c>three</a><AREA HREF="https://example.com/d">'
        '<a href="mailto:ann@example.com">m</a><a href="#top">t</a><a href="{{ unsubscribe_url }}">u</a>'
        '<a href="https://example.com/{{ contact.email }}">own</a><a name="x">n</a><a href="/rel">r</a></p>'
    )
    cut = slots.cut(document)

    assert [(link.position, link.url, link.text) for link in cut.links] == [
        (1, "https://example.com/a?b=1&c=2", "One two"),
        (2, "http://example.com/b", "Logo"),
        (3, "https://example.com/c", "three"),
        (4, "https://example.com/d", ""),
    ]
    assert '<a class="x" href="{{ link_1 }}">One <b>two</b></a>' in cut.html
    assert '<a href="{{ link_2 }}" title="a > b">' in cut.html
    for kept in ("mailto:ann@example.com", "#top", "{{ unsubscribe_url }}", "/{{ contact.email }}", "/rel"):
        assert kept in cut.html


def test_the_same_words_to_the_same_place_are_one_link():
    two = '<a href="https://example.com/">Shop</a>'
    cut = slots.cut(two + two + '<a href="https://example.com/">Other words</a>')
    assert [link.text for link in cut.links] == ["Shop", "Other words"]
    assert cut.html.count("{{ link_1 }}") == 2


def test_what_is_shown_raw_is_left_alone():
    document = (
        '{% raw %}<a href="https://example.com/">x</a>{% endraw %}<a href="https://example.com/2">y</a>'
    )
    cut = slots.cut(document)
    assert [link.url for link in cut.links] == ["https://example.com/2"]
    assert cut.html.startswith('{% raw %}<a href="https://example.com/">')


@pytest.mark.parametrize(
    "document",
    [
        "<a " * 100_000,
        '<a href="' * 100_000,
        "<a '" * 100_000,
        "<a " + '"' * 200_001,
        '<a href="https://example.com/">' * 20_000,
        "<a " + "x=" * 100_000 + ">",
    ],
)
def test_no_document_takes_long(document):
    started = time.thread_time()
    slots.cut(document)
    assert time.thread_time() - started < 2
