"""One of three worker hosts is cut off the network: the others finish; what it alone knows is named."""

import os
import random
import signal
import sys
import time

import pytest

from campaigns.delivery.models import MessageStatus
from tests.delivery.launching import launch
from tests.faults import sockets
from tests.faults.invariant import fill, holds, letters_of, settled
from tests.faults.plant import Plant, wait_for

PEOPLE = 300
WINDOW = 500  # letters of one process that only its own journal tells of, at most


def start_host(plant: Plant, hosts, host: int) -> None:
    """A worker on that host, with a data folder of the host's own."""
    folder = plant.folder / f"host{host}"
    folder.mkdir(exist_ok=True)
    plant.run(
        f"worker{host}", *hosts.within(host), sys.executable, "-m", "workers", "--threads", "2",
        CAMPAIGNS_DATA_DIR=str(folder),
    )  # fmt: skip


@pytest.mark.row(37)
@pytest.mark.seeds(20)
@pytest.mark.postgresql_only
@pytest.mark.timeout(600)
@pytest.mark.parametrize("healed", [pytest.param("healed", marks=pytest.mark.quick("postgresql")), "never"])
def test_one_of_three_hosts_cut_off(hosts, session, plant, healed, seed):
    chance = random.Random(f"37 {healed} {seed}")
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.host = hosts.address
    plant.start(workers=0)
    for host in range(3):
        start_host(plant, hosts, host)
    for host in range(3):
        wait_for((plant.folder / f"worker{host}.log").read_text, 60, "first word of a host", plant.logs)
    campaign = launch(session)
    plant.midway(PEOPLE, chance.uniform(0.15, 0.5))

    lonely = chance.randrange(3)
    plant.cut += connections_of(plant, f"worker{lonely}")
    hosts.cut_off(lonely)
    plant.in_the_middle(PEOPLE)
    plant.ended(campaign, 240)

    # Until its machine is back, whatever it may have sent last is uncertain and listed.
    before = holds(plant, campaign, eligible, ineligible, uncertain=WINDOW)
    assert before[MessageStatus.UNCERTAIN] + before[MessageStatus.SENT] == PEOPLE
    if healed == "never":
        plant.signal(f"worker{lonely}", signal.SIGKILL)
        return
    hosts.heal(lonely)
    settled(plant, campaign, 180)
    time.sleep(3)
    holds(plant, campaign, eligible, ineligible)
    assert len(letters_of(plant, campaign)) == len(plant.journal())


def connections_of(plant: Plant, name: str) -> int:
    """Connections to the mail server of the process that runs under this one, in its own network."""
    parent = plant.parts[name].pid
    with open(f"/proc/{parent}/task/{parent}/children") as children:
        child = int(children.read().split()[0])
    os.kill(child, 0)
    return sockets.connections(child, plant.smtp_port)
