"""How fast the database of indicators is made, is ready, and answers.

    python tests/benchmarks/bench_indicators.py [COUNT] [FOLDER OF FEED FILES]

COUNT indicators (a million) are generated; the feeds of the package and those of the folder are added.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from phone_audit.knowledge.feeds.database import digests_of, open_database
from phone_audit.knowledge.feeds.indicator import About, FeedHead, Indicator
from phone_audit.knowledge.feeds.store import feed_files, read_head, write_feed
from phone_audit.knowledge.load import BUNDLED

LOOK_UPS = 20_000


def generated(count: int) -> list[Indicator]:
    """Return hosts and hashes, half of each, of a thousand families."""
    found = []
    for number in range(count):
        about = About(f"family {number % 1000}", "malware")
        if number % 2:
            found.append(Indicator("hash", sha256(str(number).encode()).hexdigest(), about))
        else:
            found.append(Indicator("host", f"h{number}.x{number % 997}.example.com", about))
    return found


def head(count: int) -> FeedHead:
    return FeedHead(
        feed="generated", format="values", title="Generated", publisher="Nobody", url="", date="2026-01-01",
        licence="fact", imported="2026-01-01T00:00:00Z", input_sha256="0" * 64, counts={"hash": count}, left_out={},
    )  # fmt: skip


def timed(what: str, run: Callable[[], object]) -> object:
    start = time.perf_counter()
    result = run()
    print(f"{what:55} {(time.perf_counter() - start) * 1000:10.1f} ms")
    return result


def rss() -> int:
    """Resident memory in MB, and the peak."""
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def look_ups(count: int) -> list[tuple[str, str]]:
    """Return values of which half are listed."""
    step = max(1, count // LOOK_UPS)
    listed = [("hash", sha256(str(number | 1).encode()).hexdigest()) for number in range(0, count, step)]
    return [pair if number % 2 else (pair[0], pair[1][::-1]) for number, pair in enumerate(listed)]


def main() -> None:
    if sys.argv[1:2] in (["-h"], ["--help"]):
        print(__doc__)
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as scratch:
        folder, cache = Path(scratch) / "knowledge", Path(scratch) / "cache"
        timed(
            f"{count} indicators: written as a feed",
            lambda: write_feed(folder / "indicators" / "generated.jsonl", head(count), generated(count)),
        )
        files = [
            *feed_files(BUNDLED),
            *(feed_files(Path(sys.argv[2])) if len(sys.argv) > 2 else ()),
            *feed_files(folder),
        ]
        digests = timed("digests of the feeds, first time", lambda: digests_of(files, cache))
        assert isinstance(digests, tuple)
        heads = [read_head(file) for file in files]
        timed("made and kept", lambda: open_database(files, heads, digests, cache))
        before = rss()
        start = time.perf_counter()
        database = open_database(files, heads, digests_of(files, cache), cache)
        ready = time.perf_counter() - start
        print(f"{'ready (digests, check sum, opened)':55} {ready * 1000:10.1f} ms")
        wanted = look_ups(count)
        start = time.perf_counter()
        hits = sum(len(database.look_up("hash", value)) for _, value in wanted)
        spent = (time.perf_counter() - start) / len(wanted)
        size = sum(path.stat().st_size for path in cache.glob("*.sqlite")) / 2**20
        print(f"{f'a look-up ({hits} of {len(wanted)} listed)':55} {spent * 1e6:10.1f} µs, {size:.0f} MB on disk")
        print(f"memory of its own {rss() - before} MB")


if __name__ == "__main__":
    main()
