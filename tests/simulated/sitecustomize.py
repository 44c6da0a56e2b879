"""Python as on another system, for the program's own modules: what that system lacks, they do not find.

A folder to be put on PYTHONPATH: Python imports a module of this name when it starts, in worker processes too. It does nothing unless
SIMULATED_SYSTEM says `windows` or `macos`. Libraries still find everything: on the other system they have binaries and code of their own.
"""

from __future__ import annotations

import builtins
import os
import sys
from types import ModuleType
from typing import Any

# what the documentation of Python calls "Availability: Unix", as far as any program might use it
WINDOWS_MODULES = ("fcntl", "resource", "termios", "pwd", "grp", "pty", "tty", "syslog", "readline", "curses", "posix")
_WINDOWS_OS = """
fork forkpty nice getuid geteuid getgid getegid setuid setsid killpg getpgid getpgrp setpgid uname sched_getaffinity sched_setaffinity
sysconf confstr writev readv pread pwrite sendfile posix_fadvise posix_fallocate sync fdatasync fchmod fchown chown lchown mkfifo mknod
statvfs fstatvfs getloadavg chroot wait3 wait4 O_DIRECTORY O_NOFOLLOW O_CLOEXEC O_NONBLOCK O_SYNC O_DSYNC O_NOCTTY
"""
_WINDOWS_SIGNAL = """
SIGKILL SIGHUP SIGALRM SIGUSR1 SIGUSR2 SIGCHLD SIGPIPE SIGQUIT setitimer alarm pause pthread_kill pthread_sigmask
"""
WINDOWS_OS, WINDOWS_SIGNAL = _WINDOWS_OS.split(), _WINDOWS_SIGNAL.split()
MACOS_OS = ["sched_getaffinity", "sched_setaffinity", "posix_fadvise", "posix_fallocate", "fdatasync"]
OURS = "gluteal_grade"


def hidden(module: ModuleType, names: list[str]) -> None:
    """The program's own modules do not find these names in it."""
    kept = {name: vars(module).pop(name) for name in names if name in vars(module)}
    if "__all__" in vars(module):
        module.__all__ = [name for name in module.__all__ if name not in kept]
    before = vars(module).get("__getattr__")

    def found(name: str) -> Any:
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if name in kept and not caller.startswith(OURS):
            return kept[name]
        if before is not None and name not in kept:
            return before(name)
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    module.__getattr__ = found  # type: ignore[method-assign]


def locks() -> ModuleType:
    """Windows' locks by byte, on this system's: refused at once while another process has the byte."""
    import fcntl

    library: Any = ModuleType("msvcrt")
    library.LK_UNLCK, library.LK_LOCK, library.LK_NBLCK = 0, 1, 2

    def locking(handle: int, mode: int, count: int) -> None:
        place = os.lseek(handle, 0, os.SEEK_CUR)
        fcntl.lockf(handle, fcntl.LOCK_UN if mode == library.LK_UNLCK else fcntl.LOCK_EX | fcntl.LOCK_NB, count, place)

    library.locking = locking
    return library


def windows() -> None:
    import multiprocessing
    import signal
    from multiprocessing import context

    known = builtins.__import__
    ours = {"msvcrt": locks()}

    def imported(name: str, globals: Any = None, *rest: Any, **more: Any) -> Any:
        if globals is not None and str(globals.get("__name__", "")).startswith(OURS):
            if name.split(".")[0] in WINDOWS_MODULES:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            if name in ours:
                return ours[name]
        return known(name, globals, *rest, **more)

    builtins.__import__ = imported
    hidden(os, WINDOWS_OS)
    hidden(signal, WINDOWS_SIGNAL)
    hidden(context, ["ForkServerContext", "ForkContext"])
    multiprocessing.get_all_start_methods = lambda: ["spawn"]  # type: ignore[method-assign]
    multiprocessing.set_start_method("spawn", force=True)

    def no_right(*_: object, **__: object) -> None:
        raise OSError(22, "A required privilege is not held by the client")

    os.symlink = no_right


def macos() -> None:
    hidden(os, MACOS_OS)


{"windows": windows, "macos": macos}.get(os.environ.get("SIMULATED_SYSTEM", ""), lambda: None)()
