"""What hides code from this reader: packers by the names of their files and classes, and files that look encrypted."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final

from phone_audit.apk.code.entropy import encrypted_files
from phone_audit.apk.dex.descriptors import Prefixes, descriptor_prefix, java_name, under
from phone_audit.apk.join import join_obfuscation
from phone_audit.apk.records import in_order
from phone_audit.apk.trackers.trackers import Classes
from phone_audit.apk.zip.archive import Archive
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.packers import PackerIndex
from phone_audit.knowledge.schema.facts import PackerFact
from phone_audit.model.apk import ApkInfo, Obfuscation
from phone_audit.model.finding import Evidence, Skipped

MAX_SHOWN: Final = 5
"""Files and classes that are shown of one packer, and files that look encrypted."""
ENCRYPTED: Final = "looks encrypted"
"""The value of the evidence of such a file."""


def hidden_in_files(archive: Archive, knowledge: Knowledge) -> Obfuscation:
    """Look for packers by the names of the entries, and for entries that look encrypted.

    Args:
        archive: the package; hostile. Time and memory are bounded, see `encrypted_files`.
        knowledge: the packers.
    """
    found = _index(knowledge).of_files(entry.name for entry in archive.entries)
    facts = _by_id(knowledge)
    encrypted = encrypted_files(archive)
    shown = [_file(name, facts[fact].name) for fact, names in found.items() for name in names[:MAX_SHOWN]]
    shown += [_file(name, None) for name in encrypted[:MAX_SHOWN]]
    return Obfuscation(
        packers=tuple(found), name_share=None, encrypted=bool(encrypted), dynamic_code=None, evidence=tuple(shown)
    )


def packers_in_code(classes: Sequence[Classes], knowledge: Knowledge) -> tuple[tuple[str, ...], tuple[Evidence, ...]]:
    """Return the ids of the packers whose classes are defined, and where.

    Args:
        classes: one for each DEX file.
        knowledge: the packers.
    """
    ids = {name for file in classes for name in _prefixes(knowledge).ids_in(file.defined)}
    facts = _by_id(knowledge)
    found = {name: shown for name in ids if (shown := tuple(islice(_of_fact(facts[name], classes), MAX_SHOWN)))}
    return tuple(sorted(found)), tuple(evidence for fact in sorted(found) for evidence in found[fact])


def with_hidden(info: ApkInfo, hidden: Obfuscation | None, knowledge: Knowledge) -> ApkInfo:
    """Add to a record what hides its code; where a packer has replaced all of it, say that it was not read.

    Args:
        info: the record of one file, with what its DEX files showed.
        hidden: what its other files showed, or None where they were not looked at.
        knowledge: the packers.
    """
    parts = [part for part in (info.obfuscation, hidden) if part is not None]
    joined = join_obfuscation(parts)
    if joined is None or (info.obfuscation is None and not (joined.packers or joined.encrypted)):
        return info
    skipped = (*info.skipped, *_packed(info.path, joined, knowledge))
    return info.model_copy(update={"obfuscation": joined, "skipped": in_order(skipped)})


def _packed(subject: str, hidden: Obfuscation, knowledge: Knowledge) -> Iterator[Skipped]:
    facts = _by_id(knowledge)
    for fact in (facts[name] for name in hidden.packers):
        if fact.hides == "code":
            reason = f"The code is packed with {fact.name}; only what unpacks it was read."
            yield Skipped(subject=subject, step="dex", code="packed", reason=reason)


@lru_cache(maxsize=4)
def _by_id(knowledge: Knowledge) -> Mapping[str, PackerFact]:
    return {fact.id: fact for fact in knowledge.packers}


@lru_cache(maxsize=4)
def _prefixes(knowledge: Knowledge) -> Prefixes:
    return Prefixes((fact.id, fact.classes) for fact in knowledge.packers)


@lru_cache(maxsize=4)
def _index(knowledge: Knowledge) -> PackerIndex:
    return PackerIndex(knowledge.packers)


def _of_fact(fact: PackerFact, classes: Sequence[Classes]) -> Iterator[Evidence]:
    for file in classes:
        for prefix in fact.classes:
            for descriptor in under(file.defined, descriptor_prefix(prefix), MAX_SHOWN):
                name = java_name(descriptor)
                yield Evidence(kind="class", where=file.where, value=_sign(fact.name), class_=name)


def _file(name: str, packer: str | None) -> Evidence:
    kind = "asset" if "assets/" in name else "path"
    return Evidence(kind=kind, where=name, value=ENCRYPTED if packer is None else _sign(packer))


def _sign(packer: str) -> str:
    return f"sign of {packer}"
