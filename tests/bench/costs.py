"""What a run costs: processor time of whole process trees, peak memory, and how far rounds lie apart."""

import contextlib
import os
import resource
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil


def family(pid: int) -> list[psutil.Process]:
    """The process and everything it started that still lives."""
    try:
        head = psutil.Process(pid)
        return [head, *head.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu(pids: Sequence[int]) -> float:
    """Seconds of processor time of these processes and all they ever started, the ended ones too."""
    seconds = 0.0
    for process in (member for pid in pids for member in family(pid)):
        with contextlib.suppress(psutil.NoSuchProcess):
            seconds += sum(process.cpu_times()[:4])  # own user and system, then of the ended children
    return seconds


def peak_mb(pids: Sequence[int]) -> float:
    """The most memory that any one of these processes and what they started ever held, in MB."""
    return max((_peak(member.pid) for pid in pids for member in family(pid)), default=0.0)


def own_peak_mb() -> float:
    """The most memory that this process ever held, in MB."""
    return _peak(os.getpid())


def ended_peak_mb() -> float:
    """The most memory that a process held which this one had started and which has ended, in MB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def _peak(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


class Meter:
    """Processor time by part of what runs, between `start` and `read`; each part is a list of processes."""

    def __init__(self, parts: Mapping[str, Sequence[int]]) -> None:
        self.parts = {name: list(pids) for name, pids in parts.items() if pids}
        self._before: dict[str, float] = {}

    def start(self) -> None:
        """Begin to count."""
        self._before = {name: cpu(pids) for name, pids in self.parts.items()}

    def read(self) -> dict[str, float]:
        """Seconds that each part has used since."""
        return {name: cpu(pids) - self._before[name] for name, pids in self.parts.items()}


def spread(values: Sequence[float]) -> float:
    """How far the rounds lie apart: (highest - lowest) / median, 0 for one round."""
    return (max(values) - min(values)) / statistics.median(values) if len(values) > 1 else 0.0


def table(rows: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> None:
    """Print names and values in two columns."""
    for name, value in rows:
        print(f"  {name:38}{value}")
