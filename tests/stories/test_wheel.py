"""The wheel: built from the tree, installed somewhere else, it runs without the tree."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.stories.installation import installation

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", folder, ROOT],
        check=True, capture_output=True, cwd=folder,
    )  # fmt: skip
    return next(folder.glob("campaigns-*.whl"))


@pytest.fixture(scope="module")
def elsewhere(wheel, tmp_path_factory):
    """The Python of an environment that holds the wheel, and sees the other parts of this one."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    packages = next((folder / "lib").glob("python*")) / "site-packages"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(packages)
    # The parts that it needs, without the link to this tree: after its own packages on the path.
    (packages / "parts.pth").write_text(f"import sys; sys.path.append({sysconfig.get_path('purelib')!r})\n")
    return python


def test_everything_that_is_not_python_is_packed(wheel):
    packed = set(zipfile.ZipFile(wheel).namelist())

    for folder, inside in (
        ("templates", "campaigns/_data/templates"),
        ("migrations", "campaigns/_data/migrations"),
    ):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"{inside}/{path.relative_to(ROOT / folder).as_posix()}" in packed
    for path in (ROOT / "campaigns" / "static").rglob("*"):
        if path.is_file():
            assert path.relative_to(ROOT).as_posix() in packed
    assert not [name for name in packed if name.startswith(("tests/", "bin/", "docs/"))]


def test_it_runs_without_the_tree(elsewhere, tmp_path):
    said = subprocess.run(
        [elsewhere, "-c", "import campaigns, workers; print(campaigns.__file__)"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": "", "CAMPAIGNS_BROKER_URL": "stub://"},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert Path(said.strip()).is_relative_to(elsewhere.parents[1])

    with installation(tmp_path, python=str(elsewhere), PYTHONPATH="") as installed:
        installed.start()
        assert "<main" in installed.signed_in().get("/")
        assert installed.command("doctor").endswith("All is well.\n")
