"""Captured mail: nothing is lost, doubled or mixed up, however many write and read at once."""

import multiprocessing
import os
import signal
import time
from datetime import timedelta

import pytest

from campaigns.database import now
from campaigns.errors import NotFound
from campaigns.mail import compile, reading
from campaigns.mail.capture import CapturedMail
from campaigns.mail.outcomes import TransportTrouble
from tests.mail.letters import letter

RAW = compile.build(letter())


@pytest.fixture
def mailbox(tmp_path) -> CapturedMail:
    return CapturedMail(tmp_path)


def keep(mailbox: CapturedMail, count: int, name: str = "u") -> None:
    for number in range(count):
        mailbox.send("b+1@example.com", f"{name}{number}@example.org", RAW)


def test_a_letter_is_kept_byte_for_byte(mailbox):
    seen = []
    reply = mailbox.send("b+1@example.com", "ann@example.org", RAW, lambda: seen.append(mailbox.newest(9)))

    (kept,) = mailbox.newest(9)
    assert seen == [[]]
    assert reply.code == 250
    assert mailbox.read(kept.key) == RAW
    assert (kept.envelope_from, kept.envelope_to) == ("b+1@example.com", "ann@example.org")
    assert (kept.sender, kept.subject, kept.size) == ("Blades Ltd <news@example.com>", "New blades", len(RAW))
    assert now() - kept.captured_at < timedelta(seconds=10)
    assert mailbox.find(kept.key) == kept


def test_what_stops_the_work_before_the_dot_leaves_nothing(mailbox, tmp_path):
    def stop():
        raise OSError("the journal's disk is full")

    with pytest.raises(OSError, match="journal"):
        mailbox.send("b@example.com", "ann@example.org", RAW, stop)

    assert mailbox.newest(9) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_pages_go_from_the_newest_to_the_oldest(mailbox, tmp_path):
    keep(mailbox, 400)
    (tmp_path / "captured" / f"{now():%Y%m%d}").rename(tmp_path / "captured" / "20200101")
    index = tmp_path / "captured" / "20200101" / "index"
    index.write_text(index.read_text().replace(f'["{now():%Y%m%d}', '["20200101'))
    for path in index.parent.glob("*.eml"):
        path.rename(path.with_name("20200101" + path.name[8:]))
    keep(mailbox, 3, "new")

    found, after = [], None
    while page := mailbox.newest(50, after):
        found += [kept.envelope_to for kept in page]
        after = page[-1].place

    expected = [f"new{n}@example.org" for n in (2, 1, 0)] + [f"u{n}@example.org" for n in range(399, -1, -1)]
    assert found == expected


def test_search_finds_addresses_names_and_subjects(mailbox):
    keep(mailbox, 5)
    mailbox.send("b@example.com", "Žofie@example.org", compile.build(letter(subject='Pily "X" \\ Žluté')))

    def found(words):
        return [kept.envelope_to for kept in mailbox.newest(9, search=words)]

    assert found("U3@") == ["u3@example.org"]
    assert found('"x" \\ ŽLUTÉ') == ["Žofie@example.org"]
    assert len(found("blades ltd")) == 6
    assert found("nobody") == []
    assert found("2026") == []


def test_keys_of_others_open_nothing(mailbox, tmp_path):
    (tmp_path / "secret.key").write_text("x")
    for key in (
        "../secret.key",
        "20260101-000000000000-00000000",
        "",
        "x/../../secret",
        "20260101-000000000000-0000000G",
    ):
        with pytest.raises(NotFound):
            mailbox.read(key)
        with pytest.raises(NotFound):
            mailbox.find(key)


def test_clearing_forgets_all_and_later_letters_are_kept(mailbox, tmp_path):
    keep(mailbox, 3)
    mailbox.clear()
    assert mailbox.newest(9) == []
    mailbox.clear()
    keep(mailbox, 1)

    assert len(mailbox.newest(9)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["captured"]


def test_a_letter_that_comes_while_all_is_cleared_is_kept(mailbox):
    keep(mailbox, 1)

    mailbox.send("b@example.com", "ann@example.org", RAW, before_dot=mailbox.clear)

    assert [kept.envelope_to for kept in mailbox.newest(9)] == ["ann@example.org"]


def test_many_processes_write_while_others_read_and_clear(mailbox, tmp_path):
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=keep, args=(mailbox, 200, f"w{number}-")) for number in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        for kept in mailbox.newest(30):
            assert mailbox.read(kept.key) == RAW
    for writer in writers:
        writer.join()

    addresses = [kept.envelope_to for kept in mailbox.newest(2000)]
    assert sorted(addresses) == sorted(f"w{w}-{n}@example.org" for w in range(4) for n in range(200))


def test_a_killed_writer_leaves_only_whole_letters(mailbox):
    fork = multiprocessing.get_context("fork")
    writer = fork.Process(target=keep, args=(mailbox, 100_000))
    writer.start()
    time.sleep(0.3)
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()

    kept = mailbox.newest(100_000)
    assert kept
    assert all(mailbox.read(one.key) == RAW for one in kept)
    assert [one.envelope_to for one in reversed(kept)] == [f"u{n}@example.org" for n in range(len(kept))]


def test_a_folder_that_can_not_be_written_is_trouble_of_the_road(tmp_path):
    (tmp_path / "captured").write_text("a file where a folder should be")

    with pytest.raises(TransportTrouble, match="can't be kept"):
        CapturedMail(tmp_path).send("b@example.com", "ann@example.org", RAW)


def test_a_line_cut_short_by_a_full_disk_hides_only_itself(mailbox, tmp_path):
    keep(mailbox, 2)
    (index,) = tmp_path.glob("captured/*/index")
    first, _newline, second = index.read_bytes().rstrip(b"\n").partition(b"\n")
    index.write_bytes(first[:20] + second + b"\n" + first + b"\n" + second[:9])

    assert [kept.envelope_to for kept in mailbox.newest(9)] == ["u0@example.org"]
    assert mailbox.newest(9, after=(index.parent.name, 10**18)) == mailbox.newest(9)
    assert mailbox.newest(9, after=("../..", 5)) == []


def test_keeping_is_quick(mailbox):
    started = time.process_time()
    keep(mailbox, 1000)

    assert time.process_time() - started < 1


def test_a_letter_is_taken_apart_for_showing():
    raw = compile.build(letter(to_name="Žofie", html="<p>ž</p>", text="ž"))
    opened = reading.opened(raw)

    assert (opened.html, opened.text) == ("<p>ž</p>", "ž")
    assert opened.header("to") == "Žofie <ann@example.org>"
    assert opened.header("x-none") == ""
    assert [name for name, _value in opened.headers][:3] == ["From", "To", "Subject"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"Subject: =?nonsense?q?x?=\r\n\r\n",
        b"\xff\xfe",
        b"Content-Type: text/html; charset=no\r\n\r\n\xff",
    ],
)
def test_odd_bytes_do_not_stop_the_showing(raw):
    assert reading.opened(raw).headers is not None
    assert isinstance(reading.field(raw, "Subject"), str)
