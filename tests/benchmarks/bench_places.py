"""The search outside DEX files, and the whole analysis, against isal's inflation of every entry that is read.

    python tests/benchmarks/bench_places.py FOLDER|APK...

Goal: the whole analysis takes at most twice the inflation plus 50 ms. Everything runs in this process, one run after
the other, and the least of a few rounds counts, in seconds of the processor, since one process does all of it. Loading
of code and knowledge is not counted. Packages whose entries hold less than 4 MB are counted, not judged; what archives
inside a package unpack to is not part of the inflation.
"""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from phone_audit.apk.assets.asset_walker import MAX_FILE, read_assets  # noqa: E402
from phone_audit.apk.assets.file_types import HEAD, FileType, file_type_of  # noqa: E402
from phone_audit.apk.read_apk import read_apk  # noqa: E402
from phone_audit.apk.zip.archive import Archive, map_file  # noqa: E402
from phone_audit.apk.zip.contents import code_entries, is_container  # noqa: E402
from phone_audit.errors import ApkError  # noqa: E402
from phone_audit.knowledge.load import Knowledge, load_knowledge  # noqa: E402

ROUNDS = 3
JUDGED_FROM = 4 * 2**20
ALLOWED = 0.05


class Measured(NamedTuple):
    """Bytes and seconds of one package."""

    size: int
    inflate: float
    places: float
    whole: float

    @property
    def kept(self) -> bool:
        return self.whole <= 2 * self.inflate + ALLOWED


def inflated(archive: Archive) -> int:
    """Unpack what the analysis reads."""
    size = 0
    for entry in archive.entries:
        try:
            content = archive.read(entry, MAX_FILE)
            if file_type_of(bytes(content[:HEAD])) is not FileType.MEDIA:
                size += len(content)
        except ApkError:
            continue
    return size


def least(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        work()
        seconds.append(time.process_time() - begin)
    return min(seconds)


def measure(path: Path, knowledge: Knowledge) -> Measured | None:
    try:
        with map_file(path) as data:
            archive = Archive(data)
            if is_container(archive):
                return None
            own = frozenset(entry for _, entry in code_entries(archive).dex)
            return Measured(
                inflated(archive),
                least(lambda: inflated(Archive(data))),
                least(lambda: read_assets(Archive(data), own)),
                least(lambda: read_apk(path, shown_as=path.name, knowledge=knowledge)),
            )
    except ApkError:
        return None


def packages(arguments: list[str]) -> Iterator[Path]:
    for argument in map(Path, arguments):
        yield from sorted(argument.iterdir()) if argument.is_dir() else [argument]


def main() -> None:
    knowledge = load_knowledge()
    measured = {path.name: one for path in packages(sys.argv[1:]) if (one := measure(path, knowledge))}
    judged = {name: one for name, one in measured.items() if one.size >= JUDGED_FROM}
    for name, one in sorted(judged.items(), key=lambda item: -item[1].size):
        ratio = (one.whole - ALLOWED) / one.inflate
        figures = f"{1e3 * one.inflate:6.0f} ms inflation {1e3 * one.places:6.0f} ms places {1e3 * one.whole:6.0f} ms"
        print(f"{one.size / 1e6:6.1f} MB {figures} whole, ratio {ratio:4.1f} {'' if one.kept else 'OVER'} {name}")
    print(f"{len(judged)} judged, {sum(one.kept for one in judged.values())} within the goal")
    total, places, whole = (
        sum(getattr(one, name) for one in measured.values()) for name in ("inflate", "places", "whole")
    )
    print(f"all {len(measured)}: {total:.2f} s inflation, {places:.2f} s places, {whole:.2f} s whole")


if __name__ == "__main__":
    main()
