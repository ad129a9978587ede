"""A Python that has imported what notebooks begin with, and forks itself whenever a kernel is wanted.

It answers `warm` when it can be asked. Each line of standard input is a wish, in JSON; the answer is `forked`, or
`stale` and the end when what it has imported may have changed on disk. Of each wish two processes come: a keeper,
which is another program, and its child, which becomes the kernel when the keeper tells it how.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import site
import socket
import sys
import warnings

# Not matplotlib's inline backend: it looks for its shell when it is imported.
BEFOREHAND = (
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    "sqlite3",
    "tornado.platform.asyncio",
    "numpy",
    "pandas",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "pyarrow.flight",
    "astropy.table",
    "astropy.units",
    "astropy.coordinates",
    "nearside",
)
# Settings that are read while importing.
SETTINGS = ("~/.config/matplotlib/matplotlibrc", "~/.matplotlib/matplotlibrc", "~/.astropy/config/astropy.cfg")

INPUT, OUTPUT, ERRORS = range(3)
# Where a keeper finds the way to its kernel (`keeper/forked.rs`).
ORDER, LAST_WORDS = 3, 4
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def on_disk() -> dict[str, int]:
    """When something was last installed or set, for each place that imports depend on."""
    own = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return {place: modified(place) for place in (*sys.path, *own, *map(os.path.expanduser, SETTINGS))}


def modified(place: str) -> int:
    """When a file or directory was last modified; 0 where there is none."""
    try:
        return os.stat(place).st_mtime_ns
    except OSError:
        return 0


def fork() -> int:
    """Forks. Threads of numpy and pyarrow know how to be forked, and there are no others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return os.fork()


def serve() -> None:
    """Forks a keeper for each wish, until there are none."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    rename([sys.executable, "warm"])
    inherited = dict(os.environ)
    # ipykernel sets this too, but matplotlib is here before.
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    # The working directory is no place for the kernel's own modules.
    sys.path[:] = [place for place in sys.path if place not in ("", os.getcwd())]
    before = on_disk()
    for module in BEFOREHAND:
        # What is missing or broken is for the notebook to find out.
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    # What never changes is never copied.
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    answer("warm")
    with open(INPUT, "rb", buffering=0, closefd=False) as wishes:
        for line in wishes:
            if on_disk() != before:
                return answer("stale")
            wish = json.loads(line)
            door = socket.socket(socket.AF_UNIX)
            door.bind(wish["socket"])
            door.listen()
            if fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                return keep(wish["keeper"], door, inherited)
            door.close()
            answer("forked")


def answer(word: str) -> None:
    os.write(OUTPUT, f"{word}\n".encode())


def keep(keeper: list[str], door: socket.socket, environment: dict[str, str]) -> None:
    """Forks the kernel, and goes on as its keeper."""
    orders, order = os.pipe()
    last_words, words = os.pipe()
    keeper_id = os.getpid()
    kernel = fork()
    if kernel == 0:
        return become(orders, words, keeper_id)
    os.setpgid(0, 0)
    # The door was opened first, so that the pipes' own numbers are higher than these.
    for source, target in ((door.fileno(), INPUT), (ERRORS, OUTPUT), (order, ORDER), (last_words, LAST_WORDS)):
        os.dup2(source, target)
    os.closerange(LAST_WORDS + 1, os.sysconf("SC_OPEN_MAX"))
    os.execve(keeper[0], [*keeper, "--forked", str(kernel)], environment)


def become(orders: int, words: int, keeper_id: int) -> None:
    """Waits for the keeper's order, and becomes a kernel that nobody can tell from one that was started."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    os.dup2(orders, INPUT)
    os.dup2(os.open(os.devnull, os.O_WRONLY), OUTPUT)
    os.dup2(words, ERRORS)
    os.closerange(ERRORS + 1, os.sysconf("SC_OPEN_MAX"))
    with open(INPUT, "rb", closefd=False) as stream:
        line = stream.readline()
    if not line or os.getppid() != keeper_id:
        os._exit(0)
    order = json.loads(line)
    os.dup2(os.open(os.devnull, os.O_RDONLY), INPUT)
    os.closerange(ERRORS + 1, os.sysconf("SC_OPEN_MAX"))
    os.environ.update(order["variables"])
    os.chdir(order["directory"])
    words_of_command = [sys.executable, *order["arguments"]]
    if os.path.exists("matplotlibrc"):
        # Settings of this directory, which matplotlib has not seen.
        os.execv(sys.executable, words_of_command)
    rename(words_of_command)
    reseed()
    importlib.invalidate_caches()
    # As `python -m` does.
    sys.argv = [sys.executable, *order["arguments"][2:]]
    runpy.run_module(order["arguments"][1], run_name="__main__", alter_sys=True)


def rename(words: list[str]) -> None:
    """Shows ``words`` as the command line of this process (proc_pid_stat(5), fields 48 and 49)."""
    with open("/proc/self/stat") as stat:
        start, end = map(int, stat.read().rpartition(")")[2].split()[45:47])
    text = b"".join(word.encode() + b"\0" for word in words)[: end - start - 1]
    ctypes.memmove(start, text.ljust(end - start, b"\0"), end - start)


def reseed() -> None:
    """Gives the module of random numbers that does not look for forks a seed of its own."""
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()


serve()
