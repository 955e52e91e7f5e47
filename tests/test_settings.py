"""Settings: ours before the platform's, secrets from files, and a secret key that is made once."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from campaigns import settings
from campaigns.settings import Settings


@pytest.fixture
def given(monkeypatch, tmp_path):
    """Settings as the environment given by name → value makes them."""

    def make(**environment: str) -> Settings:
        monkeypatch.setenv("CAMPAIGNS_DATA_DIR", str(tmp_path))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return Settings()

    return make


def test_a_laptop_needs_none(given, tmp_path):
    made = given()

    assert made.database_url == f"sqlite:///{tmp_path / 'campaigns.db'}"
    assert made.broker_url == "embedded"
    assert made.base_url == "http://127.0.0.1:8000"
    assert made.smtp.host == ""


def test_the_names_of_hosting_platforms_serve_where_ours_are_not_set(given):
    made = given(DATABASE_URL="postgres://a@db/x", REDIS_URL="redis://queue", PORT="9000")
    assert (made.database_url, made.broker_url, made.port) == (
        "postgresql+psycopg://a@db/x",
        "redis://queue",
        9000,
    )

    ours = given(CAMPAIGNS_DATABASE_URL="postgresql://b@db/y", CAMPAIGNS_PORT="9001")
    assert (ours.database_url, ours.port) == ("postgresql+psycopg://b@db/y", 9001)


def test_nested_names(given):
    made = given(CAMPAIGNS_SMTP__HOST="mail.example.com", CAMPAIGNS_SMTP__TLS="tls")

    assert (made.smtp.host, made.smtp.tls, made.smtp.port) == ("mail.example.com", "tls", 587)


def test_secrets_may_come_from_files_and_are_not_shown(given, tmp_path):
    (tmp_path / "key").write_text("x" * 40 + "\n")
    (tmp_path / "password").write_text("hush\n")
    made = given(
        CAMPAIGNS_SECRET_KEY_FILE=str(tmp_path / "key"),
        CAMPAIGNS_SMTP__PASSWORD_FILE=str(tmp_path / "password"),
    )

    assert made.secret() == b"x" * 40
    assert made.smtp.password.get_secret_value() == "hush"
    assert "hush" not in repr(made)
    assert "xxx" not in repr(made)


def test_an_empty_value_is_none(given):
    assert given(CAMPAIGNS_BROKER_URL="", CAMPAIGNS_LOG_LEVEL="").broker_url == "embedded"


@pytest.mark.parametrize(
    ("name", "value"),
    [("CAMPAIGNS_PORT", "70000"), ("CAMPAIGNS_SMTP__TLS", "maybe"), ("CAMPAIGNS_WORKER_PROCESSES", "0")],
)
def test_nonsense_is_refused(given, name, value):
    with pytest.raises(ValidationError):
        given(**{name: value})


def test_the_secret_key_is_made_once_however_many_ask_at_once(tmp_path):
    show = "from campaigns import settings; print(settings.current().secret().decode())"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", show], env={"CAMPAIGNS_DATA_DIR": str(tmp_path / "new")},
            cwd=settings.__file__.rpartition("/campaigns/")[0], stdout=subprocess.PIPE, text=True,
        )
        for _process in range(6)
    ]  # fmt: skip
    keys = {process.communicate(timeout=60)[0].strip() for process in running}

    assert len(keys) == 1
    assert len(keys.pop()) >= 64
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret.key"]
    assert (tmp_path / "new" / "secret.key").stat().st_mode & 0o777 == 0o600
