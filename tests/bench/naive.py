"""The sender that anybody would write first, to compare with: Jinja, EmailMessage, smtplib, a commit each.

Its template is compiled once a process, its connection stays open, and it asks for no consent and keeps no
account beyond “sent”: quicker than in earnest. It signs with RSA-2048 (dkimpy), never with Ed25519.
"""

import multiprocessing
import re
import smtplib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any

import dkim
import jinja2
import sqlalchemy as sa
from itsdangerous import URLSafeSerializer

_ADDRESS = re.compile(r'href="(https?://[^"]+)"')
_PIXEL = '<img src="https://news.example.com/o/{{ token(0) }}" width="1" height="1" alt=""></body>'


@dataclass(frozen=True)
class Errand:
    """What the naive sender is given; the template is HTML with Jinja's merge fields."""

    database: str
    host: str
    port: int
    html: str
    text: str
    key: str = ""  # RSA, as PEM; empty: no signature


def prepare(url: str, people: Sequence[tuple[str, str]]) -> None:
    """Its table: a row for each address and name, none sent."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS naive")
        connection.exec_driver_sql(
            "CREATE TABLE naive (id integer PRIMARY KEY, email text, first_name text, sent_at float)"
        )
        rows = [
            {"id": number, "email": email, "name": name} for number, (email, name) in enumerate(people, 1)
        ]
        connection.execute(
            sa.text("INSERT INTO naive (id, email, first_name) VALUES (:id, :email, :name)"), rows
        )
    engine.dispose()


def send(errand: Errand, count: int, processes: int) -> float:
    """Mail to so many with so many processes; seconds from the first start to the last end."""
    apart = multiprocessing.get_context("spawn")
    barrier = apart.Barrier(processes + 1)
    workers = [
        apart.Process(target=_work, args=(errand, number, processes, count, barrier))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    barrier.wait(120)
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    took = time.perf_counter() - began
    if any(worker.exitcode for worker in workers):
        raise RuntimeError("The naive sender failed; what it said stands above.")
    return took


def _work(errand: Errand, number: int, processes: int, count: int, barrier: Any) -> None:
    """One process: every so-manieth recipient."""
    engine = sa.create_engine(errand.database, connect_args=_patience(errand.database))
    environment = jinja2.Environment(autoescape=True)
    signer = URLSafeSerializer("only for measuring")
    html = environment.from_string(_tracked(errand.html).replace("</body>", _PIXEL))
    text = jinja2.Environment().from_string(errand.text)
    mine = sa.text(
        "SELECT id, email, first_name FROM naive WHERE id <= :most AND id % :all = :mine ORDER BY id"
    )
    sent = sa.text("UPDATE naive SET sent_at = :at WHERE id = :id")
    with engine.connect() as connection, smtplib.SMTP(errand.host, errand.port) as server:
        rows = connection.execute(mine, {"most": count, "all": processes, "mine": number}).all()
        connection.commit()
        barrier.wait(120)
        for row in rows:
            letter = _letter(html, text, signer, row)
            raw = letter.as_bytes(policy=letter.policy.clone(linesep="\r\n"))
            if errand.key:
                raw = _signed(raw, errand)
            server.sendmail("bounces@example.com", [row.email], raw)
            connection.execute(sent, {"at": time.time(), "id": row.id})
            connection.commit()
    engine.dispose()


def _letter(
    html: jinja2.Template, text: jinja2.Template, signer: URLSafeSerializer, row: Any
) -> EmailMessage:
    values = {
        "contact": {"first_name": row.first_name, "email": row.email},
        "organisation": {"name": "Example Tools", "address": "1 Long Lane, 602 00 Brno"},
        "unsubscribe_url": f"https://news.example.com/u/{signer.dumps([row.id])}",
        "token": lambda place: signer.dumps([row.id, place]),
    }
    letter = EmailMessage()
    letter["From"] = "Example Tools <news@example.com>"
    letter["To"] = f"{row.first_name} <{row.email}>"
    letter["Subject"] = f"News for {row.first_name}"
    letter["Date"] = formatdate()
    letter["Message-ID"] = make_msgid(domain="example.com")
    letter["List-Unsubscribe"] = f"<{values['unsubscribe_url']}>"
    letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    letter.set_content(text.render(values))
    letter.add_alternative(html.render(values), subtype="html")
    return letter


def _tracked(html: str) -> str:
    places = iter(range(1, 1000))
    return _ADDRESS.sub(
        lambda _found: f'href="https://news.example.com/c/{{{{ token({next(places)}) }}}}"', html
    )


def _signed(raw: bytes, errand: Errand) -> bytes:
    key, forms = errand.key.encode(), (b"relaxed", b"relaxed")
    return bytes(dkim.sign(raw, b"bench", b"example.com", key, canonicalize=forms)) + raw


def _patience(url: str) -> dict[str, Any]:
    return {"timeout": 60} if url.startswith("sqlite") else {}
