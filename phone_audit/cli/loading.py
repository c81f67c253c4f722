"""The facts that a command judges by."""

from collections.abc import Sequence
from pathlib import Path

from phone_audit.cli.telling import tell
from phone_audit.knowledge.load import Knowledge, load_knowledge


def load_told(folders: Sequence[Path]) -> Knowledge:
    """Load the bundled facts and the user's; say which bundled incidents no longer count.

    Raises:
        KnowledgeError: a folder, a file or an incident cannot be read.
    """
    known = load_knowledge(folders)
    for name, place in known.replaced:
        tell(f"{place} replaces the bundled entry {name}.")
    return known
