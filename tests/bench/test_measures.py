"""Each measure, as small as can be: it runs through, and says what programs read."""

import json
import shutil
import smtplib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.bench import sinks

ROOT = Path(__file__).parents[2]


def bench(*words: str, code: int = 0) -> str:
    """What `bin/bench …` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", *words],
        cwd=ROOT, capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_without_a_name_all_are_listed():
    listed = bench()

    for name in ("send", "plan", "hits", "pages"):
        assert f"  {name} " in listed
    for name in ("filling", "ground", "sinks"):
        assert name not in listed


def test_planning_is_measured():
    found = json.loads(bench("plan", "--contacts", "3000", "--database", "sqlite", "--json"))

    assert found["contacts"] == 3000
    assert found["seconds"] > 0
    assert found["longest_transaction_ms"] > 0
    assert found["peak_mb"] > 10


def test_sending_is_measured():
    words = ("--recipients", "60", "--naive", "10", "--rounds", "1", "--database", "sqlite", "--dkim", "none")
    found = json.loads(bench("send", *words, "--json"))

    assert found["messages_per_second"] > 0
    assert found["ratio_to_naive"] > 0
    assert found["cpu_us_per_message"] > 0
    assert {"workers", "web", "sink"} <= set(found["cpu_us_by_part"])
    assert 14_000 < found["bytes_per_message"] < 18_000
    assert found["checked"].startswith("every recipient was taken exactly once")


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_hits_are_measured():
    words = ("--database", "sqlite", "--seconds", "0.2", "--rounds", "1", "--connections", "4")
    found = json.loads(bench("hits", *words, "--json"))

    assert found["pixel_per_second"] > 0
    assert found["click_ratio"] > 0
    assert found["killed"]["kept"] == found["killed"]["answered"] > 0


@pytest.mark.parametrize("wish", ["nonsense", "127.0.0.1:1"])
def test_a_sink_that_is_not_there_is_named(wish):
    assert wish in bench("send", "--sink", wish, "--recipients", "1", code=1)


@pytest.mark.parametrize("in_python", [False, True])
def test_our_sinks_take_letters_apart(tmp_path, monkeypatch, in_python):

    if in_python:
        monkeypatch.setenv("PATH", "")
    with sinks.opened(sinks.BUILT_IN, tmp_path) as sink:
        assert ("Python" in sink.name) == in_python
        with smtplib.SMTP(sink.host, sink.port) as client:
            for number in range(3):
                letter = f"Subject: Hi\r\nMessage-ID: <{number}@example.com>\r\n\r\nDear\r\n..\r\n.you\r\n"
                client.sendmail("from@example.com", [f"to{number}@example.com"], letter)
        taken = sink.taken()
        again = sink.taken()

    assert taken.accepted == 3
    assert Counter(taken.letters) == Counter(
        (f"to{number}@example.com", f"<{number}@example.com>") for number in range(3)
    )
    assert 0 < taken.first_at <= taken.last_at
    assert again.accepted == 0
    assert again.letters == []
