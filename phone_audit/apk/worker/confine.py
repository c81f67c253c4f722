"""Takes from the worker process what it does not need: memory beyond its budget, the network, other processes."""

import contextlib
import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1
_CLONE_NEWNET = 0x40000000
_CLONE_NEWUSER = 0x10000000
_REFUSED = (
    "socket.connect",
    "socket.bind",
    "socket.sendto",
    "socket.sendmsg",
    "socket.getaddrinfo",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
)


def confine(parent: int) -> None:
    """Confine this process, for good.

    Args:
        parent: process id of the parent; this process ends with it.

    What the operating system cannot do is left out: Linux ends the process with its parent and takes its network away
    (as root, or where users may make namespaces), elsewhere only Python's own calls are refused.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.unshare(_CLONE_NEWNET | (0 if os.geteuid() == 0 else _CLONE_NEWUSER))
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # after: a change of credentials clears it
    if os.getppid() != parent:
        sys.exit(1)
    sys.addaudithook(_refuse)


def limit_memory(size: int) -> None:
    """Limit the address space to `size` bytes, where the system can; it can be set again, up or down."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = size if hard == resource.RLIM_INFINITY else min(size, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def resident() -> int:
    """Bytes of memory that this process holds now; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0


def _refuse(event: str, _: object) -> None:
    if event in _REFUSED:
        raise PermissionError(f"The worker process may not do this: {event}")
