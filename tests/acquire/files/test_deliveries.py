"""Files that wait for others: code that lies beside an APK comes with it, or the APK is handed on without."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from phone_audit.acquire.files.deliveries import Deliveries
from phone_audit.acquire.files.oat_files import StrippedApks
from phone_audit.acquire.transport import FileOnPhone, PulledApk
from phone_audit.model.parts import Parts
from tests.acquire.collecting import Receiver, plan_of

APK = FileOnPhone("/system/app/Dialer/Dialer.apk", 3, "ab" * 32)
VDEX = FileOnPhone("/system/app/Dialer/oat/arm64/Dialer.vdex", 4)
OTHER = FileOnPhone("/system/app/Other/Other.apk", 5)


@dataclass
class Case:
    """Deliveries into a folder, and what was handed on."""

    into: Path
    told: list[PulledApk] = field(default_factory=list)

    def __post_init__(self) -> None:
        stripped = StrippedApks({APK.path: (VDEX,)}, lambda path, parts: path.suffix == ".apk")
        self.deliveries = Deliveries(plan_of(receiver=Receiver(self.told), stripped=stripped), self.into, None)

    def bring(self, file: FileOnPhone, content: bytes = b"abc", parts: Parts | None = None) -> FileOnPhone | None:
        part = self.into / "x.part"
        part.write_bytes(content)
        return self.deliveries.brought(file, part, parts)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


PARTS = Parts(((0, 1),))


def test_an_apk_is_handed_on_with_the_code_that_it_lacks(case: Case) -> None:
    assert case.bring(APK, parts=PARTS) == VDEX
    assert case.told == []
    assert case.bring(VDEX, b"code") is None
    (apk,) = case.told
    assert (apk.path, [file.path for file in apk.compiled]) == (APK.path, [VDEX.path])
    assert [file.local and file.local.read_bytes() for file in apk.compiled] == [b"code"]
    assert list(case.deliveries.done) == [APK.path]
    assert case.deliveries.settled == APK.size


def test_without_it_where_it_cannot_be_had(case: Case) -> None:
    case.bring(APK, parts=PARTS)
    assert case.deliveries.failed(VDEX, "not-copied", "It is gone.") is None
    assert [(apk.path, apk.compiled) for apk in case.told] == [(APK.path, ())]
    assert [(note.subject, note.code) for note in case.deliveries.notes] == [(VDEX.path, "not-copied")]


def test_without_it_where_the_phone_goes_away(case: Case) -> None:
    case.bring(APK, parts=PARTS)
    case.deliveries.end()
    case.deliveries.end()
    assert [(apk.path, apk.compiled) for apk in case.told] == [(APK.path, ())]


def test_other_files_do_not_wait(case: Case) -> None:
    case.bring(APK, parts=PARTS)
    assert case.bring(OTHER) is None
    assert [apk.path for apk in case.told] == [OTHER.path]
    assert case.deliveries.failed(OTHER, "not-copied", "It is gone.") is None


def test_a_file_that_is_not_what_it_claims_leaves_an_equal_one_alone(case: Case) -> None:
    honest = FileOnPhone("/system/app/Other/Other.apk", 5, hashlib.sha256(b"abc").hexdigest())
    liar = FileOnPhone("/system/app/Liar/Liar.apk", 5, "12" * 32)
    for file in (honest, liar):
        assert case.deliveries.is_needed(file)
        case.bring(file)
    [apk] = case.told
    assert apk.local is not None
    assert apk.local.read_bytes() == b"abc"
    assert [(note.subject, note.code) for note in case.deliveries.notes] == [(liar.path, "changed")]
    assert list(case.into.iterdir()) == [apk.local]


def test_parts_of_code_beside_an_apk_have_no_hash(case: Case) -> None:
    case.bring(APK, parts=PARTS)
    case.bring(FileOnPhone(VDEX.path, 4, "cd" * 32), b"code", parts=PARTS)
    [apk] = case.told
    assert [file.sha256 for file in apk.compiled] == [None]
