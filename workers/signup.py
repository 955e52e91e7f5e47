"""Actors that ask people to confirm what they filled in."""

import dramatiq

from campaigns import jobs
from campaigns.signup import guarding, letters


@dramatiq.actor(queue_name=jobs.ASK_SIGN_UPS.queue, max_retries=0)
def ask_sign_ups() -> None:
    """Send the letters that wait; safe to run twice."""
    letters.send_waiting()


@dramatiq.actor(queue_name=jobs.TEND_SIGN_UPS.queue, max_retries=0)
def tend_sign_ups() -> None:
    """Ask once more who has not answered, and delete what is not needed any more; safe to run twice."""
    letters.ask_again()
    letters.forget_unanswered()
    guarding.forget_networks()
