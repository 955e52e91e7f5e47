"""A file that is appended to through memory: what is stored there is the kernel's at once.

It outlives this process, also one that is killed, and costs a fraction of a system call. Its room on the
disk is set aside before, so that a full disk is found out then. Behind what was written there are zeros.
"""

import mmap
import os


class Appended:
    """Appends to an open, empty file, whose descriptor stays its owner's; OSError where there is no room."""

    def __init__(self, descriptor: int, room: int) -> None:
        self._descriptor = descriptor
        self._memory: mmap.mmap | None = None
        self.size = 0
        self._flushed = 0
        self._process = os.getpid()
        self._grow(room)

    def append(self, data: bytes) -> None:
        """Store this; when it returns, the death of the process does no harm."""
        end = self.size + len(data)
        if self._memory is None or end > len(self._memory):
            self._grow(2 * end)
        assert self._memory is not None
        self._memory[self.size : end] = data
        self.size = end

    def flush(self) -> None:
        """Bring it onto the disk, for the case that the machine loses its power."""
        if self._memory is not None and self.size != self._flushed:
            size = self.size
            self._memory.flush()
            self._flushed = size

    def close(self) -> None:
        """No more; the file ends where what was written ends. A forked process leaves it as it is."""
        if self._memory is not None:
            self._memory.close()
            self._memory = None
            if self._process == os.getpid():
                os.ftruncate(self._descriptor, self.size)

    def _grow(self, size: int) -> None:
        size = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
        _set_aside(self._descriptor, size)
        if self._memory is not None:
            self._memory.close()
        self._memory = mmap.mmap(self._descriptor, size)


def _set_aside(descriptor: int, size: int) -> None:
    """Room on the disk; where the system can't do that, zeros are written."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    at = os.lseek(descriptor, 0, os.SEEK_END)
    while at < size:
        at += os.write(descriptor, bytes(min(size - at, 65_536)))
