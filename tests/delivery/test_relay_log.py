"""The relay's log: what its lines say of our letters, in the words of several mail servers."""
# ruff: noqa: E501 - lines of logs are long

import gzip
import io
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from campaigns.delivery import addresses, relay_log, relay_times
from campaigns.errors import BadInput, TooLarge

ONE, TWO = 300, 70_001
pytestmark = pytest.mark.usefixtures("settings")


def said(text, wanted=(ONE, TWO)):
    """What the log says of each letter asked about."""
    values = {
        name: addresses.header_id(message_id, "example.com")
        for name, message_id in (("one", ONE), ("two", TWO), ("other", 12_345))
    } | {
        f"from_{name}": addresses.envelope_from(message_id, "bounces.example.com")
        for name, message_id in (("one", ONE), ("two", TWO), ("other", 12_345))
    }
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    found = relay_log.read(io.BytesIO(text.encode()), wanted)
    return {
        group: [name for name, message_id in (("one", ONE), ("two", TWO)) if message_id in rows]
        for group, rows in (("taken", found.taken), ("refused", found.refused), ("named", found.named))
        if rows
    }


POSTFIX = """\
Nov 22 09:30:01 mail postfix/smtpd[101]: connect from app.example.com[192.0.2.7]
Nov 22 09:30:01 mail postfix/smtpd[101]: 4XyZ1234abc: client=app.example.com[192.0.2.7]
Nov 22 09:30:01 mail postfix/cleanup[102]: 4XyZ1234abc: message-id=<{one}>
Nov 22 09:30:01 mail postfix/qmgr[103]: 4XyZ1234abc: from=<news@example.com>, size=16123, nrcpt=1 (queue active)
Nov 22 09:30:03 mail postfix/smtp[104]: 4XyZ1234abc: to=<ann@example.org>, relay=mx.example.org[192.0.2.9]:25, \
delay=2, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 77)
Nov 22 09:30:03 mail postfix/qmgr[103]: 4XyZ1234abc: removed
"""


@pytest.mark.parametrize("status", ["sent", "deferred", "bounced", "expired"])
def test_whatever_postfix_did_with_it_then_it_was_taken(status):
    assert said(POSTFIX.replace("status=sent", f"status={status}")) == {"taken": ["one"], "named": ["one"]}


def test_being_in_postfixs_queue_is_enough():
    assert said("".join(POSTFIX.splitlines(keepends=True)[:4])) == {"taken": ["one"], "named": ["one"]}


def test_a_line_with_the_id_alone_does_not_say_that_it_was_taken():
    """Postfix writes it when it reads the header, before the end of the letter."""
    assert said("".join(POSTFIX.splitlines(keepends=True)[:3])) == {"named": ["one"]}


def test_a_number_that_is_given_to_another_letter_says_nothing_of_the_first():
    lines = POSTFIX.splitlines(keepends=True)
    again = lines[1] + lines[2].replace("{one}", "other@example.net")
    assert said("".join(lines[:3]) + again + "".join(lines[3:])) == {"named": ["one"]}


def test_postfixs_milter_refused_it():
    line = (
        "Nov 22 09:30:02 mail postfix/cleanup[102]: 4XyZ1234abc: milter-reject: END-OF-MESSAGE from app[192.0.2.7]:"
        " 5.7.1 Spam; from=<{from_one}> to=<ann@example.org> proto=ESMTP\n"
    )
    assert said("".join(POSTFIX.splitlines(keepends=True)[:3]) + line) == {
        "named": ["one"],
        "refused": ["one"],
    }


