"""What the template language says, and how it says what is wrong."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from campaigns.mailings import language
from campaigns.mailings.language import TemplateProblem

ANN = {
    "contact": {
        "first_name": "Ann <b>",
        "last_name": "",
        "age": "30",
        "tags": ["vip", "trial"],
        "company": None,
        "language": "cs",
        "fields": {"shoe_size": 41, "born": date(2000, 2, 29)},
    },
    "unsubscribe_url": "https://example.com/u?a=1&b=2",
}


def filled(source, values=ANN, *, escape=False, **how):
    return language.compile(source, escape=escape, **how).render(values)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("plain", "plain"),
        ("Dear {{ contact.first_name }},", "Dear Ann <b>,"),
        ('{{ contact["first_name"] }}', "Ann <b>"),
        ('{{ contact.last_name|default("friend") }}', "friend"),
        ('{{ contact.nickname|default("friend") }}', "friend"),
        ('{{ contact.company|default("your firm") }}', "your firm"),
        ("{{ contact.nickname }}|{{ contact.company }}|{{ nothing.at.all }}", "||"),
        ("{{ contact.fields.shoe_size }}", "41"),
        ("{{ contact.tags }}", "vip, trial"),
        ("{{ contact.tags[0] }}{{ contact.tags[9] }}", "vip"),
        ('{{ contact.tags|join(" + ") }}', "vip + trial"),
        ("{{ contact.tags|length }} {{ contact.tags|first }} {{ contact.tags|last }}", "2 vip trial"),
        ('{% if "vip" in contact.tags %}yes{% else %}no{% endif %}', "yes"),
        ('{% if "x" not in contact.tags %}yes{% endif %}', "yes"),
        ('{{ "yes" if contact.age > 18 else "no" }}', "yes"),
        ('{{ "yes" if contact.nickname > 18 else "no" }}', "no"),
        ('{{ "yes" if contact.last_name == contact.company else "no" }}', "yes"),
        ("{% if contact.company %}a{% elif contact.last_name %}b{% else %}c{% endif %}", "c"),
        ("{% for tag in contact.tags %}{{ loop.index }}{{ tag }} {% endfor %}", "1vip 2trial "),
        ("{% for tag in contact.tags %}{{ tag }}{% if not loop.last %},{% endif %}{% endfor %}", "vip,trial"),
        ("{% for tag in contact.nothing %}x{% else %}none{% endfor %}", "none"),
        ("{% for tag in contact.tags if tag != 'vip' %}{{ tag }}{% endfor %}", "trial"),
        ("{% set name = contact.first_name|upper %}{{ name }}{{ name }}", "ANN <B>ANN <B>"),
        ("{{ 'a' ~ 1 ~ contact.nickname ~ 'b' }}", "a1b"),
        ("{{ 7 / 2 }} {{ 7 // 2 }} {{ 7 % 2 }} {{ 2 * 3 - 1 }}", "3.5 3 1 5"),
        ("{{ -contact.age }} {{ 1 / 0 }}", "-30 "),
        ("{{ 'ab' * 3 }} {{ contact.age + 1 }} {{ contact.nickname + 1 }}", "ababab 301 1"),
        ("{{ 'anna-marie o\\'brien (CZ)'|title }}", "Anna-Marie O'brien (Cz)"),
        ("{{ 'ÉMILE'|capitalize }} {{ ' x '|trim }} {{ 'a-b'|replace('-', '+') }}", "Émile x a+b"),
        ("{{ 3.14159|round(2) }} {{ 2.5|round }} {{ contact.nickname|round }}", "3.14 2 0"),
        ("{{ contact.fields.born|date }}", "29. února 2000"),
        ("{{ contact.fields.born|date('%d.%m.%Y') }} {{ '2026-11-22'|date('d. M.') }}", "29.02.2000 22. 11."),
        ("{{ 'soon'|date }}{{ contact.nickname|date }}", "soon"),
        ("{{ 1234.5|money('CZK') }}", "1\xa0234,50\xa0Kč"),
        ("{{ '<b>'|escape }}", "&lt;b&gt;"),
        ("{% raw %}{{ left alone }}{% endraw %}", "{{ left alone }}"),
        ("a{# a note #}b", "ab"),
        ("{{ 3 is odd and contact.age is even and nothing is undefined }}", "True"),
        (
            "{{ contact.last_name is empty and contact.first_name is defined and contact.company is none }}",
            "True",
        ),
    ],
)
def test_what_the_language_can_say(source, expected):
    assert filled(source) == expected


def test_html_is_escaped_and_text_is_not():
    source = '{{ contact.first_name }} {{ unsubscribe_url }} {{ contact.x|default("<i>") }} {{ "<" ~ "b>" }}'
    assert filled(source, escape=True) == (
        "Ann &lt;b&gt; https://example.com/u?a=1&amp;b=2 &lt;i&gt; &lt;b&gt;"
    )
    assert "Ann <b>" in filled(source)
    assert filled("{{ contact.first_name|escape }}", escape=True) == "Ann &lt;b&gt;"


@pytest.mark.parametrize(
    "bad", ["a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\x00b", "a\u2028b", "a\x85b\x0bc\x1cd"]
)
def test_a_subject_stays_one_line(bad):
    subject = filled("Hi {{ contact.name }}\n again", {"contact": {"name": bad}}, one_line=True)
    assert len(subject.splitlines()) == 1
    assert subject.startswith("Hi a ")
    assert subject.endswith(" again")


def test_fields_are_named():
    compiled = language.compile(
        "{{ contact.first_name|default('friend') }} {{ contact.last_name }} {{ contact.phone or 'none' }}\n"
        "{% if contact.company %}{{ contact.company }}{% endif %}\n"
        "{% for tag in contact.tags %}{{ tag }}{{ loop.index }}{% endfor %}\n"
        "{% set x = firm.name %}{{ x }} {{ contact['city'] }} {{ web_url if web_url else contact.email }}",
        escape=True,
    )
    assert compiled.names == {
        "contact.first_name", "contact.last_name", "contact.phone", "contact.company", "contact.tags",
        "contact.city", "contact.email", "firm.name", "web_url",
    }  # fmt: skip
    assert compiled.bare == {"contact.last_name", "firm.name", "contact.city", "contact.email"}
    assert compiled.missing(ANN) == {"contact.last_name", "firm.name", "contact.city", "contact.email"}
    assert (
        compiled.missing({"contact": {"last_name": "B", "city": "X", "email": "e"}, "firm": {"name": "F"}})
        == set()
    )
    assert compiled.line_of("contact.tags") == 3


def test_only_plain_values_come_in():
    class Name(str):
        def __html__(self):
            return "<script>"

    assert filled("{{ x }}", {"x": Name("<a>")}, escape=True) == "&lt;a&gt;"
    assert filled("{{ x }}{{ y }}", {"x": Decimal("1.5"), "y": (1, 2)}) == "1.51, 2"
    assert filled("{{ x }}", {"x": datetime(2026, 1, 1, tzinfo=UTC)}).startswith("2026-01-01")
    with pytest.raises(TypeError):
        filled("{{ x }}", {"x": object()})


def test_half_characters_in_data_do_not_break_a_letter():
    assert filled("{{ x }}!", {"x": "a\ud800"}) == "a?!"


def test_a_problem_names_its_line_and_field():
    with pytest.raises(TemplateProblem) as caught:
        language.compile("one\ntwo\n{{ three | nosuch }}", escape=True, field="subject")
    assert caught.value.line == 3
    assert caught.value.field == "subject"
    assert str(caught.value).startswith("Line 3: “nosuch” is no filter. There are capitalize")


def test_a_problem_that_shows_only_while_running_names_its_line():
    compiled = language.compile("one\n{{ x }}\n{{ 'ab' * x }}", escape=True)
    with pytest.raises(TemplateProblem) as caught:
        compiled.render({"x": 10**9})
    assert caught.value.line == 3
