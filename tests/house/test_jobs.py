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


def test_ticks_take_no_arguments_and_go_stale(queue):
    actors = _actors(queue)
    for job in jobs.TICKS:
        actor = actors[job.name]
        assert not inspect.signature(actor.fn).parameters, job.name
        assert actor.options.get("max_age"), f"{job.name}: old rings must not pile up while no worker runs"


def test_actors_are_thin(queue):
    long = {
        name: lines
        for name, actor in _actors(queue).items()
        if (lines := len(inspect.getsource(actor.fn).splitlines())) > 15
    }

    assert not long
