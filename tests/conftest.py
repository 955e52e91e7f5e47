"""What every test can ask for; the fixtures themselves are in tests/fixtures/.

`session` gives a test twice, on SQLite and on PostgreSQL; with `app` or `client` it runs on SQLite unless
it wears `@pytest.mark.both_databases`. `sqlite_only` and `postgresql_only` narrow that.
"""

import os

import hypothesis
import pytest

pytest_plugins = ["tests.fixtures.databases", "tests.fixtures.services", "tests.fixtures.application"]

# A busy machine is no finding: how long an example takes says nothing here.
hypothesis.settings.register_profile(
    "ours", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("ours")

_BARE = ("DATABASE_URL", "REDIS_URL", "PORT")
for _name in [name for name in os.environ if name.startswith("CAMPAIGNS_") or name in _BARE]:
    del os.environ[_name]  # the tests' own settings only

_LONG = (
    *("tests/bench/", "tests/faults/", "tests/stories/", "test_every_page", "thousand", "test_broker"),
    *("both_roads_say_the_same", "test_field_pages", "test_pace_seen", "test_builder_page", "test_clock"),
)  # take ten seconds or more, or wait for long


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test of the data its two databases."""
    names = metafunc.fixturenames
    if "backend" not in names:
        return
    marked = {marker.name for marker in metafunc.definition.iter_markers()}
    both = "both_databases" in marked or ("session" in names and "app" not in names)
    backends = ["sqlite", "postgresql"] if both else ["sqlite"]
    if "sqlite_only" in marked:
        backends = ["sqlite"]
    if "postgresql_only" in marked:
        backends = ["postgresql"]
    metafunc.parametrize("backend", backends, indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal out the files of those that take long: each process begins with its share of them.

    xdist gives each process an even piece of the list, and whoever is through takes from the ends of others'.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if any(part in item.nodeid for part in _LONG)]
    short = [item for item in items if not any(part in item.nodeid for part in _LONG)]
    files = list(dict.fromkeys(item.path for item in long))
    share, dealt = -(-len(items) // processes), []
    for process in range(processes):
        mine = [item for item in long if files.index(item.path) % processes == process]
        dealt += mine + short[: max(0, share - len(mine))]
        del short[: max(0, share - len(mine))]
    items[:] = dealt + short


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`."""
    return str(request.param)
