"""A process that reads many damaged copies of an image under a limit of memory: `python -m … IMAGE FIRST LAST`.

It fails where anything but a sentence comes of one. It prints how many were refused as a whole, and how many had
notes of what was not read.
"""

import json
import random
import resource
import sys
from pathlib import Path

from phone_audit.acquire.image.byte_source import ImageError
from phone_audit.acquire.image.open import open_firmware
from phone_audit.acquire.image.properties import properties_of
from phone_audit.acquire.image.state import firmware_items, small_files
from phone_audit.errors import SnapshotError

MEMORY = 768 * 2**20
"""Address space of the whole process; reading the whole image takes less than half of it."""
PIECE = 2**16
READ = 2**22
"""Bytes of one file that are read; a damaged size may be that of a file of many gigabytes, all of them zeros."""


def damaged(data: bytes, seed: int) -> bytes:
    """Change some bytes, most of them where many others are that say where things lie; every fourth is cut off."""
    chance = random.Random(seed)
    copy = bytearray(data)
    full = [at for at in range(0, len(data), 512) if data[at : at + 512].strip(b"\0")]
    for _ in range(chance.choice((1, 4, 40))):
        at = chance.choice(full[: 1 + len(full) // chance.choice((1, 4, 16))]) + chance.randrange(512)
        if at < len(copy):
            copy[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return bytes(copy[: chance.randrange(len(copy))] if seed % 4 == 0 else copy)


def read(path: Path) -> str:
    """Read everything of an image; give what came of it."""
    try:
        with open_firmware(path) as firmware:
            properties_of(firmware)
            small_files(firmware)
            list(firmware_items(firmware))
            faults = len(firmware.skipped)
            for file in list(firmware.files):
                try:
                    source = firmware.open(file)
                    for at in range(0, min(source.size, READ), PIECE):
                        source.read(at, min(PIECE, source.size - at))
                except ImageError:
                    faults += 1
            return "noted" if faults else "read"
    except SnapshotError as error:
        return "refused" if error.message.endswith(".") else error.message


def main(image: Path, first: int, last: int) -> None:
    """Read the copies of so many seeds."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    data = image.read_bytes()
    found: dict[str, int] = {}
    for seed in range(first, last):
        copy = image.with_name(f"copy{image.suffix}")
        copy.write_bytes(damaged(data, seed))
        came = read(copy)
        found[came] = found.get(came, 0) + 1
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
