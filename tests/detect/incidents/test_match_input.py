"""Phones and APKs in the form that the matcher is given."""

from phone_audit.detect.incidents.match_input import MatchInput, PackageInput, input_of_apk, input_of_phone
from phone_audit.model.apk import NATIVE_ACTIVITY, ApkFile, Component, Signature
from phone_audit.model.device import PackageFile
from tests.judge.cases import PIXEL, apk_info, endpoint, package, signer, snapshot


def test_an_apk_alone() -> None:
    info = apk_info("com.a", "dir/a.apk", endpoints=(endpoint("a.example"),), signers=(signer("cd" * 32),))
    assert input_of_apk(info) == MatchInput(
        packages=(
            PackageInput(
                "com.a",
                version_name="1.0",
                version_code=1,
                signers=frozenset(["cd" * 32, "1" * 40]),
                hashes=frozenset(["ab" * 32]),
                endpoints=(endpoint("a.example"),),
                path="dir/a.apk",
                has_code=True,
            ),
        )
    )


def test_a_certificate_that_signed_nothing_counts_for_nothing() -> None:
    for verified, counted in ((False, frozenset[str]()), (None, {"cd" * 32, "1" * 40}), (True, {"cd" * 32, "1" * 40})):
        signature = Signature(verified=verified, schemes=("v2",))
        info = apk_info("com.a", "a.apk", signers=(signer("cd" * 32),), signature=signature)
        assert input_of_apk(info).packages[0].signers == counted


def test_an_apk_that_could_not_be_read() -> None:
    info = apk_info(None, version_name=None, version_code=None, signers=None, endpoints=None, files=(), sha256=None)
    assert input_of_apk(info) == MatchInput(packages=(PackageInput(None, path="a.apk", has_code=True),))


def test_native_code_runs_without_any_other() -> None:
    native = Component(kind="activity", name=NATIVE_ACTIVITY, exported=True, permission=None, actions=())
    found = [input_of_apk(apk_info("com.a", has_code=False, components=held)) for held in ((native,), ())]
    assert [one.packages[0].has_code for one in found] == [True, False]


def test_a_phone_joins_each_package_with_all_its_files() -> None:
    base = apk_info("com.a", "/app/a/base.apk", endpoints=(endpoint("a.example"),), sha256="01" * 32)
    split = apk_info("com.a", "/app/a/split_b.apk", endpoints=(endpoint("b.example"),), sha256="02" * 32)
    stray = apk_info("com.stray", "/app/c/base.apk", sha256="03" * 32)
    unread = PackageFile(path="/app/d.apk", sha256="04" * 32, hash_source="device", size=1, role="base")
    phone = snapshot(
        PIXEL,
        [
            package("com.a", base.path, split.path, version_name="2.0", version_code=2, signers=("ee" * 32,)),
            package("com.d", files=(unread,)),
            package("com.e"),
        ],
    )
    found = input_of_phone(phone, [base, split, stray], {"/system/bin/su": "file"})
    assert found.properties == PIXEL
    assert found.packages == (
        PackageInput(
            "com.a",
            version_name="2.0",
            version_code=2,
            signers=frozenset(["ee" * 32]),
            hashes=frozenset(["01" * 32, "02" * 32]),
            endpoints=(endpoint("a.example"), endpoint("b.example")),
            path="/app/a/base.apk",
            system=True,
            has_code=True,
        ),
        PackageInput("com.d", "1.0", 1, hashes=frozenset(["04" * 32]), path="/app/d.apk", system=True),
        PackageInput("com.e", "1.0", 1, path="pm list packages", system=True),
        PackageInput("com.stray", "1.0", 1, hashes=frozenset(["03" * 32]), path="/app/c/base.apk", has_code=True),
    )
    assert found.paths == {
        "/": "folder",
        "/app": "folder",
        "/app/a": "folder",
        "/app/a/base.apk": "file",
        "/app/a/split_b.apk": "file",
        "/app/d.apk": "file",
        "/system/bin/su": "file",
    }


def test_every_published_kind_of_hash_is_held_against_the_incidents() -> None:
    file = ApkFile(path="a.apk", sha256="01" * 32, size=1, role="base", sha1="02" * 20, md5="03" * 16)
    alone = input_of_apk(apk_info("com.a", "a.apk", sha256="01" * 32, files=(file,)))
    assert alone.packages[0].hashes == {"01" * 32, "02" * 20, "03" * 16}
    phone = input_of_phone(snapshot(PIXEL, []), [], {"/system/lib/x.so": "file"}, {"/system/lib/x.so": ("04" * 20,)})
    assert phone.packages == (PackageInput(None, hashes=frozenset(["04" * 20]), path="/system/lib/x.so"),)


def test_a_hash_that_something_else_took_of_a_package_s_file_is_the_package_s() -> None:
    file = PackageFile(path="/app/a.apk", sha256=None, hash_source="none", size=None, role="base")
    phone = snapshot(PIXEL, [package("com.a", files=(file,))])
    found = input_of_phone(phone, [], {}, {"/app/a.apk": ("04" * 20,), "/x": ("05" * 20,)})
    assert [(one.name, one.hashes) for one in found.packages] == [
        ("com.a", frozenset(["04" * 20])),
        (None, frozenset(["05" * 20])),
    ]
