"""Makes the file of baselines: packages of AOSP for each API level, and the signers of Google's packages.

    python -m phone_audit.knowledge.bulk.baselines SOURCE [-o FILE]

SOURCE is a folder with one JSON file for each Android release (`platformAppsAll` names what the platform key signs) and
`gms-signers.json`, package name → SHA-256 of its certificate.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from phone_audit.knowledge.baseline_schema import BaselineFact, BaselineFile
from phone_audit.knowledge.bulk.writing import run
from phone_audit.knowledge.fact_schema import FactSource

LEVELS: Mapping[str, tuple[int, ...]] = {
    "N": (24, 25), "O": (26, 27), "P": (28,), "Q": (29,), "R": (30,), "S": (31,), "T": (33,), "U": (34,), "V": (35,),
}  # fmt: skip
"""The first letter of a release's file → its API levels."""
_READER = "com.uraniborg.hubble"
"""The program that the lists were read with: no part of the firmware."""
_SOURCE = FactSource(
    id="uraniborg",
    title="Uraniborg: packages of AOSP and generic system images, signers of Google's packages",
    publisher="Google, security-certification-resources",
    url="https://github.com/android/security-certification-resources/tree/master/uraniborg/scripts/python",
    revision="d84cfd4f732f298ab2ba579ca254d51232c7a750",
    date="2025-11-11",
    licence="Apache-2.0",
)


def make(source: Path) -> tuple[BaselineFile, list[str]]:
    """Give the content of the file, and nothing to tell about it."""
    entries = [_platform(path) for path in sorted(source.glob("[A-Z]-*.json"))]
    signers = json.loads((source / "gms-signers.json").read_bytes())
    for number, signer in enumerate(sorted(set(signers.values())), 1):
        names = tuple(sorted(name for name, its in signers.items() if its == signer))
        entries.append(
            BaselineFact(
                id=f"google-{number}",
                name="Google's own packages",
                kind="signer",
                packages=names,
                signers=(signer,),
                source=_SOURCE.id,
            )
        )
    return BaselineFile(sources=(_SOURCE,), entries=tuple(entries)), []


def _platform(path: Path) -> BaselineFact:
    names = json.loads(path.read_bytes())["platformAppsAll"]
    letter = path.name[0]
    return BaselineFact(
        id=f"aosp-{letter.lower()}",
        name=f"AOSP of API level {' and '.join(map(str, LEVELS[letter]))}",
        kind="platform",
        packages=tuple(sorted(set(names) - {_READER})),
        api_levels=LEVELS[letter],
        source=_SOURCE.id,
    )


if __name__ == "__main__":
    run(__doc__ or "", make, "baselines/baselines.json")
