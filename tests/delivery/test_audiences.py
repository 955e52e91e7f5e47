"""Whom a campaign to a static audience, or to one that leaves out others, is planned for."""

from campaigns.audiences import saving
from campaigns.mailings import scheduling
from tests import factories
from tests.delivery.launching import plan


def test_a_launched_campaign_goes_to_those_whom_its_audience_meant_then(session, states):
    factories.make_organisation(session)
    people = {
        name: factories.make_contact(session, f"{name}@example.com", tags=tags)
        for name, tags in (("ann", ("a",)), ("bo", ("a", "b")), ("cy", ("c",)), ("di", ("a", "out")))
    }
    out = saving.create(session, "Out", "tag:out")
    kept = saving.create(session, "Kept", "tag:a", living=False, excluded=[out.id])
    whole = saving.create(session, "Whole", 'audience:"Kept" or tag:c')
    campaign = factories.make_campaign(session, audience=whole)
    assert scheduling.send_now(session, campaign)
    factories.make_contact(session, "late@example.com", tags=("a",))
    people["bo"].tags = []
    saving.take_again(session, kept)
    saving.change(session, out, "Out", "tag:a")
    saving.change(session, whole, "Whole", "tag:nobody")
    session.commit()

    plan(campaign)

    assert states(campaign) == dict.fromkeys(
        ("ann@example.com", "bo@example.com", "cy@example.com"), "planned"
    )


def test_whoever_opened_none_of_the_last_campaigns_is_planned_for(session, states):
    factories.make_organisation(session)
    ann, bo = (factories.make_contact(session, f"{name}@example.com") for name in ("ann", "bo"))
    before = factories.make_campaign(session, name="Before")
    for contact in (ann, bo):
        factories.make_message(session, before, contact)
    before.started_at = before.planned_at = factories.now()
    factories.make_activity(session, ann, "open", source=f"campaign:{before.id}")
    quiet = saving.create(session, "Quiet", "sent(last 1 campaigns) and not opened(last 1 campaigns)")
    campaign = factories.make_campaign(session, audience=quiet)
    assert scheduling.send_now(session, campaign)
    session.commit()

    plan(campaign)

    assert states(campaign) == {"bo@example.com": "planned"}
