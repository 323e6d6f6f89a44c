"""What training frees is kept by the process: every step asks for the same arrays again, and new pages cost more than what is done in them."""

from __future__ import annotations

import ctypes
import sys

#: Numbers of options of mallopt in the GNU C library, and the largest array that it takes from what was freed.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST, _KEPT = 32 * 2**20, 512 * 2**20


def keep_freed_memory() -> bool:
    """Let this process keep up to half a gigabyte of freed memory for its next arrays; return whether the C library does so.

    Nothing is changed but speed. Where the C library is another one, nothing is changed at all.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return all(mallopt(option, value) == 1 for option, value in ((_MMAP_THRESHOLD, _LARGEST), (_TRIM_THRESHOLD, _KEPT)))
