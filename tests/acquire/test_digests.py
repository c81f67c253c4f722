"""Files that incidents name: the phone gives their hashes in all three kinds, and they meet the published ones."""

import hashlib
from pathlib import Path

from phone_audit.acquire.collect import collect
from phone_audit.acquire.connect import open_transport
from phone_audit.acquire.parse.shell_loops import parse_digests
from phone_audit.simulated.phone import SimulatedPhone

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
    local = next(apk.local for apk in acquired.apks if apk.path == ACTIVATION).read_bytes()
    wanted = sorted(hashlib.new(name, local, usedforsecurity=False).hexdigest() for name in ("sha256", "sha1", "md5"))
    assert acquired.digests == {ACTIVATION: tuple(wanted)}
    assert acquired.snapshot.skipped == ()


def test_answers_of_tools_that_are_not_there() -> None:
    text = "@0\n/system/bin/sh: sha256sum: not found\n" + "ab" * 20 + "  -\n@1\nx\n@2\n\\" + "cd" * 16 + "  -\n"
    assert parse_digests(text) == {0: ("ab" * 20,), 1: (), 2: ("cd" * 16,)}
