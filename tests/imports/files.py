"""Small dirty files for tests, and bringing them in the way the command line does."""

import io
from pathlib import Path

from campaigns.contacts.models import Import
from campaigns.database import reading, transaction
from campaigns.imports import files, running, steering, uploading

CHOICES = {"basis": "consent", "source": "Trade fair in Brno, 2026"}
SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def upload(text: str | bytes, filename: str = "contacts.csv") -> int:
    """A file that was uploaded and not yet started."""
    content = text if isinstance(text, bytes) else text.encode()
    path = files.keep(io.BytesIO(content))
    with transaction() as session:
        return uploading.receive(session, path, filename).id


def start(import_id: int, mapping: dict[str, str] | None = None, **choices) -> None:
    """Put it on its way."""
    with transaction() as session:
        import_ = session.get_one(Import, import_id)
        import_.mapping = import_.mapping | (mapping or {})
        steering.start(session, import_, CHOICES | choices)


def bring(text: str | bytes, mapping: dict[str, str] | None = None, **choices) -> Import:
    """The import of such a file, run to its end."""
    import_id = upload(text)
    start(import_id, mapping, **choices)
    running.run(import_id)
    return fetch(import_id)


def fetch(import_id: int) -> Import:
    """How the import stands."""
    with reading() as session:
        return session.get_one(Import, import_id)


def counts(import_: Import) -> tuple[int, int, int, int, int]:
    """Read, created, updated, unchanged, refused."""
    return (import_.rows_read, import_.created, import_.updated, import_.unchanged, import_.refused)
