"""One file, one record: every kind of file that people have."""

import hashlib
from pathlib import Path

import pytest

from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.signature import jar_scheme as verify_jar
from phone_audit.model.apk import ApkFile, ApkInfo, Signature
from tests.apk.apk_signer import Jar, Signer, key, signed
from tests.apk.assets.builders import java_class
from tests.apk.dex.assembler import RETURN, Class, Method, assemble, const_string
from tests.apk.facts import knowledge
from tests.apk.packages import dex, fixture, manifest, package
from tests.apk.zips import Part, make_zip

KNOWLEDGE = knowledge()
URL = "http://collect.example.net/up"


def read(tmp_path: Path, data: bytes, leave_out: frozenset[str] = frozenset()) -> ApkInfo:
    path = tmp_path / "file"
    path.write_bytes(data)
    return read_apk(path, shown_as="shown.apk", knowledge=KNOWLEDGE, leave_out=leave_out)


def codes(info: ApkInfo) -> list[tuple[str, str]]:
    return [(skipped.step, skipped.code) for skipped in info.skipped]


def hosts(info: ApkInfo) -> list[tuple[str, list[str]]] | None:
    if info.endpoints is None:
        return None
    return [(e.host, sorted({seen.where for by in e.held_by for seen in by.evidence})) for e in info.endpoints]


def test_an_apk(tmp_path: Path) -> None:
    data = package("policy", dex(URL))
    info = read(tmp_path, data)
    sha256 = hashlib.sha256(data).hexdigest()
    sha1, md5 = (hashlib.new(name, data, usedforsecurity=False).hexdigest() for name in ("sha1", "md5"))
    file = ApkFile(path="shown.apk", sha256=sha256, size=len(data), role="base", sha1=sha1, md5=md5)
    assert info.files == (file,)
    assert (info.path, info.sha256, info.size) == ("shown.apk", sha256, len(data))
    assert (info.package, info.version_code, info.min_sdk, info.target_sdk) == ("fixture.policy", 7, 21, 30)
    assert (info.shared_user_id, info.debuggable, info.has_code) == ("fixture.shared", False, True)
    assert hosts(info) == [("collect.example.net", ["classes.dex"])]
    assert (info.trackers, info.signers, info.behaviours) == ((), (), ())
    missing = "v1-no-manifest: META-INF/MANIFEST.MF is missing, so there is no signature of scheme v1."
    assert info.signature == Signature(verified=False, schemes=(), errors=(missing,))


def test_a_signature_is_checked_for_the_versions_of_the_manifest(tmp_path: Path) -> None:
    """Its minimum is 21, which does not know v2."""
    parts = tuple(Jar(key("rsa")).parts((manifest("policy"), dex(URL))))
    info = read(tmp_path, signed(v2=[Signer(key("rsa"), algorithms=(0x0103,))], parts=parts))
    assert info.signature == Signature(verified=True, schemes=("v1", "v2"))
    info = read(tmp_path, signed(v2=[Signer(key("rsa"), algorithms=(0x0103,))], parts=parts[:2]))
    assert info.signature is not None
    assert (info.signature.verified, info.signature.schemes) == (False, ("v2",))
    assert info.signers is not None
    assert [signer.schemes for signer in info.signers] == [("v2",)]


def test_a_signature_that_is_too_large_to_check_leaves_the_signers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_jar, "TOTAL_LIMIT", 100)
    parts = Jar(key("rsa")).parts((manifest("policy"), dex(URL)))
    info = read(tmp_path, make_zip(parts))
    assert info.signature == Signature(verified=None, schemes=("v1",))
    assert info.signers is not None
    assert len(info.signers) == 1
    assert ("signature", "size-limit") in codes(info)


def test_an_apk_with_resources(tmp_path: Path) -> None:
    info = read(tmp_path, fixture("policy"))
    assert (info.app_name, info.version_name, info.debuggable) == ("Policy fixture ✓", "1.2-fixture", True)
    assert info.network_policy is not None
    assert info.network_policy.domains == ("inherits.example", "plain.example", "second.example")
    assert (info.skipped, info.endpoints) == ((), ())


def test_a_network_config_that_is_not_there_leaves_the_policy_unknown(tmp_path: Path) -> None:
    info = read(tmp_path, package("policy", dex(URL)))
    assert info.network_policy is None
    assert codes(info) == [("resources", "no-network-config")]


