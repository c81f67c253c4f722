"""Makes data/indicators/*.jsonl, with the licence of each, from lists whose licence allows that.

    python -m phone_audit.knowledge.bulk.indicators SOURCE [-o FOLDER]

SOURCE is a folder with a sub-folder for each list. Values, names and classes are taken; no prose. What is left out, a
value that belongs to an ordinary company included, is printed. Lists with a licence that allows no copy in here are not
named below; `phone-audit db import` reads those into the user's own folder.
"""

import argparse
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from phone_audit.knowledge.feeds.formats import FORMATS
from phone_audit.knowledge.feeds.indicator import About, FeedHead, Indicator, Rejected, ThreatClass, Weight
from phone_audit.knowledge.feeds.store import FOLDER, write_feed
from phone_audit.knowledge.hosts import suffixes
from phone_audit.knowledge.load import BUNDLED, Knowledge, load_knowledge
from phone_audit.knowledge.naming import suffixes as public_suffixes

Row = Indicator | Rejected
_SHARED: Final = "a shared address: others use it too"


@dataclass(frozen=True)
class Part:
    """Files of a list that are read alike. `name` empty: the file or its rows tell it."""

    files: str
    format: str
    class_: ThreatClass
    name: str = ""
    weight: Weight = "strong"
    note: str = ""


@dataclass(frozen=True)
class List:
    """A list: where it lies, what it is made of, and what has to be said of it."""

    feed: str
    folder: str
    title: str
    publisher: str
    url: str
    revision: str
    date: str
    licence: str
    licence_url: str
    parts: tuple[Part, ...]
    changed: str
    keeps: Callable[[Indicator], bool] = field(default=lambda _: True)


_MALTRAIL: Final[tuple[tuple[str, str, ThreatClass, Weight], ...]] = (
    ("badbox", "BADBOX", "malware", "strong"), ("bigpanzi", "Bigpanzi", "malware", "strong"),
    ("clickfraud", "Click fraud", "adware", "weak"), ("cookiethief", "Cookiethief", "malware", "strong"),
    ("coolreaper", "CoolReaper", "malware", "weak"), ("goldoson", "Goldoson", "adware", "strong"),
    ("hiddad", "HiddenAds", "adware", "weak"), ("lorikazz", "LoriKazz", "malware", "strong"),
    ("pareto", "PARETO", "malware", "strong"), ("phantom", "Keenadu", "malware", "strong"),
    ("triada", "Triada", "malware", "strong"), ("vo1d", "Vo1d", "malware", "strong"),
)  # fmt: skip
_GITHUB: Final = "https://github.com/"
LISTS: Final = (
    List(
        "stalkerware-indicators", "stalkerware-indicators", "Indicators of stalkerware", "Association Echap",
        f"{_GITHUB}AssoEchap/stalkerware-indicators", "a04c5c1958bff93fec3b1b56edbb412b209f2a38", "2026-06-21",
        "CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/",
        (
            Part("ioc.yaml", "stalkerware", "stalkerware"),
            Part("watchware.yaml", "stalkerware", "watchware"),
            Part("samples.csv", "stalkerware-samples", "stalkerware"),
        ),
        "The column of certificates of samples.csv was left out, and certificates with which everybody can sign.",
    ),
    List(
        "mvt-indicators", "mvt-indicators", "Indicators of compromise for MVT", "Mobile Verification Toolkit",
        f"{_GITHUB}mvt-project/mvt-indicators", "e035f4fbdb8aedb46a27bcdd4b1c6179d22301ad", "2026-04-08",
        "MIT", "https://opensource.org/license/mit",
        (Part("*.stix2", "stix", "spyware"),),
        "Patterns were taken apart into plain values; sets for iPhones only were left out.",
    ),
    List(
        "amnesty-investigations", "amnestytech-investigations", "Indicators of Amnesty International's research",
        "Amnesty International", f"{_GITHUB}AmnestyTech/investigations", "3d8f248a0d015f183724ae7d096a5c46a8bb5fc7",
        "2024-12-16", "CC-BY-2.0", "https://creativecommons.org/licenses/by/2.0/",
        (
            Part("*.stix2", "stix", "spyware"),
            Part("2020-09-25_finfisher__*.csv", "csv", "spyware", "FinFisher"),
            Part("2021-02-24_vietnam__*.txt", "values", "spyware", "Ocean Lotus"),
            Part("2021-10-07_donot__*.txt", "values", "spyware", "Donot Team"),
        ),
        "Only what concerns Android or every system; patterns were taken apart into plain values.",
    ),
    List(
        "maltrail-android", "maltrail-android-firmware", "Maltrail: Android families in firmware", "Maltrail",
        f"{_GITHUB}stamparm/maltrail", "8adace159e1e9418ca4dd1a4b07f84917c3b6155", "2026-08-23",
        "MIT", "https://opensource.org/license/mit",
        tuple(Part(f"android_{file}.txt", "maltrail", kind, name, weight) for file, name, kind, weight in _MALTRAIL),
        "Ports, comments and paths without a host were left out.",
    ),
    List(
        "badbox-iocs", "badbox-iocs", "BADBOX 2.0: addresses, and one projector", "cstrucco; maximilian-sh",
        f"{_GITHUB}maximilian-sh/hy350max-badbox-removal",
        "cstrucco/badbox-c2-blocklist 95a9bf70972a69c619a6fe7c1aa2bb97bf61edde; "
        "maximilian-sh/hy350max-badbox-removal e01541e089445529f6608aabcf2bdd933c9541ec", "2026-08-16",
        "CC0-1.0 (cstrucco), CC-BY-4.0 (maximilian-sh)", "https://creativecommons.org/licenses/by/4.0/",
        (
            Part("cstrucco-*.csv", "csv", "malware", "BADBOX 2.0 / Vo1d / Kimwolf", "weak", _SHARED),
            Part("hy350max-*.txt", "values", "malware", "BADBOX 2.0", "weak", "seen on one projector"),
        ),
        "Hosts of measurement services that ordinary software uses were left out.",
    ),
    List(
        "misp-galaxy", "misp-galaxy", "Names of Android malware and stalkerware", "MISP",
        f"{_GITHUB}MISP/misp-galaxy", "9434ace4eb925c9a1c9b3bccf014a25f9d14f0b0", "2026-08-06",
        "CC0-1.0 or BSD-2-Clause", "https://creativecommons.org/publicdomain/zero/1.0/",
        (Part("*.json", "misp-galaxy", "malware"),),
        "Names and synonyms only.",
        lambda item: item.kind == "name",
    ),
)  # fmt: skip


