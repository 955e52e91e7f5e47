"""The queue: Redis or Valkey, RabbitMQ, or a stub for tests; chosen by one URL."""

import dramatiq
from dramatiq import Broker
from dramatiq.brokers.stub import StubBroker

from campaigns import settings
from campaigns.errors import BadInput

_broker: Broker | None = None


def current() -> Broker:
    """This process's broker, made on first use from the settings."""
    global _broker
    if _broker is None:
        _broker = make(settings.current().broker_url)
        dramatiq.set_broker(_broker)  # before any actor is imported: the default is RabbitMQ
    return _broker


def use(other: Broker | None) -> None:
    """Make `other` this process's broker (None: made anew on next use)."""
    global _broker
    if _broker is not None and _broker is not other:
        _broker.close()
    _broker = other
    if other is not None:
        dramatiq.set_broker(other)


def make(url: str) -> Broker:
    """A broker for the URL; raises BadInput for one that names no known queue."""
    scheme = url.split(":", 1)[0]
    if scheme == "stub":
        return StubBroker()
    if scheme in ("redis", "rediss", "unix"):
        return _redis(url)
    if scheme in ("amqp", "amqps"):
        return _rabbitmq(url)
    if scheme == "embedded":
        from campaigns import embedded

        return _redis(embedded.url(settings.current().data_dir))
    raise BadInput(
        f"The queue's address “{url}” is not understood. "
        "Use redis://…, rediss://…, unix://…, amqp://… or embedded."
    )


def _redis(url: str) -> Broker:
    from dramatiq.brokers.redis import RedisBroker

    # By default the work of a killed worker comes back only after minutes. An idle worker asks once
    # or twice a second, and of fifteen questions one in two surely looks for the dead; with one in
    # ten, one time in five (0.9 ** 15) none would.
    # The braces keep all keys in one slot of a cluster.
    return RedisBroker(
        url=url,
        namespace="{dramatiq}",
        heartbeat_timeout=15_000,
        maintenance_chance=500_000,
        socket_timeout=20,
        socket_connect_timeout=2,
    )


def _rabbitmq(url: str) -> Broker:
    try:
        from dramatiq.brokers.rabbitmq import RabbitmqBroker
    except ImportError as error:
        raise BadInput("RabbitMQ needs one more part: pip install 'dramatiq[rabbitmq]'.") from error
    return RabbitmqBroker(url=url)
