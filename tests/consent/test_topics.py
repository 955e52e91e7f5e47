"""Topics: what letters can be about."""

import pytest

from campaigns.consent import topics
from campaigns.errors import BadInput, NotFound


def test_a_topic_has_a_purpose_of_its_own_that_never_changes(session):
    offers = topics.create(session, "Nabídky & slevy", "Once a month", {"en": {"name": "Offers"}})
    topics.change(session, offers, "Slevy", "", {}, offered=False)

    assert offers.purpose == "mail:nabidky-slevy"
    assert (offers.name, topics.listed(session, offered=True)) == ("Slevy", [])


def test_names_are_told_in_the_language_asked_for_else_in_the_own(session):
    news = topics.create(session, "News", "What is new", {"cs": {"name": "Novinky"}, "xx": {"name": "?"}})

    assert (news.called("cs"), news.told("cs"), news.called("ro")) == ("Novinky", "What is new", "News")
    assert "xx" not in news.words


def test_two_topics_share_neither_name_nor_key(session):
    assert topics.create(session, "Tools").key == "tools"
    assert topics.create(session, "Tools!").key == "tools-2"
    assert topics.create(session, "Новости").key == "topic"
    assert topics.create(session, "Occasions").key == "occasions-2"  # that is for birthdays and orders
    with pytest.raises(BadInput, match="topic of that name"):
        topics.create(session, "tools")
    with pytest.raises(BadInput, match="name"):
        topics.create(session, "  ")


def test_a_topic_is_found_by_its_name_or_key(session):
    offers = topics.create(session, "Nabídky & slevy")

    assert topics.named(session, "Nabídky & slevy") is topics.named(session, offers.key) is offers
    with pytest.raises(NotFound):
        topics.named(session, "Nothing")