def test_a_damaged_resource_table_costs_only_what_is_in_it(tmp_path: Path) -> None:
    info = read(tmp_path, package("policy", dex(URL), Part("resources.arsc", b"damaged")))
    assert (info.package, info.app_name) == ("fixture.policy", None)
    assert codes(info) == [("resources", "damaged-resources"), ("resources", "no-network-config")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"Dear reader,\n", "not-an-archive"),
        (fixture("policy")[:1000], "truncated"),
        (fixture("policy")[100:], "damaged-archive"),
    ],
)
def test_what_is_no_apk(tmp_path: Path, data: bytes, code: str) -> None:
    info = read(tmp_path, data)
    assert (info.package, info.endpoints, info.permissions) == (None, None, None)
    assert (info.sha256, info.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert codes(info) == [("read", code)]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    info = read_apk(tmp_path / "gone", shown_as="gone", knowledge=KNOWLEDGE)
    assert (info.path, info.sha256, info.size, info.files) == ("gone", None, None, ())
    assert codes(info) == [("read", "not-found")]


def test_a_folder(tmp_path: Path) -> None:
    assert codes(read_apk(tmp_path, shown_as="folder", knowledge=KNOWLEDGE)) == [("read", "not-a-file")]


def test_an_empty_archive(tmp_path: Path) -> None:
    assert codes(read(tmp_path, make_zip([]))) == [("manifest", "no-manifest")]


def test_code_in_load_order_and_code_that_android_does_not_load(tmp_path: Path) -> None:
    parts = [dex(f"http://h{name}.example.net/", name=f"{name}.dex") for name in ("classes2", "classes", "classes4")]
    info = read(tmp_path, package("base", *parts, Part("assets/classes.dex", b"not looked at")))
    assert hosts(info) == [
        ("hclasses.example.net", ["classes.dex"]),
        ("hclasses2.example.net", ["classes2.dex"]),
        ("hclasses4.example.net", ["classes4.dex"]),
    ]


def test_code_that_stands_there_twice_is_read_twice(tmp_path: Path) -> None:
    info = read(tmp_path, package("base", dex("http://one.example.net/"), dex("http://two.example.net/")))
    assert hosts(info) == [
        ("one.example.net", ["classes.dex"]),
        ("two.example.net", ["classes.dex#2"]),
    ]
    assert codes(info) == [("list", "duplicate-entry")]


def test_a_manifest_that_speaks_of_code_which_is_not_there(tmp_path: Path) -> None:
    assert codes(read(tmp_path, fixture("base"))) == []
    with_code = make_zip([Part("AndroidManifest.xml", _says_code(manifest("base").content))])
    info = read(tmp_path, with_code)
    assert (codes(info), info.has_code, info.endpoints) == ([("dex", "no-code")], True, None)


def _says_code(compiled: bytes) -> bytes:
    """Turn the only flag of the base fixture, hasCode="false", into "true"."""
    at = compiled.index(b"\x08\0\0\x12") + 4
    return compiled[:at] + b"\xff\xff\xff\xff" + compiled[at + 4 :]


def test_damaged_code_is_noted_and_the_rest_is_read(tmp_path: Path) -> None:
    broken = Part("classes2.dex", b"\xff\xff", deflate=False, method=8)
    info = read(tmp_path, package("base", dex(URL), broken))
    assert hosts(info) == [("collect.example.net", ["classes.dex"])]
    assert codes(info) == [("dex", "damaged-entry")]
    assert info.skipped[0].reason == "The entry classes2.dex of the archive is damaged."


def test_code_that_is_no_dex_is_noted_with_its_entry(tmp_path: Path) -> None:
    info = read(tmp_path, package("base", Part("classes.dex", b"no dex at all" * 20)))
    assert [(skipped.subject, skipped.step) for skipped in info.skipped] == [("shown.apk!classes.dex", "dex")]


def test_code_without_a_manifest(tmp_path: Path) -> None:
    info = read(tmp_path, make_zip([dex(URL)]))
    assert (info.package, info.has_code, hosts(info)) == (None, True, [("collect.example.net", ["classes.dex"])])
    assert codes(info) == [("manifest", "no-manifest")]


def test_what_other_files_mention_is_told_with_dex_strings(tmp_path: Path) -> None:
    inner = make_zip([dex("http://hidden.example.net/", name="x.dex")])
    asset = Part("assets/a.json", b'{"u": "http://asset.example.net/"}')
    data = package("policy", dex(URL), asset, Part("assets/b.bin", inner), Part("res/c.rar", b"Rar!\x1a\x07\0"))
    info = read(tmp_path, data)
    assert hosts(info) == [
        ("asset.example.net", ["assets/a.json"]),
        ("collect.example.net", ["classes.dex"]),
        ("hidden.example.net", ["assets/b.bin!x.dex"]),
    ]
    assert [(one.step, one.subject, one.code) for one in info.skipped if one.step == "native"] == [
        ("native", "shown.apk!res/c.rar", "unknown-archive")
    ]
    assert hosts(read(tmp_path, data, frozenset({"native"}))) == [("collect.example.net", ["classes.dex"])]


def test_java_classes_give_endpoints_and_trackers_but_no_behaviours(tmp_path: Path) -> None:
    content = java_class("com/example/A", [URL])
    info = read(tmp_path, make_zip([Part("AndroidManifest.xml", b"<manifest/>"), Part("com/example/A.class", content)]))
    assert hosts(info) == [("collect.example.net", ["com/example/A.class"])]
    assert (info.trackers, info.behaviours, info.obfuscation) == ((), None, None)
    assert ("dex", "java-bytecode") in codes(info)


@pytest.mark.parametrize("name", ["com/example/A.class", "classes.jar"])
def test_java_bytecode_is_not_read(tmp_path: Path, name: str) -> None:
    info = read(tmp_path, make_zip([Part("AndroidManifest.xml", b"<manifest/>"), Part(name, b"\xca\xfe\xba\xbe")]))
    assert (info.has_code, info.endpoints) == (True, None)
    assert codes(info) == [("dex", "java-bytecode"), ("native", "damaged-class")]


@pytest.mark.parametrize(
    ("name", "held"), [("c.json", ("first-party", "fixture.policy.Net")), ("d.json", ("unknown", None))]
)
def test_who_reads_a_file_that_holds_an_address(tmp_path: Path, name: str, held: tuple[str, str | None]) -> None:
    code = Part(
        "classes.dex", assemble([Class("Lfixture/policy/Net;", [Method("<clinit>()V", (*const_string(name), RETURN))])])
    )
    info = read(tmp_path, package("policy", code, Part("assets/c.json", f'{{"url": "{URL}"}}'.encode())))
    (found,) = info.endpoints or ()
    assert [(one.party, piece.class_) for one in found.held_by for piece in one.evidence] == [held]


def test_an_app_bundle(tmp_path: Path) -> None:
    code = [dex(f"http://{name}.example.net/", name=f"{name}/dex/classes.dex") for name in ("base", "feature")]
    content = manifest("policy.proto").content
    info = read(tmp_path, make_zip([Part("base/manifest/AndroidManifest.xml", content), *code]))
    assert hosts(info) == [
        ("base.example.net", ["base/dex/classes.dex"]),
        ("feature.example.net", ["feature/dex/classes.dex"]),
        ("schemas.android.com", ["base/manifest/AndroidManifest.xml"]),
    ]
    assert (info.package, info.version_code, info.network_policy) == ("fixture.policy", 7, None)
    assert codes(info) == [("resources", "no-network-config")]


def container(*parts: Part) -> bytes:
    return make_zip([Part("manifest.json", b"{}"), *parts])


def member(name: str, data: bytes, *, deflate: bool = True) -> Part:
    return Part(name, data, deflate=deflate)


@pytest.mark.parametrize("deflate", [True, False])
def test_a_container_is_one_record(tmp_path: Path, deflate: bool) -> None:
    base, extra = package("base", dex("http://one.example.net/")), package("extra", dex("http://two.example.net/"))
    parts = [
        member("config.apk", fixture("config"), deflate=deflate),
        member("splits/extra.apk", extra, deflate=deflate),
        member("base.apk", base, deflate=deflate),
    ]
    data = container(*parts)
    info = read(tmp_path, data)
    assert [(file.path, file.role) for file in info.files] == [
        ("shown.apk", "container"),
        ("shown.apk!base.apk", "base"),
        ("shown.apk!config.apk", "config"),
        ("shown.apk!splits/extra.apk", "split"),
    ]
    assert info.files[1].sha256 == hashlib.sha256(base).hexdigest()
    assert (info.path, info.sha256, info.size) == ("shown.apk", hashlib.sha256(data).hexdigest(), len(data))
    assert (info.package, info.version_code) == ("fixture.split", 3)
    assert [component.name for component in info.components or ()] == ["fixture.split.Extra"]
    assert hosts(info) == [
        ("one.example.net", ["base.apk!classes.dex"]),
        ("two.example.net", ["splits/extra.apk!classes.dex"]),
    ]
    assert info.skipped == ()


def test_another_package_in_a_container_is_noted(tmp_path: Path) -> None:
    info = read(tmp_path, container(member("base.apk", package("base", dex(URL))), member("x.apk", fixture("policy"))))
    assert info.package == "fixture.split"
    assert [(skipped.subject, skipped.code) for skipped in info.skipped] == [("shown.apk!x.apk", "other-package")]
    assert [component.name for component in info.components or ()] == []


def test_a_member_with_another_signer_is_noted(tmp_path: Path) -> None:
    info = read(tmp_path, container(member("base.apk", fixture("jar")), member("extra.apk", fixture("extra"))))
    assert [(skipped.subject, skipped.step, skipped.code) for skipped in info.skipped] == [
        ("shown.apk!extra.apk", "signature", "other-signer")
    ]
    assert [signer.schemes for signer in info.signers or ()] == [("v1",)]


def test_a_damaged_member_is_noted_and_the_others_are_read(tmp_path: Path) -> None:
    info = read(tmp_path, container(member("base.apk", fixture("base")), member("x.apk", b"no archive")))
    assert info.package == "fixture.split"
    assert [(skipped.subject, skipped.step, skipped.code) for skipped in info.skipped] == [
        ("shown.apk!x.apk", "read", "not-an-archive")
    ]


def test_a_container_without_a_manifest_keeps_what_is_found(tmp_path: Path) -> None:
    info = read(tmp_path, container(member("a.apk", b"x"), member("b.apk", make_zip([dex(URL)]))))
    assert (info.package, hosts(info)) == (None, [("collect.example.net", ["b.apk!classes.dex"])])
    assert [file.path for file in info.files] == ["shown.apk", "shown.apk!b.apk"]
    assert [(skipped.subject, skipped.code) for skipped in info.skipped] == [
        ("shown.apk!a.apk", "not-an-archive"),
        ("shown.apk!b.apk", "no-manifest"),
    ]


def test_a_container_of_which_no_member_can_be_read(tmp_path: Path) -> None:
    info = read(tmp_path, container(member("a.apk", b"x")))
    assert [(file.path, file.role) for file in info.files] == [("shown.apk", "container")]
    assert codes(info) == [("read", "not-an-archive")]


def test_an_apk_that_carries_another_is_itself(tmp_path: Path) -> None:
    info = read(tmp_path, package("base", member("assets/inner.apk", fixture("policy"))))
    assert info.package == "fixture.split"


@pytest.mark.parametrize(
    ("step", "unknown"),
    [
        ("signature", ["signature", "signers"]),
        ("manifest", ["package", "permissions", "components", "network_policy"]),
        ("resources", ["app_name", "network_policy"]),
        ("dex", ["endpoints", "trackers", "obfuscation"]),
    ],
)
def test_a_step_that_is_left_out_leaves_unknown_what_it_gives(tmp_path: Path, step: str, unknown: list[str]) -> None:
    data, everything = fixture("policy"), {"signature", "package", "app_name", "endpoints", "network_policy"}
    info = read(tmp_path, data, frozenset({step}))
    assert [getattr(info, field) for field in unknown] == [None] * len(unknown)
    known = everything - set(unknown) - ({"app_name"} if step == "manifest" else set())
    assert all(getattr(info, field) is not None for field in known)
    assert info.skipped == ()


def test_steps_are_announced(tmp_path: Path) -> None:
    path, steps = tmp_path / "a.apk", list[str]()
    path.write_bytes(fixture("policy"))
    read_apk(path, shown_as="a", knowledge=KNOWLEDGE, on_step=steps.append)
    assert list(dict.fromkeys(steps)) == ["read", "resources", "manifest", "signature", "native", "dex", "record"]
