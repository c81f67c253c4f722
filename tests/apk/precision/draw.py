"""Draws the strings by which recall and precision of endpoints are measured.

    python tests/apk/precision/draw.py FOLDER [OUTPUT]

FOLDER holds the corpus of APKs. It was run once, before the rules that the sample judges were written, and wrote
`candidates.jsonl`; the labels beside it belong to that draw. A candidate is a string in a DEX file that holds a URL
with a host, or that as a whole can be a host name or an address, whatever is made of it later. Each string is drawn
once, however many APKs hold it; of one APK the hosts take turns, so that no SDK with a hundred XML feature names
crowds out the others. The halves `tune` and `held` go by package, so no package stands in both.
"""

import csv
import json
import random
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Final, NamedTuple

from phone_audit.apk.dex.file import DexFile, read_dex
from phone_audit.apk.text.host_text import MAX_HOST, Host, find_bare_host, find_bare_ipv6, find_urls

SEED: Final = 20261125
MOST_OF_ONE_APK: Final = 30
HERE: Final = Path(__file__).resolve().parent
_URL_MARK: Final = rb":(?:\\?/){2}"
_NAME_BYTES: Final = b"abcdefghijklmnopqrstuvwxyz0123456789-"


class Candidate(NamedTuple):
    """One host in one string. `offset` is that of the string_data_item in `file`; `text` is cut around the host."""

    apk: str
    package: str
    file: str
    offset: int
    host: str
    url: str
    text: str

    @property
    def string(self) -> tuple[str, str]:
        return self.text, self.host


def dex_files(path: Path) -> list[tuple[str, bytes]]:
    """Read the DEX files of a package; a file that is no archive has none."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(name for name in archive.namelist() if name.endswith(".dex"))
            return [(name, archive.read(name)) for name in names]
    except (zipfile.BadZipFile, NotImplementedError):
        return []


def candidates(apk: str, package: str, files: Iterable[DexFile]) -> Iterator[Candidate]:
    """Yield every candidate of one package in the order of its files."""
    for dex in files:
        for offset, found in chain(_urls(dex), _bare(dex)):
            yield Candidate(apk, package, dex.name, offset, found.host, found.url, found.excerpt)


def _urls(dex: DexFile) -> Iterator[tuple[int, Host]]:
    return ((offset, found) for offset, text in dex.strings.holding(_URL_MARK) for found in find_urls(text))


def _bare(dex: DexFile) -> Iterator[tuple[int, Host]]:
    for offset, text in dex.strings.headed(_NAME_BYTES, b".:", MAX_HOST + len(":65535")):
        if found := find_bare_host(text) or find_bare_ipv6(text):
            yield offset, found


def draw(packages: Mapping[str, Sequence[Candidate]], chance: random.Random) -> list[Candidate]:
    """Choose from each APK. Small ones come first, since their strings stand in the large ones too."""
    drawn: list[Candidate] = []
    taken: set[tuple[str, str]] = set()
    for _, found in sorted(packages.items(), key=lambda pair: (len(pair[1]), pair[0])):
        fresh = list({one.string: one for one in reversed(found) if one.string not in taken}.values())
        chosen = list(_by_turns(fresh, chance))[:MOST_OF_ONE_APK]
        taken.update(one.string for one in chosen)
        drawn += chosen
    return drawn


def _by_turns(found: Sequence[Candidate], chance: random.Random) -> Iterator[Candidate]:
    """Return one candidate of each host, then a second one, and so on, hosts and candidates in a random order."""
    hosts: dict[str, list[Candidate]] = {}
    for one in sorted(found):
        hosts.setdefault(one.host, []).append(one)
    piles = list(hosts.values())
    chance.shuffle(piles)
    for pile in piles:
        chance.shuffle(pile)
    return (one for turn in zip_longest(*piles) for one in turn if one is not None)


def halves(drawn: Sequence[Candidate], chance: random.Random) -> dict[str, str]:
    """Put each package into a half, in a random order and always into the smaller one."""
    packages = sorted({one.package for one in drawn})
    chance.shuffle(packages)
    sizes = {"tune": 0, "held": 0}
    half: dict[str, str] = {}
    for package in packages:
        half[package] = min(sizes, key=lambda name: sizes[name])
        sizes[half[package]] += sum(one.package == package for one in drawn)
    return half


def main(folder: Path, output: Path) -> None:
    with (HERE.parents[3] / "shared" / "corpus" / "index.tsv").open(encoding="utf-8", newline="") as lines:
        index = {row["file"]: row for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)}
    packages = {}
    for path in sorted(folder.iterdir()):
        files = [read_dex(name, content) for name, content in dex_files(path)]
        row = index[path.name]
        packages[path.name] = list(candidates(row["sha256"], row["package"] or path.name, files))
    chance = random.Random(SEED)
    drawn = draw(packages, chance)
    half = halves(drawn, chance)
    records: list[dict[str, Any]] = [
        {"id": number, "half": half[one.package], **one._asdict()} for number, one in enumerate(drawn)
    ]
    output.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    for name in ("tune", "held"):
        print(name, sum(half[one.package] == name for one in drawn))
    print("apks", len({one.apk for one in drawn}), "packages", len(half))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else HERE / "candidates.jsonl")
