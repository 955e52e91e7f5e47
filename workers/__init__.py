"""The Dramatiq actors; importing this connects the queue and declares every actor there is."""

import importlib
import pkgutil

from campaigns import broker

broker.current()  # before any actor is made: they belong to the broker that is set then

for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("_"):
        importlib.import_module(f"{__name__}.{_module.name}")
