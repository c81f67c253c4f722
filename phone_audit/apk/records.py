"""Records of packages: an empty one, the order of what they list, and several files of one package as one."""

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby
from pathlib import PurePosixPath
from typing import Final, TypeVar, cast

from phone_audit.model.apk import (
    AcceptedBy,
    ApkFile,
    ApkInfo,
    Endpoint,
    HeldBy,
    LeftOnPhone,
    NetworkPolicy,
    Obfuscation,
    Signature,
    Tracker,
)
from phone_audit.model.base import Frozen
from phone_audit.model.finding import Evidence, EvidenceKind, Skipped

_FIRST: Final[tuple[EvidenceKind, ...]] = ("manifest", "call", "class")
"""Kinds that are listed before others, what is declared before what is done before what is there."""
_TIERS = ("referenced", "host-only", "present", "initialised")
INSIDE = "!"
"""Stands between the name of a file and that of an entry inside it."""

Item = TypeVar("Item")
Holder = TypeVar("Holder", bound=HeldBy)
Key = TypeVar("Key", str, tuple[str, ...])
Known = TypeVar("Known", bool, float)
PackageKey = tuple[str, str, int | None, tuple[str, ...]]
"""Folder, package, version code and signers."""


def empty_record(
    shown_as: str,
    skipped: Iterable[Skipped],
    *,
    sha256: str | None = None,
    size: int | None = None,
    files: tuple[ApkFile, ...] = (),
) -> ApkInfo:
    """Return a record in which everything but the file itself is unknown."""
    known = {"path": shown_as, "sha256": sha256, "size": size, "files": files, "skipped": skipped_in_order(skipped)}
    return ApkInfo.model_validate({**dict.fromkeys(ApkInfo.model_fields), **known})


def skipped_in_order(skipped: Iterable[Skipped]) -> tuple[Skipped, ...]:
    """Sort and drop repetitions."""
    return tuple(sorted(set(skipped), key=lambda s: (s.subject, s.step, s.code, s.reason)))


def evidence_in_order(evidence: Iterable[Evidence], last: Collection[str] = ()) -> tuple[Evidence, ...]:
    """Return evidence by kind and place, each piece once; values that only explain are listed `last`."""
    return tuple(sorted(set(evidence), key=lambda one: (one.value in last, _rank(one))))


def _rank(one: Evidence) -> tuple[int | str, ...]:
    kind = _FIRST.index(one.kind) if one.kind in _FIRST else len(_FIRST)
    texts = (one.class_ or "", one.value, one.method or "")
    return (kind, one.where, *texts, -1 if one.offset is None else one.offset, one.kind, one.encoding or "")


def join_splits(infos: Sequence[ApkInfo]) -> list[ApkInfo]:
    """Return the records of files, in their order, with split APKs joined to the base beside them.

    A split goes to the first base of its folder with the same package, version code and signers. What finds no such
    base stays a record of its own. Several folders may be mixed.
    """
    bases: dict[PackageKey, int] = {}
    for number, info in enumerate(infos):
        key = package_key(info)
        if key and _role(info) == "base":
            bases.setdefault(key, number)
    splits: dict[int, list[ApkInfo]] = {}
    kept: list[int] = []
    for number, info in enumerate(infos):
        key = package_key(info)
        base = bases.get(key) if key and _role(info) not in ("base", "container") else None
        if base is None:
            kept.append(number)
        else:
            splits.setdefault(base, []).append(moved_inside(info, PurePosixPath(info.path).name))
    return [join(infos[number], splits[number]) if number in splits else infos[number] for number in kept]


def package_key(info: ApkInfo) -> PackageKey | None:
    """Return what is equal for the base of a package and its splits; None for what cannot be one of them."""
    if info.package is None or len(info.files) != 1:
        return None
    signers = tuple(signer.sha256 for signer in info.signers or ())
    return str(PurePosixPath(info.path).parent), info.package, info.version_code, signers


