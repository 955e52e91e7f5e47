"""Words in templates: in the person's language, what fills their places escaped where the page is."""

import pytest
from flask import render_template_string


@pytest.fixture
def asked(app):
    with app.test_request_context(headers={"Accept-Language": "cs"}):
        yield


def test_what_fills_a_place_is_escaped_in_a_page(asked):
    template = "{{ _('Planned for %(name)s.', name=name) }}"

    assert "&lt;b&gt;" in render_template_string(template, name="<b>")
    assert "<b>" in render_template_string(
        "{% autoescape false %}" + template + "{% endautoescape %}", name="<b>"
    )


def test_words_in_blocks_and_macros_know_the_language(asked):
    macro = "{% macro one() %}{{ _('Tomorrow') }}{% endmacro %}"
    block = "{% block b %}{{ one() }} {{ gettext('Today') }}{% endblock %}"

    assert render_template_string(macro + block) == "Zítra Dnes"


@pytest.mark.parametrize("num", [1, 3, 5])
def test_the_number_chooses_the_form(asked, num):
    found = render_template_string("{{ ngettext('and %(num)s more', 'and %(num)s more', num) }}", num=num)

    assert str(num) in found
    assert "more" not in found


def test_a_percent_sign_is_written_twice_with_and_without_places(asked):
    assert render_template_string("{{ _('100 %%') }} {{ _('%(n)s %%', n=5) }}") == "100 % 5 %"
