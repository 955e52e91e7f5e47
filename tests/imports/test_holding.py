"""The lease on an import: kept to while it is in force, and over when it ends later than any taken now."""

import sqlalchemy as sa

from campaigns.contacts.models import Import, ImportStatus
from campaigns.database import db_now, transaction
from campaigns.imports import holding, running, steering
from tests.imports.files import fetch, start, upload
from tests.imports.test_running import check_exactly_once, rows


def test_a_lease_of_before_the_clock_was_set_back_is_over(session, queue):
    import_id = upload(rows())
    start(import_id)
    queue.clear()
    with transaction() as other:
        held = {"status": ImportStatus.RUNNING, "lease_until": db_now(3 * 3600)}
        other.execute(sa.update(Import).values(held))

    with transaction() as other:
        steering.ring_waiting(other)

    assert queue.asked == [("run_import", (import_id,))]
    queue.work()
    check_exactly_once(session, import_id)


def test_a_lease_that_is_in_force_is_kept_to(session, queue):
    import_id = upload(rows())
    start(import_id)
    queue.clear()
    with transaction() as other:
        held = {"status": ImportStatus.RUNNING, "lease_until": db_now(holding.LEASE_SECONDS - 5)}
        other.execute(sa.update(Import).values(held))

    with transaction() as other:
        steering.ring_waiting(other)
    running.run(import_id)

    assert (queue.asked, fetch(import_id).rows_read) == ([], 0)
