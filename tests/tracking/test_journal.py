"""The journal of hits: on disk before the answer, read once its writer is done or dead."""

import os
import subprocess
import sys
import time

from campaigns.tracking import journal
from campaigns.tracking.journal import Journal, orphans


def write(made: Journal, message_id: int = 1, user_agent: str = "Thunderbird") -> None:
    made.write("open", message_id, None, 0, "GET", "192.0.2.0/24", user_agent)


def test_what_was_written_comes_out_again_in_order(tmp_path):
    made = Journal(tmp_path)
    for number in (5, 6, 7):
        write(made, number, 'Odd "agent"\nwith\x00 é')
    [page] = made.turn()
    entries = list(page.entries())

    assert [entry.message_id for entry in entries] == [5, 6, 7]
    assert entries[0].user_agent == 'Odd "agent"\nwith\x00 é'
    assert abs(entries[0].at.timestamp() - time.time()) < 10
    assert len({entry.uid for entry in entries}) == 3
    assert max(len(entry.uid) for entry in entries) <= 40


def test_a_page_stays_until_it_is_done(tmp_path):
    made = Journal(tmp_path)
    write(made)
    [first] = made.turn()
    write(made)
    assert made.turn()[0].path == first.path
    made.done(first)
    [second] = made.turn()
    made.done(second)
    assert made.turn() == []
    assert list(tmp_path.iterdir()) == []


def test_the_pages_of_the_living_are_left_alone(tmp_path):
    made = Journal(tmp_path)
    write(made)
    assert list(orphans(tmp_path)) == []
    made.turn()
    assert list(orphans(tmp_path)) == []


def test_a_killed_process_loses_nothing(tmp_path):
    """Its last line is there as soon as `write` has returned; its file is free as soon as it is dead."""
    program = (
        "import sys, time; from pathlib import Path; from campaigns.tracking.journal import Journal\n"
        "made = Journal(Path(sys.argv[1]))\n"
        "for n in range(1, 1001): made.write('click', n, None, 3, 'GET', '', 'x')\n"
        "print('written', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"written\n"
        assert list(orphans(tmp_path)) == []
        child.kill()

    found = []
    for page in orphans(tmp_path):
        found += [entry.message_id for entry in page.entries()]
        page.discard()

    assert found == list(range(1, 1001))
    assert list(tmp_path.iterdir()) == []


def test_a_line_torn_by_a_full_disk_spoils_only_itself(tmp_path):
    made = Journal(tmp_path)
    write(made, 1)
    [page] = made.turn()
    os.write(page.descriptor, b'\n["uid","open",17')
    os.write(page.descriptor, b'\n["u2","open",1700000000.5,2,null,0,"GET","","x"]')
    assert [entry.message_id for entry in page.entries()] == [1, 2]


def test_the_file_of_another_machine_is_taken_only_when_old(tmp_path):
    path = tmp_path / "otherhost-1-abc-0.log"
    path.write_bytes(b'\n["u2","open",1700000000.5,2,null,0,"GET","","x"]')
    assert list(orphans(tmp_path)) == []
    os.utime(path, (time.time() - 2 * journal._FORGOTTEN,) * 2)
    assert len(list(orphans(tmp_path))) == 1


def test_a_forked_process_writes_its_own_page(tmp_path):
    made = Journal(tmp_path)
    write(made, 1)
    child = os.fork()
    if child == 0:
        write(made, 2)
        os._exit(0)
    os.waitpid(child, 0)
    write(made, 3)

    [page] = made.turn()
    assert [entry.message_id for entry in page.entries()] == [1, 3]
    assert [entry.message_id for page in orphans(tmp_path) for entry in page.entries()] == [2]
