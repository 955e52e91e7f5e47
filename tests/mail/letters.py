"""Letters for these tests, and the strategies that make odd ones."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from campaigns.mail.letter import Letter

PLAIN = Letter(
    from_name="Blades Ltd",
    from_address="news@example.com",
    to_name="Ann Lee",
    to_address="ann@example.org",
    subject="New blades",
    html="<p>Hello</p>",
    text="Hello",
    message_id="<abc.1@example.com>",
    date=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    headers=(
        (
            "List-Unsubscribe",
            "<https://example.com/u/" + "t" * 60 + ">, <mailto:u@example.com?subject=" + "t" * 40 + ">",
        ),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Id", "Blades Ltd <1.news.example.com>"),
        ("Feedback-ID", "7:1:campaigns"),
    ),
)

PIECES = [
    "\r",
    "\n",
    "\r\n",
    "\0",
    "\r\n ",
    "\n\t",
    "\x0b",
    "\x0c",
    "\x85",
    "\u2028",
    "\u2029",
    "\x7f",
    "\x1b",
    "\ud800",
    "Bcc: x@example.com",
    "\r\nBcc: x@example.com",
    "\r\n\r\nbody",
    "\r\n.\r\nMAIL FROM:<a@example.com>",
    "--=_letter",
    "=?utf-8?q?a?=",
    "=?utf-8?b?DQpCY2M6IHg=?=",
    "=?",
    "?=",
    '"',
    "\\",
    "<",
    ">",
    ",",
    ";",
    ":",
    "@",
    "(",
    ")",
    " ",
    "  ",
    "ann@example.org",
    "Žluťoučký kůň",
    "Анна",
    "עברית",
    "日本語",
    "👩‍👩‍👧‍👦",
    "e\u0301",
    "\u202e",
    "\u200d",
    "a" * 90,
    "%0d%0a",
]
ODD = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=6).map("".join)
SCRIPTS = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029"), max_size=120
)


def letter(**changes: object) -> Letter:
    """The plain letter with some of it changed."""
    return replace(PLAIN, **changes)
