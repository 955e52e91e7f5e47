"""One measure of sending: the installation, its campaigns, what they are compared with, and the checks."""

import re
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from campaigns import database, sealing
from campaigns.contacts.models import Contact
from campaigns.delivery import accounting
from campaigns.delivery.models import Message
from campaigns.mail import dkim
from campaigns.mail import text as text_parts
from campaigns.mailings.models import Campaign, Sender
from tests.bench import costs, filling, ground, naive, newsletter, sinks
from tests.bench.sinks import Sink, Taken
from tests.stories.installation import Installation, Visitor, wait_for

Figures = dict[str, Any]
_LONGEST = 3600  # seconds that a campaign may take


class Wrong(Exception):
    """What was sent is not what should have been: the speed of that is no figure."""


@dataclass(frozen=True)
class Wish:
    """What is to be measured."""

    recipients: int
    database: str
    processes: int
    connections: int
    dkim: str
    latency: float
    sink: str
    template: Path | None
    rounds: int
    naive: int
    plain_signing: bool = False


def measure(wish: Wish, folder: Path) -> Figures:
    """All rounds. Raises Wrong when anybody got no letter or two, Missing for what is not here."""
    with ExitStack() as stack:
        sink = stack.enter_context(sinks.opened(wish.sink, folder, wish.latency))
        made = stack.enter_context(ground.ground(wish.database, folder, **_environment(wish, sink)))
        filling.fill(wish.recipients)
        _sign(wish.dkim)
        letter = folder / "letter.html"
        letter.write_text(wish.template.read_text() if wish.template else newsletter.html())
        made.command("audience", "create", "Readers", "--rule", filling.RULE)
        subject = "News for {{ contact.first_name|default('you') }}"
        made.command("template", "create", "News", "--subject", subject, "--html", str(letter))
        errand = _errand(wish, sink, made, letter)
        made.start()
        visitor = made.signed_in()
        rounds = [_round(wish, sink, made, visitor, errand) for _number in range(wish.rounds)]
        stages = _stages(made.folder / "log.txt")
    peak = max(found["peak"] for found in rounds)
    return _summary(wish, sink, rounds) | {"peak_mb": peak, "stages": stages}


