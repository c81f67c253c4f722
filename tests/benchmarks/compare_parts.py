"""How many bytes standard depth brings of real packages, and what it finds less than whole files show.

    python tests/benchmarks/compare_parts.py FOLDER [--all-in-parts] [--all-lines]

Each file is read twice, from the parts that would be brought from a phone and as a whole, and judged. Printed are the
share of bytes, every finding that differs, and how often other parts of the records do and why; --all-lines prints each
of these. With --all-in-parts the rules that take a file as a whole (small, signed in the old way, little to gain) are
switched off, so that more files are compared. The exit code is 1 where a finding or an outcome differs.
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from phone_audit.knowledge.load import load_knowledge, whole
from tests.apk.parts_against_whole import Compared, compare, take_parts_of_everything


def report(found: list[Compared], *, all_lines: bool) -> None:
    """Print the sums and the differences."""
    size, read = sum(one.size for one in found), sum(one.bytes_read for one in found)
    parts = [one for one in found if one.in_parts]
    share = sum(one.bytes_read for one in parts) / max(1, sum(one.size for one in parts))
    print(f"{len(found)} files, {size / 1e6:.1f} MB: {read / 1e6:.1f} MB brought, {read / max(1, size):.1%}")
    print(f"{len(parts)} of them in parts, {share:.1%} of their bytes; the others as a whole")
    different = [f"  {one.name}: {line}" for one in found for line in one.findings]
    print(f"findings, incidents, outcomes that differ: {len(different)}")
    print(*different, sep="\n", end="\n" if different else "")
    lines = [(one.name, line) for one in parts for line in one.records]
    for kind, count in sorted(Counter(line.partition(":")[0].partition(" ")[0] for _, line in lines).items()):
        print(f"records that differ otherwise, {kind}: {count}")
    if all_lines:
        print(*(f"  {name}: {line}" for name, line in lines), sep="\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all-in-parts", action="store_true")
    parser.add_argument("--all-lines", action="store_true")
    chosen = parser.parse_args()
    if chosen.all_in_parts:
        take_parts_of_everything()
    knowledge = whole(load_knowledge())
    files = sorted(path for path in chosen.folder.rglob("*") if path.is_file())
    with tempfile.TemporaryDirectory() as folder:
        found = [compare(path, knowledge, Path(folder, "parts.apk")) for path in files]
    report(found, all_lines=chosen.all_lines)
    return 1 if any(one.findings for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
