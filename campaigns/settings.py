"""What can be set from outside; the only reader of the environment."""

import os
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# Names that hosting platforms set; ours win where both are given.
_BARE_NAMES = {"database_url": "DATABASE_URL", "broker_url": "REDIS_URL", "port": "PORT"}
_SECRET_FIELDS = ("secret_key", "database_url", "broker_url", "admin_password")


class Smtp(BaseModel):
    """The mail server that letters are handed to; without a host they are captured."""

    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    user: str = ""
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    tls: Literal["none", "starttls", "tls"] = "starttls"

    @model_validator(mode="after")
    def _read_password_file(self) -> "Smtp":
        if self.password_file and not self.password.get_secret_value():
            self.password = SecretStr(self.password_file.read_text().strip())
        return self


class Sending(BaseModel):
    """How campaigns are handed to the mail server; times in seconds."""

    lease: float = Field(default=180, gt=0)  # how long a silent worker keeps its part; see Relay.dot_timeout
    segment: int = Field(default=5000, ge=1, le=20_000)  # most recipients in one part
    planned_at_once: int = Field(default=10_000, ge=1, le=100_000)  # contacts looked at in one transaction
    troubles: int = Field(default=3, ge=1, le=100)  # failures in a row after which a campaign pauses itself
    ask_again: float = Field(default=60, gt=0)  # until a mail server that was away is asked again
    connections: int = Field(default=10, ge=1, le=500)  # to the mail server, of each worker process
    accelerator: bool = True  # sign eight letters at once where the processor and a library can
    journal_sync: float = Field(default=1, ge=0)  # seconds until answers are safe from a power cut; 0: never


class Keep(BaseModel):
    """For how many days things are kept that are of use for a while only."""

    changes: int = Field(default=30, ge=1, le=3650)  # what bulk edits and imports changed, for undoing it
    exports: int = Field(default=7, ge=1, le=365)  # files that somebody asked for


class SignUps(BaseModel):
    """How many filled-in forms are taken, and how many letters go out to have them confirmed."""

    an_hour: int = Field(default=30, ge=1)  # forms from one network
    a_day: int = Field(default=200, ge=1)
    letters_an_hour: int = Field(default=2000, ge=1)  # in all; the others wait


class Settings(BaseSettings):
    """Everything settable, each as `CAMPAIGNS_<NAME>` (nested names joined by two underscores)."""

    model_config = SettingsConfigDict(
        env_prefix="CAMPAIGNS_", env_nested_delimiter="__", env_ignore_empty=True, extra="ignore"
    )

    data_dir: Path = Path("data")
    database_url: str = ""
    broker_url: str = "embedded"
    secret_key: SecretStr = SecretStr("")
    base_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    smtp: Smtp = Smtp()
    sending: Sending = Sending()
    keep: Keep = Keep()
    signup: SignUps = SignUps()
    worker_processes: int = Field(default=2, ge=1, le=64)
    web_threads: int = Field(default=8, ge=1, le=256)
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    admin_email: str = ""  # for `campaigns init` without a terminal
    admin_password: SecretStr = SecretStr("")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "text", "json"] = "auto"  # auto: text on a terminal, JSON elsewhere

    @model_validator(mode="before")
    @classmethod
    def _outside_names(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Accept the bare names of hosting platforms, and `*_FILE` for secrets."""
        for field, bare in _BARE_NAMES.items():
            if not given.get(field) and os.environ.get(bare):
                given[field] = os.environ[bare]
        for field in _SECRET_FIELDS:
            path = os.environ.get(f"CAMPAIGNS_{field.upper()}_FILE")
            if path and not given.get(field):
                given[field] = Path(path).read_text().strip()
        return given

    @model_validator(mode="after")
    def _fill_in(self) -> "Settings":
        self.data_dir = self.data_dir.absolute()
        self.database_url = _with_driver(self.database_url) or f"sqlite:///{self.data_dir / 'campaigns.db'}"
        self.base_url = (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")
        return self

    def secret(self) -> bytes:
        """The key all signatures derive from: as set, else made once and kept in the data folder."""
        given = self.secret_key.get_secret_value()
        return given.encode() if given else _kept_secret(self.data_dir)


def _with_driver(url: str) -> str:
    for plain in ("postgres://", "postgresql://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url


@cache
def _kept_secret(data_dir: Path) -> bytes:
    path = data_dir / "secret.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Several processes start at once: the file appears whole or not at all, and the first stays.
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_urlsafe(48).encode())
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_bytes()


_settings: Settings | None = None


def current() -> Settings:
    """The settings of this process, read on first use."""
    global _settings
    if _settings is None:
        _settings = Settings()
    return _settings


def use(settings: Settings | None) -> None:
    """Make `settings` this process's own; None reads the environment again on next use."""
    global _settings
    _settings = settings
