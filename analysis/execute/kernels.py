"""In: nothing. Out: kernel managers for papermill whose kernels are forks of a process that has imported everything.

A fresh kernel spends seconds on importing; a fork has it all. Each notebook still gets a process of its own. Linux
only: elsewhere, and with `--fresh`, papermill starts its kernels as always.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from analysis import paths
from analysis.errors import RunError

START_SECONDS = 120
_CONNECTION = "analysis-kernel-of-"  # then the process that started it


class Manager(AsyncKernelManager):
    """A kernel manager with the environment and the server (or none) of one run."""

    own_env: Mapping[str, str] = {}
    warm: Warm | None = None

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        options.setdefault("env", os.environ | self.own_env)
        options.setdefault("cwd", str(paths.ROOT))
        self.connection_file = self.connection_file or _connection_file()
        if self.warm and self.provisioner is None:
            self.provisioner = _Provisioner(
                kernel_id=self.kernel_id or "", kernel_spec=self.kernel_spec, parent=self, warm=self.warm
            )
        return await super()._async_pre_start_kernel(**options)


def _connection_file() -> str:
    """Return where a kernel's manager writes what one needs to reach it; remove what killed ones left there."""
    folder = Path(tempfile.gettempdir())
    if os.name == "posix":
        for left in folder.glob(f"{_CONNECTION}*.json"):
            with contextlib.suppress(OSError, ValueError):  # another user's, or not of this name
                try:
                    os.kill(int(left.name.removeprefix(_CONNECTION).partition("-")[0]), 0)
                except ProcessLookupError:
                    left.unlink()
    return str(folder / f"{_CONNECTION}{os.getpid()}-{uuid4().hex}.json")


def manager(env: Mapping[str, str], warm: Warm | None = None) -> type[Manager]:
    """Return the class that papermill makes one run's manager of."""
    return type("RunManager", (Manager,), {"own_env": dict(env), "warm": warm})


class Warm:
    """The client of one fork server; threads may share it. Use as a context: leaving it ends server and kernels."""

    bare = False  # True: nothing but the kernel's own machinery is imported beforehand

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._closed = False

    def __enter__(self) -> Warm:
        self._start(os.environ | surroundings())  # it gets ready while this process imports papermill
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._closed = True
            self._stop()

    def fork(self, argv: list[str], env: Mapping[str, str], cwd: str) -> int:
        """Fork a kernel and return its pid; a server that died is replaced once.

        Raises
        ------
        RunError
            No server can be started, or this context has been left.
        """
        wanted = {"fork": {"argv": argv, "env": dict(env), "cwd": cwd}}
        with self._lock:
            for _ in range(2):
                if self._closed:
                    break
                try:
                    if self._server is None or self._server.poll() is not None:
                        self._start(env)
                    return self._ask(wanted)["pid"]
                except (OSError, ValueError):
                    self._stop()
        raise RunError("the server that forks kernels does not answer. Try --fresh.")

    def poll(self, pid: int) -> int | None:
        """Return the exit code of a kernel, or None while it runs."""
        with self._lock:
            try:
                return self._ask({"poll": pid})["code"]
            except (OSError, ValueError):
                return -signal.SIGKILL  # kernels end with their server

    def _start(self, env: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        words = [sys.executable, "-m", "analysis.execute.forkserver", str(theirs.fileno()), *["bare"] * self.bare]
        with theirs:
            self._server = subprocess.Popen(
                words, pass_fds=[theirs.fileno()], env=dict(env), cwd=paths.ROOT, stdin=subprocess.DEVNULL
            )
        ours.settimeout(START_SECONDS)
        self._line, self._answers = ours, ours.makefile("r", encoding="utf-8")
        self._greeted = False

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if not self._greeted:
            self._greeted = "ready" in json.loads(self._answers.readline())
        self._line.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(self._answers.readline())

    def _stop(self) -> None:
        if self._server is None:
            return
        self._answers.close()
        self._line.close()  # the server ends when the line does, and its kernels with it
        try:
            self._server.wait(5)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._server = None


class _Fork:
    """What `LocalProvisioner` expects of a Popen."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, warm: Warm):
        self.pid, self._warm, self.returncode = pid, warm, None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._warm.poll(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        until = time.monotonic() + (timeout or 3600)
        while self.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class _Provisioner(LocalProvisioner):
    def __init__(self, warm: Warm, **options: Any):
        super().__init__(**options)
        self._warm = warm

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        argv = cmd[cmd.index("-m") + 1 :]  # python -m ipykernel_launcher -f FILE
        pid = self._warm.fork(argv, options["env"], str(options["cwd"]))
        self.process = _Fork(pid, self._warm)  # pyright: ignore[reportAttributeAccessIssue]
        self.pid = self.pgid = pid  # it leads its own group
        self.cwd = options["cwd"]
        return self.connection_info


def surroundings() -> dict[str, str]:
    """Return what every kernel, forked or fresh, finds in its environment besides ours.

    One thread for linear algebra: two add up in another order, and runs side by side would fight for the cores.
    """
    there = os.environ.get("PYTHONPATH", "").split(os.pathsep)  # the kernel has to find this package wherever it starts
    threads = {name: os.environ.get(name, "1") for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    return threads | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(filter(None, [str(paths.ROOT), *there])))}


def can_fork() -> bool:
    """Whether warm kernels work here: macOS must not fork after BLAS has started threads, Windows cannot."""
    return sys.platform == "linux"


@contextlib.contextmanager
def warm(wanted: bool = True) -> Iterator[Warm | None]:
    """Give a fork server for the length of a batch, or None where kernels have to be started fresh."""
    if not (wanted and can_fork()):
        yield None
        return
    with Warm() as server:
        yield server
