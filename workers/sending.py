"""Mails the segments of campaigns, and lets go of them when this process is told to stop."""

import dramatiq
from dramatiq import Broker, Middleware, Worker

from campaigns import broker, jobs
from campaigns.delivery import sending
from campaigns.delivery.closing import Closer

_closer = Closer()
_MOMENT = 5  # seconds
_HOUR = 3_600_000  # milliseconds: a segment's worker stops by itself long before


@dramatiq.actor(queue_name=jobs.SEND_SEGMENT.queue, max_retries=0, time_limit=_HOUR, priority=10)
def send_segment(campaign_id: int, segment_id: int) -> None:
    """Mail what waits in one segment; the database rings again for what is left."""
    sending.send_segment(campaign_id, segment_id, _closer)


class _LetGo(Middleware):
    """On shutdown the letters on the wire are finished and everything else is given back."""

    def before_worker_shutdown(self, _broker: Broker, _worker: Worker) -> None:
        sending.stop()

    def after_worker_shutdown(self, _broker: Broker, _worker: Worker) -> None:
        _closer.wait(_MOMENT)


broker.current().add_middleware(_LetGo())