def _role(info: ApkInfo) -> str:
    return info.files[0].role if info.files else "base"


def moved_inside(info: ApkInfo, name: str) -> ApkInfo:
    """Return the record with every place of evidence put under `name`."""
    return cast("ApkInfo", _moved(info, f"{name}{INSIDE}"))


def _moved(value: object, prefix: str) -> object:
    if isinstance(value, Evidence):
        return value.model_copy(update={"where": prefix + value.where})
    if isinstance(value, tuple):
        return tuple(_moved(one, prefix) for one in value)
    if isinstance(value, Frozen):
        return value.model_copy(update={field: _moved(one, prefix) for field, one in value})
    return value


def join(base: ApkInfo, others: Iterable[ApkInfo]) -> ApkInfo:
    """Add what other files of the package hold; who signed it and what it is called stays as in the base."""
    infos = (base, *others)
    endpoints = _merged([info.endpoints for info in infos], lambda e: e.host, _join_endpoints)
    return base.model_copy(
        update={
            "files": tuple(sorted((f for info in infos for f in info.files), key=lambda f: f.path)),
            "permissions": _union([info.permissions for info in infos], lambda name: name),
            "components": _union(
                [info.components for info in infos], lambda c: (c.kind, c.name, c.exported, c.actions)
            ),
            "trackers": _merged([info.trackers for info in infos], lambda t: t.id, _join_trackers),
            "endpoints": tuple(map(_not_settled, endpoints)) if endpoints and len(infos) > 1 else endpoints,
            "behaviours": _union([info.behaviours for info in infos], lambda b: b.model_dump_json()),
            "flows_complete": _joined_complete(infos),
            "flows_followed": _of_known(min, [info.flows_followed for info in infos]),
            "network_policy": _join_policy([info.network_policy for info in infos]),
            "obfuscation": join_obfuscation([info.obfuscation for info in infos if info.obfuscation]),
            "left_on_phone": join_left(infos),
            "signature": join_signatures(base.signature, [(info.path, info.signature) for info in infos[1:]]),
            "skipped": tuple(dict.fromkeys(s for info in infos for s in info.skipped)),
        }
    )


def _joined_complete(infos: Sequence[ApkInfo]) -> bool | None:
    """Tell whether all data was followed: not where files besides the base declare components that may start it."""
    complete = _of_known(all, [info.flows_complete for info in infos])
    return complete and not any(info.components for info in infos[1:])


def join_left(infos: Iterable[ApkInfo]) -> LeftOnPhone | None:
    """Add up what stayed on the phone; None where nothing did."""
    parts = [info.left_on_phone for info in infos if info.left_on_phone]
    if not parts:
        return None
    return LeftOnPhone(
        files=sum(part.files for part in parts),
        bytes=sum(part.bytes for part in parts),
        bytes_read=sum(part.bytes_read for part in parts),
    )


def _of_known(combine: Callable[[Iterable[Known]], Known], facts: Iterable[Known | None]) -> Known | None:
    """Combine what is known of each file, by `all`, `any` or `min`; None where it is known of none."""
    known = [fact for fact in facts if fact is not None]
    return combine(known) if known else None


def _union(parts: Sequence[tuple[Item, ...] | None], order: Callable[[Item], object]) -> tuple[Item, ...] | None:
    known = [part for part in parts if part is not None]
    if not known:
        return None
    return tuple(sorted({item for part in known for item in part}, key=order))  # type: ignore[arg-type]


def _merged(
    parts: Sequence[tuple[Item, ...] | None], key: Callable[[Item], str], merge: Callable[[list[Item]], Item]
) -> tuple[Item, ...] | None:
    known = [part for part in parts if part is not None]
    return _grouped(known, key, merge) if known else None


def _grouped(
    parts: Iterable[tuple[Item, ...]], key: Callable[[Item], Key], merge: Callable[[list[Item]], Item]
) -> tuple[Item, ...]:
    """Return the items by their keys, those of one key merged."""
    ordered = sorted((item for part in parts for item in part), key=key)
    return tuple(merge(list(same)) for _, same in groupby(ordered, key=key))


