"""Memory that was freed is kept for what is asked for next.

Resamples are arrays of many megabytes, made and dropped again and again. By default glibc gives
each back to the kernel, which then has to clear every page anew: half of the time of a small
panel's comparison.
"""

import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # as in malloc.h
_KEPT = 256 << 20  # bytes
_LARGEST = 32 << 20  # bytes of an array that is kept; the most that glibc takes


def keep_freed() -> None:
    """Have this process keep freed memory, up to 256 MB; where there is no glibc, nothing."""
    if sys.platform != "linux":
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, _KEPT)
        mallopt(_MMAP_THRESHOLD, _LARGEST)
