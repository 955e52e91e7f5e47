"""Who fetched it: real user agents, and the timing that gives machines away."""
# ruff: noqa: E501 - user agents are long

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.tracking.machines import RULE_VERSION, TRAP, Facts, Neighbour, classify, reader_of, runs
from campaigns.tracking.models import Label

SENT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = SENT + timedelta(minutes=5)
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"

READERS = [
    (SAFARI, Label.HUMAN),
    (CHROME, Label.HUMAN),
    (CHROME + " Edg/131.0.0.0", Label.HUMAN),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0", Label.HUMAN),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)", Label.HUMAN),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
        Label.HUMAN,
    ),
    (
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; Microsoft Outlook 16.0.4266; ms-office; MSOffice 16)",
        Label.HUMAN,
    ),
    ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)", Label.HUMAN),
    ("Outlook-iOS/729.3.0", Label.HUMAN),
    ("Mail/3774 CFNetwork/1490 Darwin/23", Label.HUMAN),
    ("Dalvik/2.1.0 (Linux; U; Android 14; SM-S918B Build/UP1A)", Label.HUMAN),
    (GMAIL, Label.PROXIED),
    ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", Label.PROXIED),
    ("Mozilla/5.0 (compatible; SeznamEmailProxy/3.0)", Label.PROXIED),
    ("Mozilla/5.0", Label.PREFETCHED),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0",
        Label.PREFETCHED,
    ),
    ("", Label.MACHINE),
    ("curl/8.5.0", Label.MACHINE),
    ("python-requests/2.32.3", Label.MACHINE),
    ("Go-http-client/1.1", Label.MACHINE),
    ("Barracuda Sentinel (EE)", Label.MACHINE),
    ("Mozilla/5.0 (compatible; proofpoint)", Label.MACHINE),
    ("Mimecast-URL-Protect", Label.MACHINE),
    ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", Label.MACHINE),
    ("Microsoft Outlook Message Previewer", Label.MACHINE),
    ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", Label.MACHINE),
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Label.MACHINE),
    (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/119.0.0.0 Safari/537.36",
        Label.MACHINE,
    ),
]


@pytest.mark.parametrize(("user_agent", "label"), READERS)
def test_programs_are_known_by_what_they_call_themselves(user_agent, label):
    assert reader_of(user_agent) == label


@pytest.mark.parametrize(
    ("kind", "method", "user_agent", "at", "position", "label"),
    [
        ("open", "GET", SAFARI, LATER, 0, Label.HUMAN),
        ("open", "HEAD", SAFARI, LATER, 0, Label.MACHINE),
        ("open", "GET", SAFARI, SENT + timedelta(seconds=1.9), 0, Label.MACHINE),
        ("open", "GET", SAFARI, SENT + timedelta(seconds=2), 0, Label.HUMAN),
        ("open", "GET", SAFARI, SENT - timedelta(seconds=3), 0, Label.MACHINE),
        ("open", "GET", "Mozilla/5.0", SENT + timedelta(seconds=1), 0, Label.PREFETCHED),
        ("open", "GET", GMAIL, SENT + timedelta(seconds=1), 0, Label.MACHINE),
        ("open", "GET", GMAIL, LATER, 0, Label.PROXIED),
        ("click", "GET", CHROME, LATER, 3, Label.HUMAN),
        ("click", "HEAD", CHROME, LATER, 3, Label.MACHINE),
        ("click", "GET", GMAIL, LATER, 3, Label.MACHINE),
        ("click", "GET", "Mozilla/5.0", LATER, 3, Label.MACHINE),
        ("click", "GET", CHROME, LATER, TRAP, Label.MACHINE),
    ],
)
def test_one_hit_by_itself(kind, method, user_agent, at, position, label):
    assert classify(Facts(kind, method, user_agent, at, SENT, position)) == (label, RULE_VERSION)


def test_without_a_sending_time_timing_says_nothing():
    assert classify(Facts("open", "GET", SAFARI, SENT, None))[0] == Label.HUMAN


def hit(uid: str, seconds: float, position: int, kind: str = "click", user_agent: str = CHROME) -> Neighbour:
    return Neighbour(uid, kind, LATER + timedelta(seconds=seconds), position, user_agent)


def test_three_links_within_ten_seconds_are_a_machine_with_all_it_fetched():
    hits = [hit("a", 0, 1), hit("b", 4, 2), hit("c", 9.9, 3), hit("pixel", 12, 0, "open")]
    assert runs(hits) == {"a", "b", "c", "pixel"}


def test_what_another_program_fetched_meanwhile_is_left_alone():
    hits = [hit("a", 0, 1), hit("b", 4, 2), hit("c", 9, 3), hit("pixel", 5, 0, "open", SAFARI)]
    assert runs(hits) == {"a", "b", "c"}


@pytest.mark.parametrize(
    "hits",
    [
        [hit("a", 0, 1), hit("b", 4, 2)],
        [hit("a", 0, 1), hit("b", 4, 2), hit("c", 10.1, 3)],
        [hit("a", 0, 1), hit("b", 1, 1), hit("c", 2, 1), hit("d", 3, 2)],
        [hit("a", 0, 0, "open"), hit("b", 1, 1), hit("c", 2, 2)],
    ],
    ids=["two links", "too slow", "one link again and again", "the pixel is no link"],
)
def test_a_person_may_look_at_two_links(hits):
    assert runs(hits) == set()


def test_the_unseen_link_gives_a_machine_away():
    assert runs([hit("a", 0, 1), hit("trap", 1, TRAP), hit("late", 60, 1)]) == {"a", "trap"}


def test_a_slow_start_does_not_hide_a_later_run():
    hits = [
        hit("a", 0, 1),
        hit("b", 20, 1),
        hit("c", 25, 2),
        hit("d", 29, 3),
        hit("e", 33, 4),
        hit("f", 60, 5),
    ]
    assert runs(hits) == {"b", "c", "d", "e"}


def test_many_hits_of_one_letter_are_judged_quickly():
    assert runs(hit(str(n), n / 5000, 1) for n in range(20_000)) == set()
