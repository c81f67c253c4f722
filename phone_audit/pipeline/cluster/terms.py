"""On what terms a worker of the cluster reads a file: budget, facts, and the program that it has to be."""

from dataclasses import dataclass, replace
from pathlib import Path

from phone_audit.errors import KnowledgeError, PhoneAuditError
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.pipeline.options import Budget
from phone_audit.pipeline.record_cache import program_digest
from phone_audit.version import __version__


@dataclass(frozen=True)
class Versions:
    """What decides what a record says: version and code of this program, and the digest of its facts."""

    version: str
    code: str
    knowledge: str

    def differs(self, other: "Versions") -> str:
        """Say how another one differs from this; empty where it does not."""
        if other.version != self.version:
            return f"has phone-audit {other.version}, and this computer {self.version}"
        if other.code != self.code:
            return f"has another state of phone-audit {other.version} than this computer"
        if other.knowledge != self.knowledge:
            return f"has other facts ({other.knowledge[:12]}) than this computer ({self.knowledge[:12]})"
        return ""


@dataclass(frozen=True)
class Terms:
    """What goes with each file to the worker that reads it. `folders` are those of further facts."""

    versions: Versions
    budget: Budget
    folders: tuple[str, ...]


def terms_of(knowledge: Knowledge, budget: Budget) -> Terms:
    versions = Versions(__version__, program_digest(), knowledge.digest)
    return Terms(versions, replace(budget, jobs=1), tuple(str(folder.absolute()) for folder in knowledge.folders))


def versions_there(folders: tuple[str, ...]) -> Versions | str:
    """Return what the process has that calls this, or a sentence on why its facts cannot be read."""
    try:
        known = load_knowledge([Path(folder) for folder in folders])
    except KnowledgeError as error:
        return error.message
    return Versions(__version__, program_digest(), known.digest)


def check_worker(name: str, wanted: Versions, there: object) -> None:
    """Refuse a worker that would give other records than this computer.

    Raises:
        PhoneAuditError: it would, or cannot say; names the worker.
    """
    if not isinstance(there, Versions):
        raise PhoneAuditError(f"The worker {name} cannot read APKs: {str(there).rstrip('.')}.", _HINT)
    differs = wanted.differs(there)
    if differs:
        raise PhoneAuditError(f"The worker {name} {differs}.", _HINT)


_HINT = "Install the same phone-audit, with the same facts at the same places, on this computer and on every worker."
