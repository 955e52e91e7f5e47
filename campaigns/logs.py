"""Logging: one line for each thing worth knowing; readable on a terminal, JSON for machines."""

import logging
import sys
from typing import Any

import structlog

from campaigns import settings

# Libraries that tell at `info` what nobody needs to read every few seconds.
_TALKATIVE = ("dramatiq", "granian", "alembic", "urllib3", "httpx", "_granian")
_EXPECTED = ("dramatiq.middleware.age_limit.AgeLimit",)  # warns of what is meant to happen


def configure(role: str = "") -> None:
    """Send this process's log to standard error in the shape and from the level that the settings say."""
    chosen = settings.current()
    level = logging.getLevelNamesMapping()[chosen.log_level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        lambda _logger, _method, event: {"role": role, **event} if role else event,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()], processors=_last(chosen.log_format)
        )
    )
    handler.addFilter(_tells_news)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    for name in _EXPECTED:
        logging.getLogger(name).setLevel(logging.ERROR)


def _tells_news(record: logging.LogRecord) -> bool:
    """False for the warning that two workers share one broker, which is meant (`workers/__main__.py`)."""
    said = record.getMessage() if record.name.startswith("dramatiq.broker.") else ""
    return not ("same type twice" in said and "_WorkerMiddleware" in said)


def _readable() -> Any:
    # Not the pretty one: it prints the values of variables, passwords and people among them.
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


def _last(shape: str) -> list[Any]:
    """The steps that turn one event into one line."""
    first = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if shape == "text" or (shape == "auto" and sys.stderr.isatty()):
        return [*first, _readable()]
    return [*first, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
