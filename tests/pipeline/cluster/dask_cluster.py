"""A Dask scheduler and workers on loopback, as processes that a test can kill and start again."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from tests.kit import free_port

ROOT = Path(__file__).parents[3]
NOTHING: Mapping[str, str] = MappingProxyType({})
_PATIENCE = 60
_PAGES = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")
"""Even without its pages, Dask serves a few on every address unless it is told another."""


class DaskCluster:
    """One scheduler, and workers of one thread each.

    Args:
        scratch: folder of their files.
        environment: what workers find besides what there is.
    """

    def __init__(self, scratch: Path, environment: Mapping[str, str]) -> None:
        self._scratch = scratch
        self._environment = environment
        self._port = free_port()
        self.workers: list[subprocess.Popen[bytes]] = []
        self._all: list[subprocess.Popen[bytes]] = []
        self.address = f"tcp://127.0.0.1:{self._port}"
        self.scheduler = self.start_scheduler()

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", str(self._port), "--dashboard-address", "127.0.0.1:0"
        )
        return self.scheduler

    def start_worker(self, preload: Path | None = None) -> subprocess.Popen[bytes]:
        more = ["--preload", str(preload)] if preload else []
        local = ["--host", "127.0.0.1", "--local-directory", str(self._scratch)]
        worker = self._start("worker", self.address, *local, "--no-nanny", "--nthreads", "1", *more)
        self.workers.append(worker)
        return worker

    def replace_workers(self, preload: Path | None = None) -> None:
        """Kill all workers, and start one that runs some code first."""
        while self.workers:
            self.kill(self.workers.pop())
        self.start_worker(preload)

    def _start(self, what: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", what, *arguments, *_PAGES]
        places = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
        environment = {**os.environ, "PYTHONPATH": places, **self._environment}
        with (self._scratch / f"{what}.log").open("ab") as log:
            process = subprocess.Popen(command, env=environment, cwd=self._scratch, stdout=log, stderr=log)
        self._all.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait(_PATIENCE)

    def close(self) -> None:
        for process in reversed(self._all):
            self.kill(process)


@contextlib.contextmanager
def dask_cluster(scratch: Path, environment: Mapping[str, str] = NOTHING, workers: int = 2) -> Iterator[DaskCluster]:
    """A cluster with some workers, which ends with the block."""
    cluster = DaskCluster(scratch, environment)
    try:
        for _ in range(workers):
            cluster.start_worker()
        yield cluster
    finally:
        cluster.close()