def test_a_refusal_of_two_letters_without_number_does_not_tie_them_together():
    line = "Nov 22 09:30:0{n} mail postfix/smtpd[1]: NOQUEUE: reject: RCPT from app[192.0.2.7]: 450 4.2.0; from=<{from}>\n"
    first = line.replace("{n}", "1").replace("{from}", "{from_one}")
    second = line.replace("{n}", "2").replace("{from}", "somebody@example.com status=sent")
    assert said(first + second) == {"refused": ["one"]}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # Exim
        (
            "2026-11-22 09:30:01 1tEabC-0000000AbcD-1xYz <= {from_one} H=app.example.com [192.0.2.7] P=esmtps"
            " S=16123 id={one}\n",
            {"taken": ["one"]},
        ),
        ("2026-11-22 09:30:01 1tEabC-0001Ab-2c <= news@example.com H=app P=esmtp S=1 id={two}\n", {"taken": ["two"]}),
        (
            "2026-11-22 09:30:01 1tEabC-0001Ab-2c H=app [192.0.2.7] F=<{from_one}> rejected after DATA: no\n",
            {"refused": ["one"]},
        ),
        # OpenSMTPD
        (
            "Nov 22 09:30:01 mail smtpd[77]: 1a2b3c4d5e6f7a8b smtp message msgid=1a2b3c4d size=16123 nrcpt=1\n"
            "Nov 22 09:30:01 mail smtpd[77]: 1a2b3c4d5e6f7a8b smtp envelope evpid=1a2b3c4d00000001"
            " from=<{from_one}> to=<ann@example.org>\n",
            {"taken": ["one"]},
        ),
        # Sendmail
        (
            "Nov 22 09:30:01 mail sm-mta[9]: 4AM9U1xy012345: from=<{from_two}>, size=16123, class=0, nrcpts=1,"
            " msgid=<{two}>, proto=ESMTPS, relay=app [192.0.2.7]\n",
            {"taken": ["two"]},
        ),
        # A filter between
        (
            "2026-11-22T09:30:01.123456+01:00 mail amavis[5]: (5-1) Passed CLEAN, <{from_one}> -> <a@example.org>,"
            " Message-ID: <{one}>, queued_as: 4XyZ9\n",
            {"taken": ["one"]},
        ),
        # A report on it came back
        (
            "Nov 22 10:30:01 mail postfix/smtp[104]: 4ZZZ1234abc: to=<{from_one}>, relay=app, status=sent (250 Ok)\n",
            {"taken": ["one"]},
        ),
        ("<22>1 2026-11-22T09:30:01Z mail rspamd - - - id: <{one}>, qid: <4XyZ>\n", {"named": ["one"]}),
    ],
)  # fmt: skip
def test_other_servers_words(lines, expected):
    assert said(lines) == expected


def test_made_up_and_foreign_names_are_nobody():
    forged = addresses.header_id(ONE, "example.com").replace("@", "x@", 1)
    assert said(POSTFIX.replace("{one}", forged)) == {}
    assert said(POSTFIX, wanted=[TWO]) == {}
    assert said(POSTFIX.replace("{one}", "{other}")) == {}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "empty"),
        (b"\xff\xfeN\0o\0v\0", "no log as plain text"),
        (b"\x00" * 500_000, "no log as plain text"),
        (b"BZh91AY&SY" + bytes(range(256)), "no log as plain text"),
        (b"hello\nthere\n", "date and a time"),
        (b"Feb 30 09:30:01 mail postfix/smtpd[1]: connect\n", "date and a time"),
        (gzip.compress(POSTFIX.encode())[:-20], "can't be unpacked"),
        (b"\x1f\x8bnonsense", "can't be unpacked"),
    ],
)
def test_what_is_no_log_is_refused_in_a_sentence(content, error):
    with pytest.raises(BadInput, match=error):
        relay_log.read(io.BytesIO(content), [ONE])


def test_gzip_is_unpacked_up_to_a_limit():
    text = POSTFIX.replace("{one}", addresses.header_id(ONE, "example.com")).encode()
    assert list(relay_log.read(io.BytesIO(gzip.compress(text)), [ONE]).taken) == [ONE]

    bomb = gzip.compress(b"Nov 22 09:30:01 mail x[1]: y\n" + b"x" * (64 << 20), 9) * 17
    with pytest.raises(TooLarge):
        relay_log.read(io.BytesIO(bomb), [ONE])


def test_memory_does_not_grow_with_the_log():
    line = b"Nov 22 09:30:%02d mail postfix/smtp[9]: %015X: to=<a%d@example.org>, status=sent (250 Ok)\n"
    log = io.BytesIO(b"".join(line % (n % 60, n, n) for n in range(30_000)) + b"x" * 5_000_000)
    tracemalloc.start()
    found = relay_log.read(log, [ONE])
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found.lines > 30_000
    assert peak < 1_000_000


AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def a_log(first, last, samples, step=timedelta(minutes=1), form="%b %d %H:%M:%S"):
    """The times of a log with a line each `step`; `samples` are letters that it names, with their time."""
    times = relay_times.Times()
    at = first
    while at <= last:
        times.see(at.strftime(form).encode() + b" mail postfix/smtpd[1]: connect from app")
        at += step
    for message_id, moment in samples.items():
        line = moment.strftime(form).encode() + b" mail"
        times.sample(message_id, times.see(line))
    return times


@time_machine.travel(datetime(2026, 11, 23, tzinfo=UTC))
@pytest.mark.parametrize(
    "ahead", [timedelta(0), timedelta(hours=5, minutes=45), timedelta(hours=-8, seconds=40)]
)
@pytest.mark.parametrize("form", ["%b %d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.123456Z"])
def test_letters_that_it_names_set_the_logs_clock_right(ahead, form):
    hour = timedelta(hours=1)
    known = {number: AT + number * timedelta(minutes=3) for number in range(5)}
    samples = {number: at + ahead for number, at in known.items()}
    found = relay_times.span(a_log(AT + ahead - hour, AT + ahead + hour, samples, form=form), known)

    assert abs(found.first - (AT - hour)) <= timedelta(seconds=1)
    assert abs(found.last - (AT + hour)) <= timedelta(seconds=1)
    assert found.covers(AT)
    assert found.covers(AT - timedelta(minutes=54))
    assert not found.covers(AT - timedelta(minutes=56))
    assert found.covers(AT + timedelta(minutes=44))
    assert not found.covers(AT + timedelta(minutes=46))


@time_machine.travel(datetime(2026, 11, 23, tzinfo=UTC))
def test_a_hole_in_the_log_is_not_covered():
    hour = timedelta(hours=1)
    times = a_log(AT - 3 * hour, AT - hour, {1: AT - 2 * hour})
    later = a_log(AT + hour, AT + 3 * hour, {})
    times.minutes |= later.minutes
    times.last = later.last
    found = relay_times.span(times, {1: AT - 2 * hour})

    assert not found.covers(AT)
    assert found.covers(AT - 2 * hour)
    assert found.covers(AT + 2 * hour)


@time_machine.travel(datetime(2026, 11, 23, tzinfo=UTC))
def test_a_clock_that_was_changed_is_taken_both_ways():
    """From summer to winter: what one reading of the stamps covers and the other does not, is not covered."""
    hour = timedelta(hours=1)
    known = {1: AT - 2 * hour, 2: AT + 2 * hour}
    times = a_log(AT - 3 * hour, AT + 3 * hour, {1: AT - hour, 2: AT + 2 * hour})
    found = relay_times.span(times, known)

    assert found.covers(AT)
    assert found.covers(AT - 2 * hour)
    assert not found.covers(AT + 2 * hour + timedelta(minutes=30))


def test_a_log_that_names_nothing_known_covers_nothing():
    assert relay_times.span(a_log(AT, AT + timedelta(hours=1), {7: AT}), {}) is None


@time_machine.travel(datetime(2027, 1, 3, tzinfo=UTC))
def test_a_stamp_without_a_year_is_the_last_such_day():
    times = relay_times.Times()
    assert times.see(b"Dec 31 23:59:59 mail x") == datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
    assert times.see(b"Jan  1 00:00:00 mail x") == datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    assert times.see(b"2026-12-31T23:00:00+01:00 x") == datetime(2026, 12, 31, 22, tzinfo=UTC).timestamp()
    assert times.see(b"2026-12-31 23:00:00 +0100 x") == datetime(2026, 12, 31, 22, tzinfo=UTC).timestamp()
    assert times.see(b"no stamp") is None


def test_stamps_without_end_are_refused():
    times = relay_times.Times(minutes=set(range(600_000)))
    with pytest.raises(BadInput, match="more than a year"):
        times.see(b"2026-11-22 09:30:00 mail x")
