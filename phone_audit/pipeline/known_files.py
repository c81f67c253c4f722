"""What earlier runs learned of files on this computer: found again by where a file lies and the state it is in.

A file in the same state (device, inode, size, times of change) is not opened again. Where facts changed that only
judge, its record is judged again; where none did, it is there as it was published.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Final, NamedTuple

from phone_audit.apk.worker.tasks import ApkInput, renamed
from phone_audit.files.bounded_json import checked, parse
from phone_audit.files.bounds import ANNOUNCED
from phone_audit.files.user_folders import cache_folder
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import Apk, ApkInfo
from phone_audit.pipeline.apk_records import AnalysedApk
from phone_audit.pipeline.record_cache import RecordCache, key_of_record

_NOT_OF_PACKAGES: Final = ("base", "container")


class FileFacts(NamedTuple):
    """What is known of a file.

    Attributes:
        state: what changes with the file and with what lies beside it; None where nobody can tell.
        key: of its record; None where there is none.
        is_apk: whether it was seen to be an APK.
        split_of: the package of which it is a split.
    """

    state: str | None = None
    key: str | None = None
    is_apk: bool = False
    split_of: str | None = None


class KnownFiles:
    """Records of files, kept between runs; without a cache, nothing is known and nothing is kept.

    Args:
        cache: where they are.
        judge: what stands for all that judges them; None where published records are not to be used, or kept.
    """

    def __init__(self, cache: RecordCache | None = None, judge: str | None = None) -> None:
        self._cache = cache
        self._judge = judge

    def facts_of(self, item: ApkInput) -> FileFacts:
        state = _state_of(item) if self._cache else None
        told = self._cache.linked_file(state) if self._cache and state else None
        try:
            key, is_apk, split_of = parse(checked((told or "{}").encode(), ANNOUNCED))["file"]
            return FileFacts(state, str(key), bool(is_apk), None if split_of is None else str(split_of))
        except (ValueError, KeyError, TypeError):
            return FileFacts(state)

    def record(self, facts: FileFacts, shown_as: str) -> AnalysedApk | None:
        """Return the record of a file that was read in an earlier run."""
        kept = self._cache.get(facts.key, "whole") if self._cache and facts.key else None
        if kept is None:
            return None
        return AnalysedApk(renamed(kept.info, shown_as), kept.seconds, cached=True, key=facts.key)

    def keep(self, item: ApkInput, facts: FileFacts, info: ApkInfo, seconds: float) -> FileFacts:
        """Keep the record of a file, unless it has changed since it was looked at; return what is known of it now."""
        key = key_of_record(info)
        if not self._cache or not facts.state or not key or facts.state != _state_of(item):
            return facts
        if not self._cache.put(key, "whole", info, seconds):
            return facts
        role = info.files[0].role if info.files else "base"
        split_of = info.package if role not in _NOT_OF_PACKAGES else None
        is_apk = info.package is not None or bool(info.has_code)
        self._cache.link_file(facts.state, json.dumps({"file": [key, is_apk, split_of]}))
        return FileFacts(facts.state, key, is_apk, split_of)

    def judged(self, facts: FileFacts, shown_as: str) -> Apk | None:
        """Return the record of a file as it was published under this name, where it would be judged the same."""
        if self._cache is None or self._judge is None or facts.key is None:
            return None
        found = self._cache.get_judged(self._name(facts.key, shown_as))
        if found is None or found.path != shown_as:
            return None
        return found.model_copy(update={"run": found.run.model_copy(update={"cached": True})})

    def keep_judged(self, key: str | None, record: Apk) -> None:
        """Keep the published record of one file, whose record is kept under a key."""
        if self._cache is not None and self._judge is not None and key is not None:
            self._cache.put_judged(self._name(key, record.path), record)

    def prune(self) -> None:
        if self._cache is not None:
            self._cache.prune()

    def _name(self, key: str, shown_as: str) -> str:
        return hashlib.sha256(f"{key} {self._judge} {shown_as}".encode()).hexdigest()


def records_folder() -> Path:
    return cache_folder() / "records"


def record_cache(knowledge: Knowledge) -> RecordCache:
    return RecordCache(records_folder(), knowledge.for_reading.digest)


def _state_of(item: ApkInput) -> str | None:
    """Return a hash of the state of a file and of the code beside it; None where a signature lies beside it, too."""
    if os.path.lexists(f"{item.path}.idsig"):
        return None
    try:
        stats = [path.stat() for path in (item.path, *(one.local for one in item.compiled if one.local))]
    except (OSError, ValueError):
        return None
    states = [(one.st_dev, one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns) for one in stats]
    beside = [one.path for one in item.compiled]
    return hashlib.sha256(repr((states, beside)).encode()).hexdigest()
