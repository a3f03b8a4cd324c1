"""In: requests on a socket. Out: kernels forked from this process, which has imported everything they will need.

Started by `kernels.Warm`. This process stays single-threaded and runs none of the libraries it imports, so that a fork
of it is as good as a new process. It ends when the socket closes, that is when its client ends, however it ends; its
kernels end with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

KERNEL = ("ipykernel.kernelapp", "ipykernel.ipkernel", "matplotlib_inline.backend_inline")
_NOT = ("analysis.__main__", "analysis.cli", "analysis.execute", "analysis.extract")
_PR_SET_PDEATHSIG = 1


def serve(line: socket.socket, bare: bool = False) -> NoReturn:
    """Answer one JSON line with another until the client is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the client's to handle: it closes the line
    _preload(bare)
    with contextlib.suppress(ConnectionError), line.makefile("r", encoding="utf-8") as asked:  # a client that died
        line.sendall(b'{"ready": true}\n')
        for text in asked:
            request = json.loads(text)
            forks = "fork" in request
            answer = {"pid": _fork(line, **request["fork"])} if forks else {"code": _ended(request["poll"])}
            line.sendall(json.dumps(answer).encode() + b"\n")
    os._exit(0)


def _preload(bare: bool) -> None:
    """Import what kernels need: their own machinery, and every module of the project that a notebook may ask for.

    A module that has a function `warm` gets it called: what it reads is then there in every fork. It must not start
    threads.
    """
    import importlib
    import pkgutil
    import warnings

    import analysis

    os.environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")  # Arrow's memory would start a thread
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # ipykernel reads it when imported, and then watches its parent
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")  # what a kernel sets for itself
    ours = [] if bare else [one.name for one in pkgutil.walk_packages(analysis.__path__, "analysis.")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in (*KERNEL, *(name for name in ours if not name.startswith(_NOT))):
            with contextlib.suppress(Exception):  # a kernel that needs it will say so itself
                module = importlib.import_module(name)
                getattr(module, "warm", int)()
    gc.collect()
    gc.freeze()  # a fork that looked through all of this for garbage would copy the memory it shares


def _fork(line: socket.socket, argv: list[str], env: dict[str, str], cwd: str) -> int:
    """Fork a kernel; return its pid."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        line.close()
        os.setsid()
        _die_with_parent(parent)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _become_kernel(argv, env, cwd)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # nobody above will say why
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _become_kernel(argv: list[str], env: dict[str, str], cwd: str) -> None:
    import importlib
    import random

    import numpy as np

    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    sys.argv = argv
    random.seed()
    np.random.seed()  # noqa: NPY002  # two kernels must not draw alike where somebody forgot a seed
    from analysis import paths

    importlib.reload(paths)  # the run's own folders come with its environment
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance(argv=argv[1:])


def _ended(pid: int) -> int | None:
    """Return the exit code of a kernel, or None while it runs. Until asked, a dead one keeps its pid."""
    try:
        done, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status) if done else None


def _die_with_parent(parent: int) -> None:
    """Ask Linux for SIGKILL when the parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def main() -> Any:
    """Run the server on the socket whose file descriptor is the first argument; `bare` may follow."""
    serve(socket.socket(fileno=int(sys.argv[1])), "bare" in sys.argv[2:])


if __name__ == "__main__":
    main()
