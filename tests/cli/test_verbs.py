"""The command line: finds its verbs, and answers every mistake with one sentence."""

import subprocess
import sys

import pytest


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [sys.executable, "-m", "campaigns.cli", *words],
        env=os.environ | environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_help_lists_every_verb():
    said = run("--help").stdout

    for verb in ("clock", "demo", "doctor", "import", "init", "run", "upgrade", "web", "worker"):
        assert f"\n  {verb} " in said


def test_the_version():
    assert run("--version").stdout.startswith("campaigns, version ")


@pytest.mark.parametrize(
    ("words", "environment", "part"),
    [
        (("frobnicate",), {}, "No such command 'frobnicate'"),
        (("run", "--colour"), {}, "No such option '--colour'"),
        (("upgrade",), {"CAMPAIGNS_SMTP__PORT": "abc"}, "CAMPAIGNS_SMTP__PORT"),
        (("run",), {"CAMPAIGNS_BROKER_URL": "carrier-pigeon://loft"}, "carrier-pigeon"),
        (("run",), {"CAMPAIGNS_DATA_DIR": "/proc/nowhere"}, "/proc/nowhere"),
        (("upgrade",), {"CAMPAIGNS_DATA_DIR": "/proc/nowhere"}, "/proc/nowhere"),
        (("upgrade",), {"CAMPAIGNS_DATABASE_URL": "mysql://x/y"}, "mysql"),
        (("upgrade",), {"CAMPAIGNS_DATABASE_URL": "postgresql://ann:hush@127.0.0.1:1/x"}, "127.0.0.1"),
    ],
)
def test_a_mistake_is_a_sentence_and_no_traceback(words, environment, part):
    done = run(*words, **environment)

    assert done.returncode != 0
    assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert "hush" not in done.stderr
    assert not done.stdout
