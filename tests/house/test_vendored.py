"""What we carry of others' code is listed, unchanged, and all that the pages load."""

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "campaigns" / "static"
LISTED = dict(
    re.findall(r"^\| (vendor/\S+) \|.*\| ([0-9a-f]{64}) \|$", (STATIC / "VENDORED.md").read_text(), re.M)
)
CARRIED = {
    path.relative_to(STATIC).as_posix(): path
    for path in (STATIC / "vendor").rglob("*")
    if path.is_file() and path.name not in ("LICENSE", "NOTICE")
}


def test_every_carried_file_is_listed_with_its_own_hash():
    assert LISTED == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in CARRIED.items()}


def test_the_pages_load_only_what_is_carried():
    loaded = {
        name
        for path in (ROOT / "templates").rglob("*.html")
        for name in re.findall(r"filename='(vendor/[^']+)'", path.read_text())
    }

    assert loaded
    assert loaded <= set(CARRIED)


def test_every_icon_that_a_page_names_is_in_the_sprite():
    sprite = next(path for name, path in CARRIED.items() if name.endswith("icons.svg")).read_text()
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    pages = {path: path.read_text() for path in (ROOT / "templates").rglob("*.html")}
    named = {
        (name, path.name)
        for path, text in pages.items()
        for name in re.findall(r"""(?:\b_?icon\(|icon=)["']([a-z0-9-]+)["']""", text)
    }

    assert not {(name, page) for name, page in named if name not in drawn}
