"""Where files are while they can be fetched: below the data folder, for this installation's own eyes."""

import os
import re
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from campaigns import settings
from campaigns.contacts.names import plain
from campaigns.database import now, transaction
from campaigns.exports.models import Export, Format
from campaigns.longwork import ENDED

_ENDINGS = {Format.VCARD3: "vcf", Format.VCARD4: "vcf", Format.GOOGLE: "csv", Format.META: "csv"}
_AT_ONCE = 100


def folder() -> Path:
    """The folder of all files, made when it is not there."""
    found = settings.current().data_dir / "exports"
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def part(export_id: int) -> Path:
    """The file that is being written."""
    return folder() / f"{export_id}.part"


def whole(export_id: int) -> Path:
    """The file that can be fetched."""
    return folder() / f"{export_id}.file"


def removal(export_id: int) -> Path:
    """The file of those whom an ad platform is to forget."""
    return folder() / f"{export_id}.removal"


def append(path: Path, at: int, data: bytes) -> int:
    """Write behind the first `at` bytes and drop what stood there; returns the new length.

    The caller keeps the length in its transaction: what a killed process wrote and never committed is
    overwritten by the next.
    """
    with path.open("r+b" if path.exists() else "w+b") as file:
        os.fchmod(file.fileno(), 0o600)
        file.truncate(at)
        file.seek(at)
        file.write(data)
        return file.tell()


def filename(export: Export, *, removed: bool = False) -> str:
    """What the file is called when it is fetched: plain letters, with its date."""
    words = re.sub(r"[^a-z0-9]+", "-", plain(export.title)).strip("-")[:60] or "export"
    ending = _ENDINGS.get(Format(export.format), export.format)
    kind = f"-{export.format}" if export.format in (Format.GOOGLE, Format.META) else ""
    return f"{words}{kind}{'-remove' if removed else ''}-{export.created_at:%Y-%m-%d}.{ending}"


def drop(export_id: int) -> None:
    """Delete the files of one export."""
    for path in (part(export_id), whole(export_id), removal(export_id)):
        path.unlink(missing_ok=True)


def drop_old() -> None:
    """Delete files whose time is over, with their exports; safe to run twice."""
    unfinished = now() - timedelta(days=settings.current().keep.exports)
    over = sa.or_(
        Export.expires_at < now(), sa.and_(Export.expires_at.is_(None), Export.created_at < unfinished)
    )
    with transaction() as session:
        old = sa.select(Export.id).where(over, Export.status.in_(ENDED)).limit(_AT_ONCE)
        numbers = session.scalars(old).all()
        for export_id in numbers:
            drop(export_id)
        session.execute(sa.delete(Export).where(Export.id.in_(numbers)))
