"""Too long, too large, too deep, and plain nonsense: a sentence, never a failure."""

import base64
import io
import json

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as thorough
from hypothesis import strategies as st

from tests.security.test_stored_markup import ASKED, WRITTEN
from tests.security.world import addresses

LISTS = [
    "today.everybody_engaged",
    "today.everything_due",
    "contacts.index",
    "contacts_acts.everything",
    "companies.index",
    "companies.show",
    "analytics.index",
    "analytics.people",
    "audiences.index",
    "audiences.people",
    "templates.index",
    "templates.contacts",
    "mailings.index",
    "mailings.content",
    "delivery.messages",
    "delivery.progress",
    "imports.index",
    "imports.progress",
    "consent.suppressed",
    "consent.evidence",
    "mailbox.index",
    "settings.audit_log",
    "crm.timeline",
    "contact_edits.index",
    "contact_edits.show",
    "exports.index",
    "printing.show",
]


def _pack(key: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


NONSENSE = (
    "abc", "%", "=", "é", "\x00", "[", "9" * 5000,
    *map(_pack, (None, 1, "a", {}, [], [None], ["a"], [1], [-1], [1.5], [True], [[1]], [{}], [10**30],
                 ["1", "2"], [None, None], ["a", "b"], ["a", None], ["", 10**30], ["2026-13-45", 1],
                 ["\x00", 1],
                 ["9999-12-31T23:59:59+23:59", 1], ["0001-01-01T00:00:00+23:59", 1], ["\ud800", 1],
                 ["a", 1, 2], [float("nan")], [float("inf"), 1], ["2026-01-01", 10**30], ["9" * 5000, 1])),
    base64.urlsafe_b64encode(b"[" * 5000).decode(),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
)  # fmt: skip


def _fine(answer) -> bool:
    """Answered, or refused with a page that says why; no traceback, no bare word of a server's."""
    plain = b"Traceback" not in answer.data and b"Internal Server Error" not in answer.data
    return plain and (answer.status_code < 400 or (answer.status_code < 500 and len(answer.data) > 20))


def _lists(app, world) -> dict[str, str]:
    return {rule.endpoint: address for rule, address in addresses(app, "GET", world.values)}


def test_the_lists_are_there(app, world):
    assert set(LISTS) <= set(_lists(app, world))


@pytest.mark.parametrize("endpoint", LISTS)
def test_no_key_of_a_list_breaks_it(app, browse, world, endpoint):
    client, address = browse(world.admin), _lists(app, world)[endpoint]
    did = "" if endpoint != "analytics.people" else "clicked"
    broken = [
        given
        for given in NONSENSE
        if not _fine(
            client.get(address, query_string={"after": given, "beyond": given, "sort": "last", "did": did})
        )
    ]

    assert not broken


@given(st.data())
@thorough(
    max_examples=60, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_no_question_breaks_a_list(app, browse, world, data):
    numbers = st.integers(-(10**20), 10**20).map(str)
    values = st.one_of(st.text(max_size=30), numbers, st.sampled_from(NONSENSE), st.just(""))
    asked = data.draw(st.dictionaries(st.sampled_from([*ASKED.split(), "after"]), values, max_size=5))
    endpoint = data.draw(st.sampled_from(LISTS))
    answer = browse(world.admin).get(_lists(app, world)[endpoint], query_string=asked)

    assert _fine(answer), (endpoint, asked, answer.status_code)


@pytest.mark.both_databases
def test_what_no_database_keeps_is_refused_with_a_sentence(app, browse, world):
    client, huge, crm = browse(world.admin), "9" * 30, f"/crm/contacts/{world.own.id}"
    asked = [
        client.get(f"/contacts/{huge}"),
        client.get(f"/campaigns/{world.campaign.id}/letter?contact_id={huge}"),
        client.get("/contacts/?q=a%00b"),
        client.get("/companies/?q=a%00b"),
        client.get("/templates/?q=a%00b"),
        client.get("/campaigns/?q=a%00b"),
        client.get(f"/audiences/{world.campaign.audience_id}/why?email=a%00b"),
        client.get(f"/audiences/{world.campaign.audience_id}/people?reason=%00"),
        client.get(f"/delivery/campaigns/{world.campaign.id}/messages?reason=%00"),
        client.get("/contacts/?after=" + _pack(["\ud800", 1])),
        client.get("/contacts/?company=" + "9" * 15),
        client.post("/contacts/new", data={"email": "nul@example.com", "first_name": "a\x00b"}),
        client.post("/companies/new", data={"name": "a\x00b", "note": "\x00", "website": "\x00"}),
        client.post("/labels/tag/new", data={"name": "a\x00b"}),
        client.post("/audiences/new", data={"name": "a\x00b", "rule": ""}),
        client.post("/campaigns/", data={"name": "a\x00b", "audience_id": huge}),
        client.post(f"/templates/{world.campaign.template_id}", data={"name": "a\x00b", "version": 1}),
        client.post(f"{crm}/log", data={"kind": "call", "summary": "a\x00b", "at": "9999-12-31T23:59"}),
        client.post(f"{crm}/bought", data={"product": "a\x00b", "quantity": huge, "amount": huge}),
        client.post(f"{crm}/next", data={"what": "a\x00b", "due_on": "2026-12-01"}),
        client.post(f"/contacts/{world.own.id}/take", data={"owner_id": huge}),
        client.post(f"/contacts/{world.own.id}/labels", data={"off": huge}),
        client.post("/labels/tag/1/merge", data={"into": huge}),
        client.post("/contacts/ticked", data={"id": huge, "act": "tag", "name": "a\x00b"}),
        client.post("/settings/", data={"name": "a\x00b", "postal_address": "\x00"}),
        client.post(f"/consent/contacts/{world.own.id}/pause", data={"until": "9999-12-31"}),
        client.post(f"/delivery/campaigns/{world.campaign.id}/send-again", data={"message_id": huge}),
        browse(None).post("/login", data={"email": "a\x00b@example.com", "password": "\x00"}),
        browse(None).post("/reset", data={"email": "a\x00b@example.com"}),
        browse(None).get("/login", headers={"Accept-Language": "x" * 5000}),
    ]  # fmt: skip

    assert [(answer.request.path, answer.status_code) for answer in asked if not _fine(answer)] == []


def test_every_field_may_be_far_too_long(app, browse, world):
    long = "x" * 20_000
    form = dict.fromkeys(WRITTEN.split(), long)
    near = {"email": "long@example.com", "due_on": "2026-12-01", "kind": "call", "act": "tag"}
    broken = [
        rule.endpoint
        for rule, address in addresses(app, "POST", world.values)
        for given in (form, form | near)
        if not _fine(browse(world.admin).post(address, data=given))
    ]

    assert not broken


def test_a_rule_that_is_wrong_comes_back_in_its_form(browse, world):
    answer = browse(world.admin).post(
        f"/audiences/{world.campaign.audience_id}/edit", data={"name": "Mine", "rule": "tag:", "note": ""}
    )

    assert answer.status_code == 422
    assert 'value="Mine"' in answer.text


def test_too_much_is_refused_before_it_is_read(browse, world):
    client, parts = browse(world.admin), "multipart/form-data; boundary=x"
    too_long = client.post("/contacts/new", data={"note": "x" * 5_000_000})
    too_many = client.post(
        "/contacts/new", data={f"f{n}": "" for n in range(1_100)}, content_type="multipart/form-data"
    )
    lengths = [
        (client, "/imports/", 600), (client, "/contacts/new", 5), (browse(None), "/imports/", 5),
        (browse(None), "/login", 5), (browse(None), f"/u/{world.values['token']['preferences.leave']}", 5),
    ]  # fmt: skip
    too_large = [
        who.post(address, environ_overrides={"CONTENT_LENGTH": str(size * 1024**2)}, content_type=parts)
        for who, address, size in lengths
    ]

    for answer in (too_long, too_many, *too_large):
        assert answer.status_code == 413, answer.request.path
        assert "more than can be taken" in answer.text


def test_a_large_file_of_contacts_is_taken(browse, world):
    file = io.BytesIO(b"email,name\n" + b"a@example.com,Ann\n" * 400_000)  # 7 MB

    answer = browse(world.marketer).post("/imports/", data={"file": (file, "contacts.csv")})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    "rule",
    ["(" * 5_000, "not " * 5_000 + "tag:x", "tag:x and " * 2_000 + "tag:x", "tag:" + "x" * 9_000, '"' * 5_000,
     "last_contact < -" + "9" * 30 + "d", "tag:x " + "\x00", "country in (" + "cz, " * 3_000 + "de)"],
)  # fmt: skip
def test_no_rule_is_too_deep_or_too_long_to_be_refused(browse, world, rule):
    assert _fine(browse(world.admin).post("/audiences/preview", data={"rule": rule}))
    assert _fine(browse(world.admin).post("/audiences/new", data={"rule": rule, "name": "Deep"}))


def test_many_questions_in_one_address_are_no_trouble(browse, world):
    client = browse(world.admin)
    for query in (
        "&".join(f"tag={n}" for n in range(3_000)),
        "q=" + "a+" * 4_000,
        "a[b]" * 2_000,
        "&" * 9_000,
    ):
        assert _fine(client.get(f"/contacts/?{query}"))
