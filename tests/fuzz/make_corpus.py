"""Writes the small inputs to begin with from the fixtures: `python tests/fuzz/make_corpus.py`.

One folder a target, one file an input, none larger than what the fuzzer takes. Signatures are made anew each time, so
two runs differ in some bytes.
"""

import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fuzz.seeds import files, images, packages, phones, signatures, traffic
from tests.fuzz.seeds.common import LONGEST

FOLDER: Final = Path(__file__).parent / "corpus"
MAKERS: Final = {
    **packages.MAKERS,
    **signatures.MAKERS,
    **phones.MAKERS,
    **files.MAKERS,
    **traffic.MAKERS,
    **images.MAKERS,
}


def main() -> None:
    """Write all inputs, over those of before."""
    for target, make in MAKERS.items():
        folder = FOLDER / target
        folder.mkdir(parents=True, exist_ok=True)
        for before in folder.iterdir():
            before.unlink()
        for name, content in make():
            (folder / name).write_bytes(content[:LONGEST])


if __name__ == "__main__":
    main()