def _environment(wish: Wish, sink: Sink) -> dict[str, str]:
    return {
        "CAMPAIGNS_SMTP__HOST": sink.host,
        "CAMPAIGNS_SMTP__PORT": str(sink.port),
        "CAMPAIGNS_SMTP__TLS": "none",
        "CAMPAIGNS_WORKER_PROCESSES": str(wish.processes),
        "CAMPAIGNS_SENDING__CONNECTIONS": str(max(wish.connections // wish.processes, 1)),
        "CAMPAIGNS_SENDING__ACCELERATOR": str(not wish.plain_signing),
        "CAMPAIGNS_LOG_FORMAT": "json",
    }


def _sign(wanted: str) -> None:
    """Give the sender the wanted kind of key, or none."""
    key = "" if wanted == "none" else dkim.new_key("ed25519" if wanted == "ed25519" else "rsa")[0]
    with database.transaction() as session:
        session.execute(sa.update(Sender).values(dkim_key=sealing.seal(key) if key else ""))


def _errand(wish: Wish, sink: Sink, made: Installation, letter: Path) -> naive.Errand:
    html = letter.read_text()
    key = dkim.new_key("rsa")[0] if wish.dkim == "rsa2048" else ""
    url = made.environment["CAMPAIGNS_DATABASE_URL"]
    with database.reading() as session:
        people = session.execute(
            sa.select(Contact.email, Contact.first_name).order_by(Contact.id).limit(wish.naive)
        )
        naive.prepare(url, [(email, name) for email, name in people])
    return naive.Errand(url, sink.host, sink.port, html, text_parts.from_html(html), key)


def _round(wish: Wish, sink: Sink, made: Installation, visitor: Visitor, errand: naive.Errand) -> Figures:
    """The product, the naive sender, smtp-source: one after the other, into the same sink."""
    found = _campaign(wish, sink, made, visitor)
    took = naive.send(errand, wish.naive, wish.processes)
    found["naive"] = wish.naive / took
    if sink.answers and sink.taken().accepted != wish.naive:
        raise Wrong("The naive sender's letters did not all arrive.")
    found |= _smtp_source(wish, sink, found["bytes"])
    return found


def _campaign(wish: Wish, sink: Sink, made: Installation, visitor: Visitor) -> Figures:
    words = ("--name", "News", "--audience", "Readers", "--template", "News")
    campaign_id = made.answer("campaign", "create", *words)["id"]
    meter = costs.Meter(ground.roles(made) | {"sink": sink.pids})
    meter.start()
    pressed = time.time()
    visitor.post(f"/campaigns/{campaign_id}/send", f"/campaigns/{campaign_id}")
    ended = wait_for(lambda: _ended(campaign_id), _LONGEST, made.log)
    assert isinstance(ended, Campaign)
    assert ended.finished_at is not None
    assert ended.planned_at is not None
    used = meter.read()
    peak = ground.peak_of_workers(made)  # now: what else is done of a large list later is another matter
    taken = sink.taken() if sink.answers else None
    first, last = _checked(campaign_id, wish.recipients, taken)
    return {
        "rate": (wish.recipients - 1) / max(last - first, 1e-6),
        "overall": wish.recipients / (ended.finished_at.timestamp() - pressed),
        "first_after": first - pressed,
        "planned_after": ended.planned_at.timestamp() - pressed,
        "ended_after": ended.finished_at.timestamp() - pressed,
        "peak": peak,
        "cpu": {part: seconds * 1e6 / wish.recipients for part, seconds in used.items()},
        "bytes": taken.octets / taken.accepted if taken else 16_000,
    }


def _ended(campaign_id: int) -> Campaign | None:
    with database.reading() as session:
        campaign = session.get_one(Campaign, campaign_id)
    if campaign.pause_reason:
        raise Wrong(f"The campaign paused itself: {campaign.pause_reason}")
    return campaign if campaign.finished_at else None


def _checked(campaign_id: int, recipients: int, taken: Taken | None) -> tuple[float, float]:
    """The moments of the first and last acceptance, if everybody was mailed exactly once. Raises Wrong."""
    with database.reading() as session:
        account = accounting.account(session, campaign_id)
        rows = session.execute(
            sa.select(Message.address, Message.sent_at).where(Message.campaign_id == campaign_id)
        ).all()
    if account.audience != recipients or account.sent != recipients:
        raise Wrong(f"{recipients} were to be mailed, but the account says {account}.")
    if taken is None:
        times = [row.sent_at.timestamp() for row in rows]
        return min(times), max(times)
    got = Counter(to for to, _name in taken.letters)
    twice = sum(1 for number in got.values() if number > 1)
    strays = len(set(got) ^ {row.address for row in rows})
    names = len({name for _to, name in taken.letters})
    if taken.accepted != recipients or twice or strays or names != recipients:
        raise Wrong(
            f"The sink took {taken.accepted} letters for {recipients} recipients: {twice} got more than one, "
            f"{strays} are amiss, {names} different Message-IDs."
        )
    return taken.first_at, taken.last_at


def _smtp_source(wish: Wish, sink: Sink, size: float) -> Figures:
    """Postfix's client, which sends one fixed text and keeps no account: what the machine allows at most."""
    try:
        program = sinks.postfix_program("smtp-source")
    except ground.Missing as missing:
        return {"source": 0.0, "source_missing": str(missing)}
    count = max(wish.recipients, 2000)
    command = [program, "-s", str(wish.connections), "-l", str(int(size)), "-m", str(count)]
    began = time.perf_counter()
    subprocess.run(
        [*command, f"{sink.host}:{sink.port}"],
        check=True,
        capture_output=True,
        env=sinks.postfix_environment(),
    )
    took = time.perf_counter() - began
    if sink.answers:
        sink.taken()
    return {"source": count / took, "source_missing": ""}


def _stages(log: Path) -> dict[str, float]:
    """Microseconds a letter by stage, from log lines `{"event": "stages", "letters": 9, "x_us": 9}`."""
    sums: Counter[str] = Counter()
    for line in re.findall(r'\{[^{}]*"event": "stages"[^{}]*\}', log.read_text(errors="replace")):
        sums.update({name: float(value) for name, value in re.findall(r'"(letters|\w+_us)": ([\d.]+)', line)})
    letters = sums.pop("letters", 0)
    return {name.removesuffix("_us"): micros / letters for name, micros in sums.items()} if letters else {}


def _summary(wish: Wish, sink: Sink, rounds: list[Figures]) -> Figures:
    def middle(name: str) -> float:
        return statistics.median(one[name] for one in rounds)

    parts: Mapping[str, float] = {
        part: statistics.median(one["cpu"][part] for one in rounds) for part in rounds[0]["cpu"]
    }
    source = middle("source")
    return {
        "messages_per_second": middle("rate"),
        "noise": costs.spread([one["rate"] for one in rounds]),
        "messages_per_second_overall": middle("overall"),
        "first_after_seconds": middle("first_after"),
        "planned_after_seconds": middle("planned_after"),
        "ended_after_seconds": middle("ended_after"),
        "naive_per_second": middle("naive"),
        "ratio_to_naive": statistics.median(one["rate"] / one["naive"] for one in rounds),
        "smtp_source_per_second": source,
        "smtp_source_missing": rounds[0]["source_missing"],
        "ratio_to_smtp_source": statistics.median(one["rate"] / one["source"] for one in rounds)
        if source
        else None,
        "cpu_us_per_message": sum(parts.values()),
        "cpu_us_by_part": parts,
        "bytes_per_message": middle("bytes"),
        "sink": sink.name,
        "rounds": [one["rate"] for one in rounds],
        "checked": "every recipient was taken exactly once, and the account adds up"
        if sink.answers
        else "the account adds up; this sink can't be asked whom it took",
    }