def _join_trackers(same: list[Tracker]) -> Tracker:
    opt_out = sorted({one for t in same for one in t.opt_out}, key=lambda one: one.shown)
    return same[0].model_copy(
        update={
            "tier": max((t.tier for t in same), key=_TIERS.index),
            "endpoints": tuple(sorted({host for t in same for host in t.endpoints})),
            "evidence": evidence_in_order((e for t in same for e in t.evidence), last=[one.shown for one in opt_out]),
            "opt_out": tuple(opt_out),
        }
    )


def _join_endpoints(same: list[Endpoint]) -> Endpoint:
    ruled_out = None if any(e.ruled_out is None for e in same) else same[0].ruled_out
    return same[0].model_copy(
        update={
            "urls": tuple(sorted({url for e in same for url in e.urls})),
            "schemes": tuple(sorted({scheme for e in same for scheme in e.schemes})),
            "ports": tuple(sorted({port for e in same for port in e.ports})),
            "cleartext": any(e.cleartext for e in same),
            "ruled_out": ruled_out,
            "held_by": _grouped([e.held_by for e in same], lambda by: (by.party, by.library or ""), _join_holders),
        }
    )


def _not_settled(endpoint: Endpoint) -> Endpoint:
    """Leave open what starts it: another file of the package may, by its code or by the layouts that it holds."""
    return endpoint if endpoint.started is None else endpoint.model_copy(update={"started": None})


def _join_holders(same: list[Holder]) -> Holder:
    return same[0].model_copy(update={"evidence": tuple(dict.fromkeys(e for by in same for e in by.evidence))})


def join_obfuscation(parts: list[Obfuscation]) -> Obfuscation | None:
    """Put together what several files of a package, or several looks at one, show; None where nothing was looked at."""
    if not parts:
        return None
    shares = [part.name_share for part in parts if part.name_share is not None]
    return Obfuscation(
        packers=tuple(sorted({packer for part in parts for packer in part.packers})),
        name_share=max(shares, default=None),
        encrypted=_of_known(any, (part.encrypted for part in parts)),
        dynamic_code=_of_known(any, (part.dynamic_code for part in parts)),
        evidence=tuple(dict.fromkeys(evidence for part in parts for evidence in part.evidence)),
    )


def _join_policy(parts: list[NetworkPolicy | None]) -> NetworkPolicy | None:
    """Return what the base, which comes first, says may be sent; what code accepts may stand in any file."""
    base, known = parts[0], [part for part in parts if part is not None]
    if base is None:
        return None
    changed = {
        "accepts_any_certificate": any(part.accepts_any_certificate for part in known),
        "accepts_any_host_name": any(part.accepts_any_host_name for part in known),
        "accepted_by": _grouped(
            [part.accepted_by for part in known],
            lambda by: (by.party, by.library or "", by.way, by.accepts),
            _join_accepting,
        ),
    }
    return base.model_copy(update=changed)


def _join_accepting(same: list[AcceptedBy]) -> AcceptedBy:
    return _join_holders(same).model_copy(update={"installed": any(by.installed for by in same)})


def join_signatures(base: Signature | None, others: Iterable[tuple[str, Signature | None]]) -> Signature | None:
    """Return the signature of a package of several files: it verifies only where each of them does.

    The schemes of the base stand for all; of the others name and signature are given.
    """
    if base is None:
        return None
    verified, errors, unchecked = base.verified, list(base.errors), base.unchecked
    for name, signature in others:
        if signature is None or signature.verified is None:
            verified = verified and None
            unchecked = unchecked or (signature.unchecked if signature else None)
        elif not signature.verified:
            verified = False
            errors.extend(f"{error} ({name})" for error in signature.errors)
    changed = {"verified": verified, "errors": tuple(sorted(set(errors))), "unchecked": unchecked}
    return base.model_copy(update=changed)
