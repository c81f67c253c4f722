"""Acquisitions of several phones: found again whatever they are called, and called as their results are."""

from pathlib import Path

import pytest

from phone_audit.acquire.store.archive import sealed_name
from phone_audit.acquire.store.record import RecordingTransport
from phone_audit.errors import DeviceLostError, SnapshotError
from phone_audit.pipeline.options import ScanOptions
from phone_audit.pipeline.phone_names import phone_name, pseudonym
from phone_audit.pipeline.saved_phones import SavedPhones
from tests.acquire.fake_phone import FakePhone
from tests.documents import scan


def save(folder: Path, serial: str, *, whole: bool = True) -> Path:
    """Keep a phone as a scan does."""
    phone = FakePhone({"getprop": "x"})
    phone.serial = serial
    recording = RecordingTransport(phone, folder, depth="quick")
    recording.shell("getprop")
    if not whole:
        recording.note_lost(DeviceLostError("The phone is gone."))
    recording.finish()
    recording.close()
    return folder


def saved(folder: Path, **more: object) -> SavedPhones:
    return SavedPhones(ScanOptions(save=folder, **more))  # type: ignore[arg-type]


def test_a_folder_is_called_as_the_result_and_found_again_by_whose_it_is(tmp_path: Path) -> None:
    phones = saved(tmp_path / "lab")
    assert phones.kept("127.0.0.1:5") is None
    place = phones.begin("127.0.0.1:5")
    assert place == tmp_path / "lab" / "127.0.0.1_5"
    save(place, "127.0.0.1:5")
    phones.rename("127.0.0.1:5", "01-Pixel_8-3f2a91bc")
    assert [path.name for path in (tmp_path / "lab").iterdir()] == ["01-Pixel_8-3f2a91bc"]
    again = saved(tmp_path / "lab")
    assert again.kept("127.0.0.1:5") == tmp_path / "lab" / "01-Pixel_8-3f2a91bc"
    assert again.kept("127.0.0.1:6") is None


def test_one_that_was_kept_under_its_address_is_found_and_keeps_its_name(tmp_path: Path) -> None:
    folder = save(tmp_path / "B2N", "B2N")
    phones = saved(tmp_path)
    assert phones.kept("B2N") == folder
    phones.rename("B2N", "01-Nokia-00000000")
    assert folder.is_dir()


def test_one_that_was_interrupted_is_begun_again_under_the_name_that_it_got(tmp_path: Path) -> None:
    folder = save(tmp_path / "01-Nokia-00000000", "B2N", whole=False)
    save(tmp_path / "01-Nokia-00000000.interrupted-1", "B2N", whole=False)
    phones = saved(tmp_path)
    assert phones.kept("B2N") is None
    assert phones.begin("B2N") == folder


def test_a_name_that_is_taken_is_left_to_whose_it_is(tmp_path: Path) -> None:
    (tmp_path / "01-Nokia-00000000").mkdir()
    phones = saved(tmp_path)
    save(phones.begin("B2N"), "B2N")
    phones.rename("B2N", "01-Nokia-00000000")
    assert (tmp_path / "B2N").is_dir()


def test_an_encrypted_one_gets_only_a_name_by_which_it_is_found_again(tmp_path: Path) -> None:
    key = tmp_path / "key.txt"
    name = f"01-Nokia-{(pseudonym('B2N') or '')[:8]}"
    for target, called, stays in (("B2N", name, False), ("127.0.0.1:5", "02-Nokia-00000000", True)):
        phones = saved(tmp_path / "lab", encrypt_to=("age1x",), identity=key)
        sealed = sealed_name(phones.begin(target))
        sealed.write_bytes(b"sealed")
        phones.rename(target, called)
        assert sealed.exists() is stays
        again = saved(tmp_path / "lab", encrypt_to=("age1x",), identity=key).kept(target)
        assert again == (sealed if stays else tmp_path / "lab" / f"{name}.zip.age")
    blind = saved(tmp_path / "lab", encrypt_to=("age1x",))
    assert blind.kept("B2N") is None
    assert sealed_name(blind.begin("B2N")).exists()  # so that it is not read a second time


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SnapshotError, match="cannot be made"):
        saved(tmp_path / "file" / "lab")


def test_a_name_has_serial_and_label_where_identifiers_were_asked_for() -> None:
    plain = scan()
    named = plain.model_copy(
        update={"label": "case 17/b", "device": plain.device.model_copy(update={"serial": "HT7A\n../1"})}
    )
    assert phone_name(3, plain.model_copy(update={"label": "case 17/b"})) == "03-Nokia_7_plus-00000000"
    assert phone_name(3, named) == "03-case_17_b-Nokia_7_plus-HT7A_.._1"
