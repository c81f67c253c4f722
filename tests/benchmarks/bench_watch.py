"""How soon a watch sees what it must, what it costs the phone, and how short a connection may be to be seen.

    python tests/benchmarks/bench_watch.py [--each N]

Starts the kit's profiles on the real adbd. Prints the seconds until the activation package's connection was seen on
`nokia7plus-bad`, with the endpoint that its own code holds; findings on `clean-pixel`; the share of one core that
looking took there; and for connections of several lifetimes how many of N were seen with their package. The kit shows a
closed socket as open for up to 0.2 seconds longer, so lifetimes below that are those plus up to 0.2 seconds.
"""

import argparse
import random
import threading
import time
from collections.abc import Callable

from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.watch import Observation, Watch
from phone_audit.pipeline.options import Budget
from phone_audit.pipeline.watch import watch_device
from phone_audit.pipeline.watch_session import WatchOptions, WatchSession
from tests.kit import Phone, running_kit

LIFETIMES = (0.05, 0.25, 0.5, 1.0)
QUIET_BEFORE = 8.0
"""Seconds after which looks have come down to their ordinary pace."""


def until_seen(phone: Phone, place: str, most: float) -> tuple[float | None, Observation | None]:
    """Watch until a place was seen and its code read; give the seconds, or None."""
    found: list[tuple[float, Observation]] = []

    def look(live: WatchSession) -> None:
        for one in live.observations():
            if one.place == place and one.endpoints and not found:
                found.append((live.elapsed, one))

    watch(phone, most, on_look=look, stopped=lambda: bool(found))
    return found[0] if found else (None, None)


def watch(
    phone: Phone,
    seconds: float,
    on_look: Callable[[WatchSession], None] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Watch:
    options = WatchOptions(via="direct", seconds=seconds, on_look=on_look, stopped=stopped, budget=Budget(jobs=1))
    return watch_device(phone.address, knowledge=load_knowledge(), options=options)


def seen_of(phone: Phone, lifetime: float, count: int) -> tuple[int, Watch]:
    """Open connections of one lifetime, each to a place of its own, and tell how many were seen."""
    chance = random.Random(lifetime)
    places = [f"198.18.{int(lifetime * 100) % 256}.{number}" for number in range(1, count + 1)]
    spread = 0.7 + lifetime / 2

    def connect() -> None:
        time.sleep(QUIET_BEFORE)
        for place in places:
            phone.ctl("connect", "com.whatsapp", f"{place}:443", "tcp", f"seconds={lifetime}")
            time.sleep(chance.uniform(0.5, 1.5) * spread)

    actor = threading.Thread(target=connect)
    actor.start()
    result = watch(phone, QUIET_BEFORE + count * spread * 1.5 + 3, stopped=lambda: not actor.is_alive())
    actor.join()
    seen = {one.remote.address for one in result.observations if "com.whatsapp" in one.packages}
    return len(seen.intersection(places)), result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=20, help="connections of each lifetime")
    each = parser.parse_args().each
    with running_kit() as kit:
        seconds, one = until_seen(kit.phone("nokia7plus-bad"), "203.0.113.77:9999", 30)
        said = f"after {seconds:.1f} s (at most 30): {one.said()}" if one and seconds else "not seen"
        print(f"nokia7plus-bad: activation package {said}")
        pixel = kit.phone("clean-pixel")
        result = watch(pixel, 20)
        samples = result.samples
        print(f"clean-pixel: {len(result.findings)} findings, {len(result.observations)} places")
        print(
            f"looking: {100 * (samples.core_share or 0):.2f} % of one core (at most 5), one look every "
            f"{samples.interval_ms} ms, longest gap {samples.longest_gap_ms} ms"
        )
        for lifetime in LIFETIMES:
            seen, result = seen_of(pixel, lifetime, each)
            print(
                f"connections of {lifetime} s: {seen} of {each} seen, {result.samples.missed_connections} told as "
                f"missed; looks every {result.samples.interval_ms} ms"
            )


if __name__ == "__main__":
    main()
