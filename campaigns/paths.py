"""Where the files that are not Python live: in an installed wheel, or beside the package in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _find(name: str) -> Path:
    """The folder `name`, from the wheel's `_data` first, else from the checkout's root."""
    packed = _PACKAGE / "_data" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name


TEMPLATES = _find("templates")
MIGRATIONS = _find("migrations")
TRANSLATIONS = _PACKAGE / "translations"
