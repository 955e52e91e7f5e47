"""What every test can ask for: a real database, the application, signed-in browsers, mail, a queue.

`session` gives a test twice, on SQLite and on PostgreSQL; with `app` or `client` it runs on SQLite unless
it wears `@pytest.mark.both_databases`. `sqlite_only` and `postgresql_only` narrow that.
"""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from campaigns import broker, database, jobs, schema, tables
from campaigns import settings as settings_module
from campaigns.accounts.models import Role, User
from campaigns.processes import free_port
from campaigns.settings import Settings
from tests import factories, servers

for _name in [name for name in os.environ if name.startswith("CAMPAIGNS_")]:
    del os.environ[_name]  # the tests' own settings only


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


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`."""
    return str(request.param)


# ---- servers, each started on first use and ended with the run ----


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[sa.URL]:
    """The first database of a running PostgreSQL."""
    with servers.postgresql() as address:
        yield sa.make_url(address).set(drivername="postgresql+psycopg")


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[str]:
    """The address of a running Valkey."""
    with servers.valkey() as address:
        yield address


@pytest.fixture
def valkey(valkey_server: str) -> str:
    """The address of an empty Valkey."""
    import redis

    with redis.Redis.from_url(valkey_server) as client:
        client.flushall()
    return valkey_server


@pytest.fixture
def smtp_server() -> Iterator[servers.SmtpServer]:
    """A real SMTP server that keeps letters and misbehaves as told."""
    with servers.smtp() as sink:
        yield sink


# ---- databases ----


def _migrate(url: str, folder: Path) -> None:
    settings_module.use(Settings(data_dir=folder, database_url=url, broker_url="stub://"))
    try:
        schema.upgrade()
    finally:
        database.use(None)
        settings_module.use(None)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database file of the newest schema, to be copied."""
    folder = tmp_path_factory.mktemp("sqlite")
    _migrate(f"sqlite:///{folder / 'empty.db'}", folder)
    return folder / "empty.db"


@pytest.fixture(scope="session")
def new_postgresql(postgresql_server: sa.URL) -> Iterator[Callable[[], str]]:
    """Makes an empty database, without a schema, and gives its address."""
    maintenance = sa.create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make(template: str = "template0") -> str:
        name = f"campaigns_test_{os.getpid()}_{len(made)}"
        with maintenance.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        made.append(name)
        return postgresql_server.set(database=name).render_as_string(hide_password=False)

    yield make
    with maintenance.connect() as connection:
        for name in made:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    maintenance.dispose()


@pytest.fixture(scope="session")
def migrated_postgresql(
    new_postgresql: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Engine]:
    """One database of the newest schema for all tests in turn; each leaves it empty."""
    url = new_postgresql()
    _migrate(url, tmp_path_factory.mktemp("postgresql"))
    engine = database.make_engine(url)
    yield engine
    engine.dispose()


def _empty(engine: sa.Engine) -> None:
    names = [f'"{table.name}"' for table in tables.Base.metadata.sorted_tables]
    filled = " UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in names)
    with engine.begin() as connection:
        found = connection.exec_driver_sql(filled).scalars().all()
        if found:
            connection.exec_driver_sql(f"TRUNCATE {', '.join(found)} RESTART IDENTITY CASCADE")


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database with the newest schema, this test's own."""
    if backend == "sqlite":
        (tmp_path / "data").mkdir()
        shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "data" / "campaigns.db")
        yield f"sqlite:///{tmp_path / 'data' / 'campaigns.db'}"
        return
    engine: sa.Engine = request.getfixturevalue("migrated_postgresql")
    yield engine.url.render_as_string(hide_password=False)
    database.use(None)  # no connection of the test's holds a lock
    _empty(engine)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Iterator[Settings]:
    """This test's settings: its own data folder and database, captured mail, a queue in memory."""
    made = Settings(
        data_dir=tmp_path / "data",
        database_url=database_url,
        broker_url="stub://",
        secret_key="only for tests, and long enough for them",
        base_url="http://localhost",
    )
    made.data_dir.mkdir(exist_ok=True)
    settings_module.use(made)
    database.use(None)
    yield made
    database.use(None)
    settings_module.use(None)


@pytest.fixture
def session(settings: Settings) -> Iterator[Session]:
    """A session on this test's database. Commit before a view or a worker is to see it, or to write."""
    with Session(database.engine(), expire_on_commit=False) as made:
        yield made


# ---- the queue ----


@pytest.fixture(scope="session")
def _stub_broker():
    from dramatiq.brokers.stub import StubBroker

    made = StubBroker()
    broker.use(made)
    import workers  # noqa: F401 - declares the actors on this broker

    return made


class Queue:
    """The queue in memory: what was asked for, and doing it."""

    def __init__(self, stub) -> None:
        self._stub = stub

    @property
    def asked(self) -> list[tuple[str, tuple]]:
        """Name and ids of all that waits."""
        return [(message.actor_name, tuple(message.args)) for message in self._waiting()]

    def _waiting(self) -> list:
        from dramatiq import Message

        return [Message.decode(raw) for queue in self._stub.queues.values() for raw in list(queue.queue)]

    def clear(self) -> None:
        """Forget everything, as a queue that died would."""
        self._stub.flush_all()

    def work(self, *only: jobs.Job, most: int = 1000) -> int:
        """Do what waits, and what that asks for, one after the other; returns how many jobs ran."""
        done = 0
        while waiting := [m for m in self._waiting() if not only or m.actor_name in {j.name for j in only}]:
            self.clear()
            for message in waiting:
                self._stub.get_actor(message.actor_name).fn(*message.args, **message.kwargs)
                done += 1
                if done > most:
                    raise AssertionError(f"The work does not end; last was {message.actor_name}.")
        return done


@pytest.fixture
def queue(settings: Settings, _stub_broker) -> Iterator[Queue]:
    """The queue in memory; `queue.work()` runs the actors here and now."""
    broker.use(_stub_broker)
    made = Queue(_stub_broker)
    made.clear()
    yield made
    made.clear()


# ---- the application ----


class Browser(FlaskClient):
    """A test client that sends the CSRF token with every POST, as our pages do; `csrf=False` does not."""

    def open(self, *args, csrf: bool = True, **kwargs):
        """Fetch, adding the token where the application asks for one."""
        method = kwargs.get("method", "GET").upper()
        if csrf and method not in ("GET", "HEAD", "OPTIONS"):
            headers = list(dict(kwargs.get("headers") or {}).items())
            kwargs["headers"] = [*headers, ("X-CSRFToken", self.token())]
        return super().open(*args, **kwargs)

    def token(self) -> str:
        """A CSRF token that belongs to this client's session."""
        from flask import g, session
        from flask_wtf.csrf import generate_csrf

        with self.session_transaction() as stored, self.application.test_request_context():
            session.update(stored)
            made = generate_csrf()
            stored["csrf_token"] = session["csrf_token"]
            g.pop("csrf_token", None)
        return str(made)


@pytest.fixture
def app(settings: Settings, queue: Queue) -> Flask:
    """The application on this test's database."""
    from campaigns.app import create_app

    made = create_app()
    made.testing = True
    made.test_client_class = Browser
    return made


@pytest.fixture
def client(app: Flask) -> Browser:
    """A browser that is not signed in."""
    return app.test_client()


def sign_in_as(client: Browser, user: User) -> Browser:
    """Give the client a session of this user's, as signing in does."""
    with client.session_transaction() as stored:
        stored.update(_user_id=user.fs_uniquifier, _fresh=True, fs_cc="set", fs_paa=time.time())
    return client


@pytest.fixture
def sign_in(app: Flask) -> Callable[..., Browser]:
    """`sign_in(Role.MARKETER)` or `sign_in(user)` gives a browser signed in as such a person."""

    def make(who: Role | User = Role.ADMIN) -> Browser:
        with database.transaction() as session:
            factories.make_organisation(session)
            user = who if isinstance(who, User) else factories.make_user(session, who)
        return sign_in_as(app.test_client(), user)

    return make


@pytest.fixture
def admin_client(sign_in: Callable[..., Browser]) -> Browser:
    """A browser signed in as an administrator."""
    return sign_in(Role.ADMIN)


@pytest.fixture
def marketer_client(sign_in: Callable[..., Browser]) -> Browser:
    """A browser signed in as a marketer."""
    return sign_in(Role.MARKETER)


@pytest.fixture
def salesperson_client(sign_in: Callable[..., Browser]) -> Browser:
    """A browser signed in as a salesperson."""
    return sign_in(Role.SALESPERSON)


@pytest.fixture
def live_server(app: Flask, settings: Settings) -> Iterator[str]:
    """The application on a port, for a real browser; its address."""
    server = make_server("127.0.0.1", free_port(), app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.base_url = f"http://127.0.0.1:{server.port}"
    yield settings.base_url
    server.shutdown()
    thread.join()


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium for the whole run."""
    from tests.browser import browser as launched

    with launched() as chromium:
        yield chromium


@pytest.fixture
def page(browser):
    """A fresh page of Chromium, 1280 × 900, light."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield context.new_page()
    context.close()
