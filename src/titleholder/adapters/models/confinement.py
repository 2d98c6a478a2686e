"""Shut this process in: nothing to read but what is named, nothing to write, nobody to talk to.

Linux alone, and two of its means. Landlock (5.13 and later): files outside of the named
directories cannot be opened, none can be written, and no other process can be looked into, so
that neither home directories nor the environment of whoever started this one are within reach.
seccomp: no socket, no other program, no keyring, no tracing. Both hold for all that this process
starts, and neither can be taken back. Loaded by path, it knows nothing of titleholder.

https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
import platform
import resource
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_VERSION, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR, _WRITE_FILE = 1 << 2, 1 << 3, 1 << 1
# What each version of Landlock can take away of files, of the network, and of other processes.
_FILES: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_NETWORK_SINCE, _NETWORK, _SCOPE_SINCE, _SCOPE = 4, 0b11, 6, 0b11
_NO_NEW_PRIVILEGES = 38
_SYSTEM: Final = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/sys",
                  "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/dev/urandom",
                  "/dev/zero")  # fmt: skip

# Numbers of the system calls that are refused, on x86_64 and on aarch64 (0: it has none such).
_REFUSED: Final[Mapping[str, tuple[int, int]]] = {
    # nobody to talk to
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200),
    "sendto": (44, 206), "sendmsg": (46, 211), "io_uring_setup": (425, 425),
    # no other program, and none left behind
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, 0), "vfork": (58, 0),
    "setsid": (112, 157), "setpgid": (109, 154),
    # nobody to look into or to end
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kill": (62, 129), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # what Landlock leaves of files
    "chmod": (90, 0), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, 0), "lchown": (94, 0), "fchown": (93, 55), "fchownat": (260, 54),
    "utime": (132, 0), "utimes": (235, 0), "futimesat": (261, 0), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "setxattrat": (463, 463),
    # no other view of the system
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "unshare": (272, 97), "setns": (308, 268),
}  # fmt: skip
# By machine: what the kernel calls it, seccomp, clone and clone3.
_MACHINES: Final = {"x86_64": (0xC000003E, 317, 56, 435), "aarch64": (0xC00000B7, 277, 220, 435)}
_LOAD, _EQUAL, _AT_LEAST, _ANY_OF, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _DENY, _UNKNOWN = 0x7FFF0000, 0x80000000, 0x50000 | 1, 0x50000 | 38  # EPERM, ENOSYS
_X32 = 0x40000000  # the other system calls of x86_64
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_THREAD = 0x10000

MEMORY: Final = 16 << 30
SECONDS: Final = 3600


def confine(readable: Iterable[str]) -> None:
    """Shut this process in, for good; OSError where the system cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise _failed("prctl")
    _limit()
    _shut_files(libc, readable)
    _shut_calls(libc)


def _limit() -> None:
    """No file grows, no core is left, and there is an end of memory and time."""
    wanted = {
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: SECONDS,
        resource.RLIMIT_NOFILE: 256,
    }
    for what, most in wanted.items():
        hard = resource.getrlimit(what)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (least, least))


def _shut_files(libc: ctypes.CDLL, readable: Iterable[str]) -> None:
    version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION)
    if version < 1:
        raise _failed("landlock")
    files = max(bits for since, bits in _FILES.items() if since <= version)
    network = _NETWORK if version >= _NETWORK_SINCE else 0
    scope = _SCOPE if version >= _SCOPE_SINCE else 0
    size = 24 if scope else 16 if network else 8
    ruleset = libc.syscall(_CREATE_RULESET, struct.pack("QQQ", files, network, scope), size, 0)
    if ruleset < 0:
        raise _failed("landlock_create_ruleset")
    for path in (*_SYSTEM, *readable):
        _let(libc, ruleset, path, _READ_FILE | (_READ_DIR if Path(path).is_dir() else 0))
    _let(libc, ruleset, os.devnull, _READ_FILE | _WRITE_FILE)
    if libc.syscall(_RESTRICT_SELF, ruleset, 0) != 0:
        raise _failed("landlock_restrict_self")
    os.close(ruleset)


def _let(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    """Leave these rights to a file, or to all below a directory; what is not there needs none."""
    try:
        here = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, here), 0) != 0:
        raise _failed(f"landlock_add_rule {path}")
    os.close(here)


def _shut_calls(libc: ctypes.CDLL) -> None:
    known = _MACHINES.get(platform.machine())
    if known is None:
        raise OSError(f"no list of system calls for {platform.machine()}")
    at = list(_MACHINES).index(platform.machine())
    refused = [numbers[at] for numbers in _REFUSED.values() if numbers[at]]
    program = b"".join(struct.pack("HBBI", *step) for step in _program(refused, *known))
    held = ctypes.create_string_buffer(program)
    filters = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(held))
    if libc.syscall(known[1], 1, 1, filters) != 0:  # SECCOMP_SET_MODE_FILTER, for all threads
        raise _failed("seccomp")


def _program(
    refused: list[int], architecture: int, _: int, clone: int, clone3: int
) -> list[tuple[int, int, int, int]]:
    """The filter, in steps of what to do, how far to go on if so and if not, and with what.

    Another architecture ends the process. What is refused is not permitted. A clone is allowed if
    it is a thread; the newer way to one is unknown, since a filter cannot look into its arguments.
    """
    count = len(refused)
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, count + 5, 0, _X32),
        *((_EQUAL, count + 4 - at, 0, number) for at, number in enumerate(refused)),
        (_EQUAL, 5, 0, clone3),
        (_EQUAL, 0, 2, clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_ANY_OF, 0, 1, _THREAD),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _DENY),
        (_RETURN, 0, 0, _UNKNOWN),
    ]


def _failed(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}")
