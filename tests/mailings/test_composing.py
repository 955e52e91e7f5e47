"""Templates: made, saved without losing anybody's words, copied, removed; and the starters."""

from dataclasses import replace

import pytest

from campaigns.errors import BadInput, Conflict, NotFound
from campaigns.mailings import composing, merging, rendering, starters
from campaigns.mailings.composing import Draft
from campaigns.mailings.models import Template
from tests import factories

DRAFT = Draft("News", "Hello  {{ contact.first_name }}", "<p>Hi</p>\r\n<p>you</p>", "html")


def test_a_template_is_kept_tidy(session):
    template = composing.create(session, DRAFT)
    session.commit()
    kept = composing.by_name(session, " News ")
    assert kept.id == template.id
    assert kept.subject == "Hello {{ contact.first_name }}"
    assert kept.source == "<p>Hi</p>\n<p>you</p>"
    assert kept.version == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"subject": "x" * 501}, "subject"),
        ({"kind": "word"}, "kind"),
        ({"language": "xx"}, "language"),
        ({"source": "x" * 600_000}, "source"),
    ],
)
def test_what_can_not_be_kept_names_its_field(session, change, field):
    with pytest.raises(BadInput) as caught:
        composing.create(session, replace(DRAFT, **change))
    assert caught.value.field == field


def test_names_are_unique_and_copies_find_a_free_one(session):
    template = composing.create(session, DRAFT)
    with pytest.raises(BadInput):
        composing.create(session, DRAFT)
    assert composing.copy(session, template).name == "News 2"
    assert composing.copy(session, template).name == "News 3"


def test_saving_counts_versions_and_a_stale_one_loses_nothing(session):
    template = composing.create(session, DRAFT)
    session.commit()
    assert composing.save(session, template.id, 1, replace(DRAFT, source="first")) == 2
    with pytest.raises(Conflict):
        composing.save(session, template.id, 1, replace(DRAFT, source="second"))
    session.commit()
    session.expire_all()
    assert session.get_one(Template, template.id).source == "first"
    with pytest.raises(NotFound):
        composing.save(session, template.id + 1, 1, replace(DRAFT, name="Other"))


def test_a_broken_draft_is_kept_but_not_composed(session):
    broken = replace(DRAFT, source="a\n{{ oops")
    composing.create(session, broken)
    with pytest.raises(BadInput, match="Line 2"):
        composing.compose(session, broken)


def test_a_template_that_was_used_stays(session):
    campaign = factories.make_campaign(session)
    template = session.get_one(Template, campaign.template_id)
    with pytest.raises(Conflict, match=campaign.name):
        composing.remove(session, template)
    other = composing.create(session, DRAFT)
    composing.remove(session, other)
    session.flush()
    with pytest.raises(NotFound):
        composing.get(session, other.id)


@pytest.mark.parametrize("starter", starters.listed(), ids=lambda starter: starter.key)
def test_every_starter_is_a_whole_letter_without_holes(starter):
    draft = starter.draft("x")
    content = rendering.compose(draft.kind, draft.source, draft.subject, draft.preheader)
    letterer = rendering.letterer(content.subject, content.html, content.text, content.links)
    firm = {"name": "Example Tools", "postal_address": "1 Long Lane", "language": "en"}
    links = {"unsubscribe_url": "https://x.example/u", "preferences_url": "https://x.example/p"}
    empty = {name: "" for name in merging.sample() if name not in ("tags", "categories", "fields")}
    for contact in (merging.sample(), {**merging.sample(), **empty}):
        values = merging.values(contact, firm, links)
        subject, html, text = rendering.render(letterer, values)
        assert subject
        assert letterer.missing(values) == set()
        assert html.count("https://x.example/u") == text.count("https://x.example/u") == 1
        assert "1 Long Lane" in text
    assert content.links
    assert all(merging.known(name) for name in content.names)
