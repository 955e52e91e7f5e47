"""Every job has exactly one actor, on its queue, and no actor is without a job."""

import inspect

import dramatiq

from campaigns import broker, jobs


def _actors(queue) -> dict[str, dramatiq.Actor]:
    return dict(broker.current().actors)


def test_jobs_and_actors_pair_up(queue):
    asked = {job.name: job.queue for job in jobs.ALL}
    listening = {name: actor.queue_name for name, actor in _actors(queue).items()}

    assert listening == asked


def test_names_of_jobs_are_unique():
    names = [job.name for job in jobs.ALL]

    assert len(names) == len(set(names))


def test_what_the_clock_rings_for_takes_no_arguments(queue):
    actors = _actors(queue)
    for job in jobs.TICKS:
        assert not inspect.signature(actors[job.name].fn).parameters, job.name


def test_rings_of_the_clock_go_stale_so_that_they_never_pile_up(queue):
    assert jobs.send(jobs.RING_DUE)

    assert [message.options["max_age"] for message in queue.waiting()] == [60_000]


def test_actors_are_thin(queue):
    long = {
        name: lines
        for name, actor in _actors(queue).items()
        if (lines := len(inspect.getsource(actor.fn).splitlines())) > 15
    }

    assert not long
