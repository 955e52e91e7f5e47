"""The queue: chosen by its address, connected before any actor, quick to give back the work of the dead."""

import os
import signal
import subprocess
import sys
import textwrap

import dramatiq
import pytest
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker

from campaigns import broker
from campaigns.errors import BadInput
from tests.stories.installation import wait_for


def test_each_address_makes_its_own_kind(settings):
    assert isinstance(broker.make("stub://"), StubBroker)
    assert isinstance(broker.make("redis://127.0.0.1:6379/0"), RedisBroker)
    assert isinstance(broker.make("unix:///run/queue.sock"), RedisBroker)
    assert isinstance(broker.make("embedded"), RedisBroker)


def test_an_address_that_names_no_queue(settings):
    with pytest.raises(BadInput, match="carrier-pigeon"):
        broker.make("carrier-pigeon://loft")


def test_what_is_used_is_what_actors_get(settings):
    stub = broker.make("stub://")
    broker.use(stub)

    assert dramatiq.get_broker() is stub is broker.current()
    broker.use(None)


def test_all_keys_stay_in_one_slot_of_a_cluster(valkey, settings):
    made = broker.make(valkey)
    made.declare_queue("upkeep")
    made.enqueue(dramatiq.Message("upkeep", "ring_due", (), {}, {}))

    keys = redis.Redis.from_url(valkey).keys()
    assert keys
    assert all(b"{dramatiq}" in key for key in keys)
    made.close()


def test_the_work_of_a_killed_worker_is_done_within_half_a_minute(valkey, tmp_path):
    """By default this takes 4 to 20 minutes."""
    (tmp_path / "actors.py").write_text(
        textwrap.dedent("""
        import sys, time
        from pathlib import Path
        import dramatiq
        from campaigns import broker

        broker.use(broker.make(sys.argv[1]))

        @dramatiq.actor(queue_name="trial", max_retries=0)
        def work():
            place = Path(sys.argv[2])
            first = not place.exists()
            place.write_text(f"{'begun' if first else 'done'}")
            if first:
                time.sleep(600)

        if "ring" in sys.argv:
            work.send()
        else:
            worker = dramatiq.Worker(broker.current(), worker_threads=1)
            worker.start()
            time.sleep(600)
        """)
    )
    trace = tmp_path / "trace"
    command = [sys.executable, str(tmp_path / "actors.py"), valkey, str(trace)]
    environment = os.environ | {"PYTHONPATH": os.path.dirname(os.path.dirname(broker.__file__))}
    subprocess.run([*command, "ring"], env=environment, check=True)
    first = subprocess.Popen(command, env=environment)
    wait_for(trace.exists)
    first.send_signal(signal.SIGKILL)
    first.wait()

    second = subprocess.Popen(command, env=environment)
    try:
        assert wait_for(lambda: trace.read_text() == "done", 30)
    finally:
        second.kill()
        second.wait()
