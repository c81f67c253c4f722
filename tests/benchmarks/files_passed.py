"""Counts the files of phone_audit that something passes on its way to an outcome.

    python tests/benchmarks/files_passed.py apk FILE        its bytes: files with a function that ran for this APK
    python tests/benchmarks/files_passed.py list PACKAGE    the answer to `pm list packages`, on the simulated phone:
                                                            files with a function that was handed the name
    python tests/benchmarks/files_passed.py build ID        a build ID: files with a function that ran for it

Files that only define types or constants, or that are only imported, count for none: what counts is where a reader has
to stop. Each detector is one of many alike, so none is counted among the files on the way. Run it with the interpreter
of another checkout's environment, and it counts that checkout.
"""

import importlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import phone_audit

ROOT = str(Path(phone_audit.__file__).parent)
WORKERS = (
    ("phone_audit.apk.worker.pool", "phone_audit.apk.worker.process"),
    ("phone_audit.analyse.worker_pool", "phone_audit.analyse.worker_process"),
)
LONGEST_LIST = 5_000
ROOMS = ("pipeline", "acquire", "apk", "analyse", "detect", "judge")

IN_WORKER = """
import os, sys
ROOT, LOG = {root!r}, {log!r}
seen = set()
def count(frame, event, argument):
    name = frame.f_code.co_filename
    if event == "call" and name not in seen and frame.f_code.co_name not in ("<module>", "__build_class__"):
        seen.add(name)
        if name.startswith(ROOT) and frame.f_code.co_flags & 2:
            with open(LOG, "a") as log:
                log.write(name + "\\n")
"""


def main() -> None:
    what, subject = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "worker"
        seen = {"apk": trace_apk, "list": trace_list, "build": trace_build}[what](subject, log)
        if log.exists():
            seen |= set(log.read_text().split())
    names = sorted(str(Path(name).relative_to(ROOT)) for name in seen)
    passed = [name for name in names if name.partition("/")[0] in ROOMS and "/detectors/" not in name]
    print(*passed, sep="\n")
    print(f"{len(passed)} files on the way, {len(names)} with detectors, facts, model, files, options and formats")


def trace_apk(path: str, log: Path) -> set[str]:
    pool_module, process_module = next(pair for pair in WORKERS if importable(pair[0]))
    pool, process = importlib.import_module(pool_module), importlib.import_module(process_module)
    begin, _, rest = process.WORKER.partition("from phone_audit")
    traced = IN_WORKER.format(root=ROOT, log=str(log)) + begin + "from phone_audit" + rest
    traced = traced.replace("sys.exit(main(", "sys.setprofile(count)\nsys.exit(main(")
    pool.WorkerPool.__init__.__kwdefaults__["program"] = traced
    return run(["apks", path, "-f", "json", "--no-cache"], ran)


def trace_build(build: str, log: Path) -> set[str]:
    del log
    return run(["firmware", build], ran)


def trace_list(package: str, log: Path) -> set[str]:
    del log

    def handed(frame: FrameType) -> bool:
        return any(holds(value, package) for value in frame.f_locals.values())

    return run(["demo"], handed)


def ran(frame: FrameType) -> bool:
    del frame
    return True


def holds(value: object, name: str) -> bool:
    """Tell whether a value is the name, or a text or list with it, or a thing of that name."""
    if isinstance(value, str):
        return name in value
    if isinstance(value, bytes):
        return name.encode() in value
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        return len(value) <= LONGEST_LIST and any(is_named(one, name) for one in value)
    return is_named(value, name)


def is_named(value: object, name: str) -> bool:
    if isinstance(value, str):
        return value == name
    return type(value).__module__.startswith("phone_audit") and getattr(value, "name", None) == name


def run(arguments: list[str], counts: Callable[[FrameType], bool]) -> set[str]:
    """Run a command in this process, and return the files that count."""
    seen: set[str] = set()

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        del argument
        name = frame.f_code.co_filename
        if event != "call" or name in seen or not name.startswith(ROOT):
            return
        in_function = frame.f_code.co_flags & 2 and frame.f_code.co_name not in ("<module>", "<lambda>")
        if in_function and counts(frame):
            seen.add(name)

    cli = importlib.import_module("phone_audit.cli.main")
    sys.argv = ["phone-audit", *arguments]
    sys.stdout.flush()
    kept, quiet = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    sys.setprofile(profile)
    try:
        cli.main()
    except SystemExit:
        pass
    finally:
        sys.setprofile(None)
        sys.stdout.flush()
        os.dup2(kept, 1)
    return seen


def importable(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


if __name__ == "__main__":
    main()
