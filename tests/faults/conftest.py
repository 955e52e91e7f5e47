"""The plant on each database, the seeds, and the table of what came of it.

    bin/test --faults [--seeds N] [--table FILE]        every row of the table in rows.py
    bin/test --faults --soak [--minutes N] [--people N]  one long campaign, a part killed every 20 seconds

Without `--faults` only the quick ones run; each says which by `@pytest.mark.quick("sqlite")`.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from campaigns import broker, database, schema
from campaigns import settings as settings_module
from campaigns.settings import Settings
from tests.faults import results
from tests.faults.disks import small_disk
from tests.faults.hosts import Hosts
from tests.faults.plant import Plant
from tests.faults.postgres import Postgresql


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption(
        "--seeds", type=int, default=20, help="How often each fault is tried where chance matters."
    )
    group.addoption("--table", type=Path, help="Write what came of each fault to this file, as Markdown.")
    group.addoption("--soak", action="store_true", help="Only the long campaign with a kill every 20 s.")
    group.addoption("--minutes", type=float, default=30, help="How long it takes.")
    group.addoption("--people", type=int, default=100_000, help="How many it goes to.")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "row(number, …): which rows of tests/faults/rows.py this shows")
    config.addinivalue_line("markers", "seeds(most): tried with so many seeds, half of them on each database")
    config.addinivalue_line("markers", "quick(backend, …): the first seed runs in bin/test too")
    config.addinivalue_line("markers", "small_server(megabytes): PostgreSQL stands on a disk of this size")
    config.addinivalue_line("markers", "soak: the long campaign; only with --soak")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Seeds: as many as were asked for, shared between the databases that the test runs on."""
    if "seed" not in metafunc.fixturenames:
        return
    marks = {mark.name: mark for mark in metafunc.definition.iter_markers()}
    most = marks["seeds"].args[0] if "seeds" in marks else 20
    number = min(metafunc.config.getoption("--seeds", default=2), most)
    databases = 1 if marks.keys() & {"sqlite_only", "postgresql_only"} else 2
    metafunc.parametrize("seed", range(max(number // databases, 1)))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark all but the quick ones as long, and tell each report which rows it is about."""
    here = Path(__file__).parent
    soaking = config.getoption("--soak", default=False)
    for item in items:
        if here not in item.path.parents:
            continue
        rows = [number for mark in item.iter_markers("row") for number in mark.args]
        item.user_properties.append(("rows", rows))
        if not _is_quick(item):
            item.add_marker("long")
    left_out = [
        item
        for item in items
        if here in item.path.parents and (item.get_closest_marker("soak") is not None) != soaking
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _is_quick(item: pytest.Item) -> bool:
    quick = item.get_closest_marker("quick")
    asked = getattr(item, "callspec", None)
    given = asked.params if asked else {}
    return quick is not None and given.get("seed", 0) == 0 and given.get("backend", "") in (*quick.args, "")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write the table."""
    path: Path | None = config.getoption("--table", default=None)
    if path is None:
        return
    reports = [
        report
        for kind in ("passed", "failed", "skipped", "error")
        for report in terminalreporter.stats.get(kind, [])
        if isinstance(report, pytest.TestReport)
    ]
    path.write_text(results.table(reports))
    terminalreporter.write_line(f"The table is in {path}.")


@pytest.fixture(scope="session")
def filled_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgresql]:
    """A PostgreSQL of the newest schema, stopped, to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="campaigns-pg-"))
    try:
        made = Postgresql.made(folder)
        made.start()
        settings_module.use(
            Settings(data_dir=tmp_path_factory.mktemp("pg"), database_url=made.url, broker_url="stub://")
        )
        schema.upgrade()
        database.use(None)
        settings_module.use(None)
        made.stop()
        yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(filled_postgresql: Postgresql, request: pytest.FixtureRequest) -> Iterator[Postgresql]:
    """This test's own PostgreSQL."""
    folder = Path(tempfile.mkdtemp(prefix="campaigns-pg-"))
    folder.chmod(0o711)
    small = request.node.get_closest_marker("small_server")
    hosts = request.getfixturevalue("hosts") if "hosts" in request.fixturenames else None
    with small_disk(folder / "own", small.args[0]) if small else nullcontext():
        made = filled_postgresql.copied(folder / "own", listen=hosts.address if hosts else "127.0.0.1")
        made.start()
        try:
            yield made
        finally:
            database.use(None)
            made.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database with the newest schema, in a file or server of this test's own."""
    if backend == "postgresql":
        return request.getfixturevalue("postgres").url
    (tmp_path / "data").mkdir(exist_ok=True)
    shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "data" / "campaigns.db")
    return f"sqlite:///{tmp_path / 'data' / 'campaigns.db'}"


@pytest.fixture
def plant(settings: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Plant]:
    """A plant that is not started yet, on this test's database; ends with the test."""
    made = Plant(tmp_path, settings, request.node.user_properties)
    try:
        yield made
    finally:
        made.stop()
        broker.use(None)


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    """Three machines on a network of their own; listed before all that is to be reached from them."""
    made = Hosts()
    try:
        made.make(3)
        yield made
    finally:
        made.remove()
