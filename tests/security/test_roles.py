"""Every address × everybody: who may, who may not, and that a refusal changes nothing."""

import pytest

from campaigns.mail.capture import CapturedMail
from tests.security.rights import EVERYBODY, PEOPLE, RIGHTS
from tests.security.world import THEIRS, addresses

WHO = ("nobody", "salesperson", "marketer", "admin")
SLOW = {"mailings.checks_dns", "senders.checks"}  # ask the real DNS


def test_every_address_stands_in_the_table(app):
    there = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert there - set(RIGHTS) == set(), "say in rights.py who may open these"
    assert set(RIGHTS) - there == set(), "these are gone"


def _refused(answer) -> bool:
    to_sign_in = answer.status_code == 302 and answer.location.startswith(
        ("/login", "http://localhost/login")
    )
    return answer.status_code in (401, 403) or to_sign_in


@pytest.mark.parametrize("who", WHO)
def test_pages_open_for_those_who_may_see_them(app, browse, world, snapshot, who):
    wrong = []
    for rule, address in addresses(app, "GET", world.values):
        if rule.endpoint in SLOW and who in PEOPLE[RIGHTS[rule.endpoint]]:
            continue
        answer = browse(getattr(world, who)).get(address)
        may = who in PEOPLE[RIGHTS[rule.endpoint]]
        if answer.status_code >= 500 or (RIGHTS[rule.endpoint] != EVERYBODY and may == _refused(answer)):
            wrong.append((rule.endpoint, answer.status_code))

    assert not wrong


@pytest.mark.parametrize("who", WHO)
def test_forms_are_taken_from_those_who_may_and_a_refusal_changes_nothing(app, browse, world, snapshot, who):
    wrong = []
    for rule, address in addresses(app, "POST", world.values):
        answer = browse(getattr(world, who)).post(address, data={"name": "Given"})
        may = who in PEOPLE[RIGHTS[rule.endpoint]]
        if answer.status_code >= 500 or (RIGHTS[rule.endpoint] != EVERYBODY and may == _refused(answer)):
            wrong.append((rule.endpoint, answer.status_code))
        if changed := snapshot.changed():
            if not may:
                wrong.append((rule.endpoint, *changed))
            snapshot.restore()

    assert not wrong


def test_a_colleagues_contact_does_not_exist_for_a_salesperson(app, browse, world, snapshot):
    client, wrong = browse(world.salesperson), []
    theirs = world.values | world.theirs_values
    for method in ("GET", "POST"):
        for rule, address in addresses(app, method, theirs):
            if (
                not rule.arguments & set(world.theirs_values)
                or "salesperson" not in PEOPLE[RIGHTS[rule.endpoint]]
            ):
                continue
            form = {"name": "Mine", "due_on": "2030-01-01", "what": "Call", "kind": "call", "days": "1"}
            answer = client.open(address, method=method, data=form if method == "POST" else None)
            if answer.status_code != 404 or snapshot.changed():
                wrong.append((method, rule.endpoint, answer.status_code))
                snapshot.restore()

    assert not wrong


def test_no_page_tells_a_salesperson_of_a_colleagues_contact(app, browse, world):
    told = []
    asked = (
        "",
        "?q=quetz",
        f"?q={THEIRS}",
        "?did=clicked",
        "?did=sent",
        "?whose=all",
        f"?owner={world.colleague.id}",
    )
    for rule, address in addresses(app, "GET", world.values):
        if "salesperson" not in PEOPLE[RIGHTS[rule.endpoint]] or rule.endpoint == "static":
            continue
        for query in asked:
            page = (
                browse(world.salesperson)
                .get(address + query)
                .text.replace(f"q={THEIRS}", "")
                .replace(f"“{THEIRS}”", "")
            )
            page = page.replace(f'value="{THEIRS}"', "")
            if THEIRS in page or "quetzalcoatlus@" in page:
                told.append((rule.endpoint, query))

    assert not told


def test_a_salesperson_cannot_reach_a_colleagues_contact_through_many_at_once(browse, world, snapshot):
    form = {"id": str(world.theirs.id), "name": "Taken"}
    for act in ("tag", "category", "owner", "step", "untag"):
        browse(world.salesperson).post(
            "/contacts/ticked", data=form | {"act": act, "owner_id": world.salesperson.id}
        )

        assert not any(
            f"VALUES({world.theirs.id}," in line
            for line in snapshot.changed()
            if "contact" in line.split("VALUES")[0]
        )


def test_a_marketer_cannot_become_an_admin(browse, world, snapshot):
    client = browse(world.marketer)
    client.post(f"/settings/people/{world.marketer.id}/role", data={"role": "admin"})
    client.post("/settings/people", data={"email": "me@example.org", "name": "Me", "role": "admin"})

    assert not snapshot.changed()


def test_a_marketer_cannot_open_an_admins_account_by_its_captured_letter(browse, world, settings):
    """Without a mail server a password reset is captured; its link would be the admin's account."""
    browse(None).post("/reset", data={"email": world.admin.email})
    letter = CapturedMail(settings.data_dir).newest(1, None, "")[0]
    assert letter.envelope_to == world.admin.email

    for address in (f"/mailbox/{letter.key}", f"/mailbox/{letter.key}/html", f"/mailbox/{letter.key}.eml"):
        assert browse(world.marketer).get(address).status_code == 403
        assert browse(world.marketer).get(f"{address}?view=source").status_code == 403
        assert browse(world.admin).get(address).status_code == 200
