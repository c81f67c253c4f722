"""The facts that a command judges by: the bundled ones, the user's own, and those of `--knowledge`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from phone_audit.cli.messages import tell
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.knowledge.own import own_folder, with_own
from phone_audit.knowledge.updates.locks import reading


@contextmanager
def knowledge_in_use(folders: Sequence[Path] | None) -> Iterator[Knowledge]:
    """Load the facts, say which bundled incidents no longer count, and keep `db update` waiting while the block runs.

    Raises a KnowledgeError where a folder, a file or an incident cannot be read.
    """
    with reading(own_folder()):
        known = load_knowledge(with_own(folders or ()))
        for name, place in known.replaced:
            tell(f"{place} replaces the bundled entry {name}.")
        yield known


def known_facts(folders: Sequence[Path] | None) -> Knowledge:
    """Load the facts to be looked up; a KnowledgeError where a folder or a file cannot be read."""
    return load_knowledge(with_own(folders or ()))
