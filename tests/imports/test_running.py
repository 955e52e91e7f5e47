"""An import interrupted, paused, cancelled, killed: every row is stored exactly once all the same."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
import sqlalchemy as sa

from campaigns import jobs, settings
from campaigns.consent.models import Consent, ConsentEvent
from campaigns.contacts.models import Contact, Import, ImportStatus, contact_tag
from campaigns.database import reading, transaction
from campaigns.errors import Conflict
from campaigns.imports import files, running, steering, uploading
from tests.imports.files import CHOICES, counts, fetch, start, upload

ROWS = 2 * running.BATCH + 500


def rows(number: int = ROWS) -> str:
    """A file in which every tenth row is bad, and every hundredth address comes again with another town."""
    lines = ["email,first name,city"]
    for n in range(number):
        if n % 10 == 5:
            lines.append(f"person{n} at example.com,Bad,x")
        elif n % 100 == 99:
            lines.append(f"person{n - 91}@example.com,Again,Elsewhere")
        else:
            lines.append(f"person{n}@example.com,Anna,Brno")
    return "\n".join(lines)


EXPECTED = (ROWS, ROWS * 89 // 100, 0, ROWS // 100, ROWS // 10)


class _Killed(BaseException):
    """What a process that dies does not catch."""


def dies_after(batches: int):
    numbers = count(1)

    def progress(_import: Import) -> None:
        if next(numbers) == batches:
            raise _Killed

    return progress


def check_exactly_once(session, import_id: int) -> None:
    """All rows counted once, all contacts and consents there once, the refused rows once and in order."""
    session.rollback()
    done = fetch(import_id)
    assert (done.status, counts(done)) == (ImportStatus.DONE, EXPECTED)
    assert session.scalar(sa.select(sa.func.count(Contact.id))) == done.created
    assert session.scalar(sa.select(sa.func.count(ConsentEvent.id))) == done.created
    returned = uploading.file_of_refused(done).read_text("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in returned[1:]] == [str(n + 2) for n in range(5, ROWS, 10)]
    assert session.scalar(sa.select(Contact.city).where(Contact.email == "person8@example.com")) == "Brno"
    assert done.bytes_done == done.bytes_total
    session.rollback()


def test_to_the_end_by_the_worker(session, queue):
    import_id = upload(rows())
    start(import_id)

    assert queue.asked == [("run_import", (import_id,))]
    queue.work()
    check_exactly_once(session, import_id)
    assert not list(settings.current().data_dir.glob("imports/*[!d].csv"))  # the upload is gone

    running.run(import_id)  # a job that is delivered again
    check_exactly_once(session, import_id)


@pytest.mark.parametrize("batches", [1, 2, 3])
def test_another_goes_on_where_one_died(session, batches):
    import_id = upload(rows())
    start(import_id)
    with pytest.raises(_Killed):
        running.run(import_id, dies_after(batches))

    running.run(import_id)

    check_exactly_once(session, import_id)


def test_what_the_dead_wrote_and_never_committed_is_overwritten(session):
    import_id = upload(rows())
    start(import_id)
    with pytest.raises(_Killed):
        running.run(import_id, dies_after(1))
    with files.refused(import_id).open("ab") as file:
        file.write(b"99999,never committed and cut in the mid")

    running.run(import_id)

    check_exactly_once(session, import_id)


def test_two_at_once_do_it_once(session):
    import_id = upload(rows())
    start(import_id)

    running.run(import_id, lambda _import: running.run(import_id))

    check_exactly_once(session, import_id)


def test_two_files_with_the_same_people_at_the_same_time(session):
    session.rollback()
    imports = [
        upload(rows()),
        upload("\n".join([rows().splitlines()[0], *reversed(rows().splitlines()[1:])])),
    ]
    for import_id in imports:
        start(import_id, tags=["fair"], categories=["Cutters"])

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(running.run, imports))

    done = [fetch(import_id) for import_id in imports]
    assert [one.status for one in done] == [ImportStatus.DONE, ImportStatus.DONE]
    assert sum(one.created for one in done) == EXPECTED[1]
    with reading() as other:
        assert other.scalar(sa.select(sa.func.count(Contact.id))) == EXPECTED[1]
        assert other.scalar(sa.select(sa.func.count()).select_from(Consent)) == EXPECTED[1]
        assert other.scalar(sa.select(sa.func.count()).select_from(contact_tag)) == EXPECTED[1]


def test_a_process_that_slept_too_long_writes_nothing(session):
    import_id = upload(rows())
    start(import_id)
    awake = count(1)

    def sleeps(_import: Import) -> None:
        if next(awake) == 1:  # its lease runs out, another finishes the work, and it wakes up
            with transaction() as other:
                other.execute(sa.update(Import).values(lease_until=None))
            running.run(import_id)

    running.run(import_id, sleeps)

    check_exactly_once(session, import_id)


def test_pausing_and_going_on(session, queue):
    import_id = upload(rows())
    start(import_id)

    def pauses(_import: Import) -> None:
        with transaction() as other:
            if other.get_one(Import, import_id).rows_read == running.BATCH:
                steering.pause(other, other.get_one(Import, import_id))

    running.run(import_id, pauses)
    paused = fetch(import_id)
    assert (paused.status, paused.rows_read) == (ImportStatus.PAUSED, running.BATCH)
    queue.work()
    assert fetch(import_id).rows_read == running.BATCH

    with transaction() as other:
        steering.resume(other, other.get_one(Import, import_id))
    queue.work()
    check_exactly_once(session, import_id)


def test_cancelling_keeps_what_is_stored_and_drops_the_file(session):
    import_id = upload(rows())
    start(import_id)

    def cancels(_import: Import) -> None:
        with transaction() as other:
            steering.cancel(other, other.get_one(Import, import_id))

    running.run(import_id, cancels)

    done = fetch(import_id)
    assert (done.status, done.rows_read) == (ImportStatus.CANCELLED, running.BATCH)
    assert session.scalar(sa.select(sa.func.count(Contact.id))) == done.created > 0
    session.rollback()
    assert not files.place(done).exists()
    with transaction() as other, pytest.raises(Conflict):
        steering.resume(other, other.get_one(Import, import_id))


def test_the_clock_finds_what_the_queue_lost(session, queue):
    import_id = upload(rows())
    start(import_id)
    queue.clear()

    with transaction() as other:
        steering.ring_waiting(other)

    assert queue.asked == [("run_import", (import_id,))]
    queue.work(jobs.RUN_IMPORT)
    check_exactly_once(session, import_id)


def test_a_file_that_is_gone_fails_in_words(session):
    import_id = upload(rows())
    start(import_id)
    files.place(fetch(import_id)).unlink()

    running.run(import_id)

    failed = fetch(import_id)
    assert failed.status == ImportStatus.FAILED
    assert "Upload it again" in failed.error


def test_a_file_that_breaks_off_keeps_what_was_read(session):
    good = "".join(f"person{n}@example.com,x\n" for n in range(running.BATCH))
    import_id = upload("email,note\n" + good + 'a@example.com,"x\nb@example.com,y\n' * 3000)
    start(import_id)

    running.run(import_id)

    failed = fetch(import_id)
    assert failed.status == ImportStatus.FAILED
    assert "quotation marks" in failed.error
    assert failed.created > 0


@pytest.mark.sqlite_only
def test_a_process_killed_for_real(session, settings, tmp_path):
    session.rollback()
    path = tmp_path / "people.csv"
    path.write_text(rows())
    environment = os.environ | {
        "CAMPAIGNS_DATA_DIR": str(settings.data_dir),
        "CAMPAIGNS_DATABASE_URL": settings.database_url,
        "CAMPAIGNS_SECRET_KEY": settings.secret_key.get_secret_value(),
    }
    command = [sys.executable, "-m", "campaigns.cli", "import", str(path)]
    command += ["--basis", CHOICES["basis"], "--source", CHOICES["source"]]
    process = subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.PIPE)
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        with reading() as other:
            started = other.scalar(sa.select(Import.rows_read))
        if started:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.005)
    process.communicate()
    killed = fetch(1)
    assert killed.status in (ImportStatus.RUNNING, ImportStatus.DONE)
    with transaction() as other:
        other.execute(sa.update(Import).values(lease_until=None))  # as a minute would

    running.run(1)

    check_exactly_once(session, 1)


def test_what_is_old_is_cleared_away(session):
    import_id = upload(rows())
    with transaction() as other:
        import_ = other.get_one(Import, import_id)
        import_.created_at = import_.created_at.replace(year=2020)
    with transaction() as other:
        steering.ring_waiting(other)

    assert session.scalar(sa.select(sa.func.count(Import.id))) == 0
    assert not list(settings.current().data_dir.glob("imports/*"))


def test_a_refused_file_does_not_stay_for_ever(session):
    import_id = upload("email\nbad\n")
    start(import_id)
    running.run(import_id)
    with transaction() as other:
        import_ = other.get_one(Import, import_id)
        import_.finished_at = import_.finished_at.replace(year=2020)

    with transaction() as other:
        steering.ring_waiting(other)

    done = fetch(import_id)
    assert uploading.file_of_refused(done) is None
    assert done.reasons == {"address_without_at": 1}
