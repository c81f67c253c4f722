"""Checks a knowledge folder: every entry, its sources, its self-tests, and entries against each other.

    python -m phone_audit.knowledge.check [FOLDER]

Without FOLDER the facts of the package are checked. Prints counts and ends with 0, or prints each problem (file, entry,
field, what to write instead) and ends with 1. The identifiers under `tests` of an incident only have to be there:
`phone-audit db check` does all of this and tries them too, with the matching that the judge owns.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from phone_audit.errors import KnowledgeError
from phone_audit.knowledge.check.folder import check_folder, counts_of
from phone_audit.knowledge.files import BUNDLED


def main(arguments: Sequence[str]) -> int:
    """Run the check; give the exit code."""
    if len(arguments) > 1:
        sys.stderr.write("Usage: python -m phone_audit.knowledge.check [FOLDER]\n")
        return 2
    try:
        found = check_folder(Path(arguments[0]) if arguments else BUNDLED)
    except KnowledgeError as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return 1
    lines = [str(problem) for problem in found.problems] or counts_of(found)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
