"""The documents name all that can be set and said, and nothing of the machine they were written on."""

import re
import subprocess
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from campaigns.cli import verbs
from campaigns.settings import Settings

ROOT = Path(__file__).parents[2]


def _names(model: type[BaseModel], prefix: str = "CAMPAIGNS_") -> list[str]:
    found = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += _names(kind, f"{prefix}{name.upper()}__")
        else:
            found.append(prefix + name.upper())
    return found


@pytest.mark.parametrize("name", _names(Settings))
def test_every_setting_is_documented(name):
    assert f"`{name}`" in (ROOT / "docs" / "settings.md").read_text()


def test_no_setting_is_documented_that_is_not_there():
    written = set(
        re.findall(r"^\| `(CAMPAIGNS_\w+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    )

    assert written == set(_names(Settings))


def _all_documents() -> str:
    return "\n".join(path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


def test_every_verb_is_documented_and_says_what_it_does():
    text = _all_documents()
    context = click.Context(verbs)
    for name in verbs.list_commands(context):
        command = verbs.get_command(context, name)
        assert command is not None
        assert command.help, name
        assert re.search(rf"`(campaigns )?{name}\b", text), f"no document mentions `campaigns {name}`"


@pytest.mark.parametrize(
    "name", ["architecture", "glossary", "settings", "delivery", "privacy", "operate", "dependencies"]
)
def test_the_documents_are_there(name):
    assert len((ROOT / "docs" / f"{name}.md").read_text()) > 500


def test_links_between_documents_lead_somewhere():
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_every_direct_dependency_has_its_line():
    text = (ROOT / "docs" / "dependencies.md").read_text().lower()
    listed = re.findall(
        r'^\s*"([a-z0-9-]+)(?:\[[^]]*])?>=', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )

    assert len(listed) > 30
    assert [name for name in listed if f"`{name}`" not in text] == []


def test_no_path_of_a_machine_stands_in_the_project():
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    bad = re.compile(rb"(?<![\w.])/(?:home|Users|root|work|workspace)/\w")
    found = [
        name
        for name in tracked.stdout.split("\0")
        if name
        and (ROOT / name).is_file()
        and "/vendor/" not in name
        and name != Path(__file__).relative_to(ROOT).as_posix()
        and bad.search((ROOT / name).read_bytes())
    ]

    assert not found
