"""Files that incidents name: the phone gives their hashes in all three kinds, and they meet the published ones."""

import hashlib
from pathlib import Path

from phone_audit.acquire.adb.connect import open_transport
from phone_audit.acquire.questions.file_facts import parse_digests
from phone_audit.acquire.store.record import RecordingTransport
from phone_audit.acquire.store.replay import ReplayTransport
from phone_audit.simulated.phone import SimulatedPhone
from tests.acquire.collecting import collect
from tests.acquire.fake_phone import FakePhone

ACTIVATION = "/system/app/AutoRegistration/AutoRegistration.apk"


def no_progress(what: str, done: int, total: int) -> None:
    pass


def test_the_phone_hashes_the_files_that_are_there(tmp_path: Path) -> None:
    with SimulatedPhone("nokia7plus") as phone:
        transport = open_transport(phone.address, via="direct")
        paths = (ACTIVATION, "/system/app", "/system/bin/no-such-file")
        acquired = collect(
            transport, depth="standard", users="all", into=tmp_path, on_progress=no_progress, paths=paths
        )
        transport.close()
    found = next(apk.local for apk in acquired.apks if apk.path == ACTIVATION)
    assert found is not None
    local = found.read_bytes()
    wanted = sorted(hashlib.new(name, local, usedforsecurity=False).hexdigest() for name in ("sha256", "sha1", "md5"))
    assert acquired.digests == {ACTIVATION: tuple(wanted)}
    assert acquired.snapshot.skipped == ()


def test_answers_of_tools_that_are_not_there() -> None:
    text = "/system/bin/sh: sha256sum: not found\n" + "cd" * 20 + "  -\n\\" + "ab" * 16 + "  -\nabcd  -\n"
    assert parse_digests(text) == ("ab" * 16, "cd" * 20)


def test_a_phone_without_tools_is_noted(tmp_path: Path) -> None:
    phone = FakePhone(hash_tool=False, tree={"/system/xbin/su": b"x"})
    acquired = collect(
        phone, depth="quick", users="all", into=tmp_path, on_progress=no_progress, paths=("/system/xbin/su",)
    )
    assert acquired.digests == {}
    assert ("/system/xbin/su", "not-hashed") in [(note.subject, note.code) for note in acquired.snapshot.skipped]


def test_packages_of_which_other_hashes_are_published_are_hashed_in_all_kinds(tmp_path: Path) -> None:
    name = "com.qualcomm.qti.autoregistration"
    recorded = {}
    with SimulatedPhone("nokia7plus") as phone:
        for hashed in ((), (name,)):
            transport = RecordingTransport(
                open_transport(phone.address, via="direct"), tmp_path / f"saved{len(hashed)}", depth="standard"
            )
            recorded[hashed] = collect(
                transport, depth="standard", users="all", into=tmp_path, on_progress=no_progress, hashed=hashed
            )
            transport.finish()
            transport.close()
    assert recorded[()].digests == {}
    found = recorded[name,].digests[ACTIVATION]
    assert sorted(len(digest) for digest in found) == [32, 40, 64]
    # a folder of before says nothing of them, and nothing is noted; one that was asked answers
    for folder, wanted in (("saved0", {}), ("saved1", {ACTIVATION: found})):
        replayed = collect(
            ReplayTransport(tmp_path / folder),
            depth="standard",
            users="all",
            into=tmp_path,
            on_progress=no_progress,
            hashed=(name,),
        )
        assert replayed.digests == wanted
        assert replayed.snapshot.skipped == ()
