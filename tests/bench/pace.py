"""What it costs to ask the buckets, for 1,000 letters to 300 domains, on both databases."""

import statistics
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from campaigns import database, schema, settings
from campaigns.database import transaction
from campaigns.delivery import buckets, limits
from campaigns.delivery.models import DomainPace, SenderPace
from tests import factories
from tests.bench.ground import DATABASES, database_url

_TURNS = 40
_WANTED = {f"d{number}.example": 4 if number < 100 else 3 for number in range(300)}
_FAST = {"letters": 1_000_000, "per": 1, "burst": 1_000_000}
_LIMITS = {
    "nothing limited": [],
    "the sender": [lambda sender: SenderPace(sender_id=sender, **_FAST)],
    "one domain": [lambda _sender: DomainPace(domain="d7.example", chosen=True, **_FAST)],
    "each domain": [lambda _sender: DomainPace(domain=DomainPace.OTHERS, chosen=True, **_FAST)],
}


def main() -> None:
    """Print the median of many turns, in ms, with the rows written but not the commit."""
    print(f"{'ms to take 1,000 letters':28}" + "".join(f"{name:>12}" for name in DATABASES))
    found = {kind: _of(kind) for kind in DATABASES}
    for name in _LIMITS:
        print(f"{name:28}" + "".join(f"{found[kind][name]:12.3f}" for kind in DATABASES))


def _of(kind: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, database_url(kind, Path(folder)) as url:
        chosen = settings.Settings(data_dir=Path(folder), database_url=url, broker_url="stub://")
        settings.use(chosen)
        database.use(None)
        schema.upgrade()
        with transaction() as session:
            factories.make_organisation(session)
            sender = factories.make_sender(session).id
        try:
            return {name: _median(sender, rows) for name, rows in _LIMITS.items()}
        finally:
            database.use(None)
            settings.use(None)


def _median(sender: int, rows: list) -> float:
    with transaction() as session:
        session.execute(sa.delete(SenderPace))
        session.execute(sa.delete(DomainPace))
        session.add_all(row(sender) for row in rows)
    limits.forget()
    turns = []
    for _turn in range(_TURNS):
        with transaction() as session:
            session.connection()
            start = time.perf_counter()
            grant = buckets.take(session, sender, _WANTED)
            turns.append(time.perf_counter() - start)
        assert grant.of_domain == _WANTED
    return statistics.median(turns) * 1000


if __name__ == "__main__":
    main()
