"""The staircase of the rooms, held by import-linter, and the one reader of the environment."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted([*(ROOT / "campaigns").rglob("*.py"), *(ROOT / "workers").rglob("*.py")])


def test_rooms_import_only_from_below():
    linter = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c()",
        "--no-cache",
    ]
    said = subprocess.run(linter, cwd=ROOT, capture_output=True, text=True, check=False)

    assert said.returncode == 0, said.stdout + said.stderr


def _imported(path: Path) -> set[str]:
    """The first names of everything a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def _may_know_the_web(path: Path) -> bool:
    where = (
        path.relative_to(ROOT / "campaigns").parts
        if path.is_relative_to(ROOT / "campaigns")
        else ("workers",)
    )
    return where[0] in ("web", "api", "cli", "app.py", "words.py") or path.stem.endswith("views")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_flask_stays_in_views(path):
    # One sets Flask-Security up, the other asks it who is at it.
    allowed = {"campaigns/accounts/signing_in.py", "campaigns/accounts/audit.py"}
    if _may_know_the_web(path) or str(path.relative_to(ROOT)) in allowed:
        return

    assert not {"flask", "flask_wtf", "flask_login"} & _imported(path)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_settings_read_the_environment(path):
    # The supervisor hands the whole environment on to its children, unread.
    if path.name == "settings.py" or path.relative_to(ROOT).as_posix() == "campaigns/cli/run.py":
        return

    text = path.read_text()
    assert "os.environ" not in text
    assert "getenv" not in text