def make(source: List, folder: Path, knowledge: Knowledge) -> tuple[FeedHead, list[Indicator], list[Rejected]]:
    """Give the head and the indicators of a list, and what was left out."""
    taken: dict[Indicator, None] = {}
    left: list[Rejected] = []
    total = hashlib.sha256()
    for part in source.parts:
        files = sorted((folder / source.folder).glob(part.files))
        if not files:
            raise SystemExit(f"{source.folder}: there is no {part.files}")
        for file in files:
            data = file.read_bytes()
            total.update(data)
            for item in _items(part, file, data):
                fault = item if isinstance(item, Rejected) else ordinary(item, knowledge)
                if fault is not None:
                    left.append(fault)
                elif isinstance(item, Indicator) and source.keeps(item):
                    taken[item] = None
    counts = Counter(item.kind for item in taken)
    head = FeedHead(
        feed=source.feed, format=source.parts[0].format, title=source.title, publisher=source.publisher,
        url=source.url, revision=source.revision, date=source.date, licence=source.licence,
        imported=f"{source.date}T00:00:00Z", input_sha256=total.hexdigest(), counts=dict(sorted(counts.items())),
        left_out=dict(sorted(Counter(re.sub(r"'[^']*'|\S+\.\S+", "…", item.why) for item in left).items())),
    )  # fmt: skip
    return head, list(taken), left


def _items(part: Part, file: Path, data: bytes) -> Iterator[Row]:
    for item in FORMATS[part.format].read(data, About(part.name or file.stem, part.class_, part.weight, part.note)):
        if part.name and isinstance(item, Indicator):
            yield Indicator(item.kind, item.value, About(part.name, part.class_, part.weight, part.note))
        else:
            yield item


def ordinary(item: Indicator, knowledge: Knowledge) -> Rejected | None:
    """Say why a value is no sign, as other facts of the package tell: a public key, the host of an ordinary company."""
    if item.kind == "certificate" and item.value in knowledge.public_certificates:
        return Rejected(item.value, "everybody can sign with this key")
    if item.kind == "host":
        named = knowledge.trackers_of_host(item.value) or knowledge.owner_of(item.value)
        if named and not public_suffixes()["hosting"].intersection(suffixes(item.value)):
            return Rejected(item.value, "the host of an ordinary company")
    return None


def licence_text(source: List, file: str) -> str:
    """Give the licence and attribution of a data file."""
    return (
        f"{file} is made from “{source.title}” by {source.publisher}.\n\n"
        f"  Original: {source.url} (revision {source.revision}, {source.date})\n"
        f"  Licence:  {source.licence}, {source.licence_url}\n\n"
        f"{file} is made available under the same licence.\n\n"
        "What was changed against the original: values, names and classes were taken, prose was not.\n"
        f"{source.changed}\n"
        "The script phone_audit/knowledge/bulk/indicators.py makes the file from the original.\n"
    )


def main() -> None:
    """Make every list; print counts and what was left out to standard error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="the folder that holds the folders of the lists")
    parser.add_argument(
        "-o", "--output", type=Path, default=BUNDLED / FOLDER, help="default: the folder in the package"
    )
    options = parser.parse_args()
    knowledge = load_knowledge()
    options.output.mkdir(parents=True, exist_ok=True)
    for source in LISTS:
        head, indicators, left = make(source, options.source, knowledge)
        file = f"{source.feed}.jsonl"
        write_feed(options.output / file, head, indicators)
        (options.output / f"LICENSE.{source.feed}").write_text(licence_text(source, file), "utf-8")
        sys.stderr.write(f"{source.feed}: {len(indicators)} taken {dict(head.counts)}, {len(left)} left out\n")
        sys.stderr.write("".join(f"  {item.row}: {item.why}\n" for item in left))


if __name__ == "__main__":
    main()
