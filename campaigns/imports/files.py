"""The files of imports in the data folder: the upload as it came, its text, and the refused rows."""

import hashlib
import shutil
import uuid
from pathlib import Path
from typing import IO

from campaigns import settings
from campaigns.contacts.models import Import
from campaigns.errors import BadInput, TooLarge
from campaigns.words import _

FOLDER = "imports"
_BOOK = ".book"  # a workbook, beside the text of its sheet


def keep(stream: IO[bytes]) -> Path:
    """Copy an upload into the data folder; returns its place there. Raises TooLarge when the disk is full."""
    folder = settings.current().data_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # these files are full of people
    path = folder / f"{uuid.uuid4().hex}.csv"
    try:
        with path.open("wb") as file:
            shutil.copyfileobj(stream, file, 1 << 20)
    except OSError as error:
        drop(path)
        raise TooLarge(
            _("There is no room for this file: %(error)s", error=error.strerror or str(error))
        ) from error
    return path


def drop(path: Path) -> None:
    """Delete an upload, with the workbook that its text was taken from."""
    path.unlink(missing_ok=True)
    book(path).unlink(missing_ok=True)


def book(path: Path) -> Path:
    """Where the workbook is that this text was taken from."""
    return path.with_suffix(_BOOK)


def place(import_: Import) -> Path:
    """Where the import's file is; it may be gone."""
    return settings.current().data_dir / import_.path


def there(import_: Import) -> Path:
    """Where the import's file is; raises BadInput when it is gone."""
    path = place(import_)
    if not path.is_file():
        raise BadInput(_("The uploaded file is not there any more. Upload it again."))
    return path


def refused(import_id: int) -> Path:
    """Where the refused rows of an import are, once there are any."""
    return settings.current().data_dir / FOLDER / f"{import_id}-refused.csv"


def digest(text: str) -> str:
    """A short name for a text, by which it is known again."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
