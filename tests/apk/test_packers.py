"""What hides code, from the files of a package to its record."""

import random
from pathlib import Path

from phone_audit.apk.join import join
from phone_audit.apk.read_apk import read_apk
from phone_audit.knowledge.files import DataFile
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import PackerFact, PackerFile
from phone_audit.model.apk import ApkInfo
from phone_audit.model.finding import Evidence, Skipped
from tests.apk.dex.builder import Source, build_dex
from tests.apk.packages import package
from tests.apk.zips import Part

WRAPPER = PackerFact(
    id="wrapper",
    name="Wrapper",
    owner=None,
    hides="code",
    files=("libwrap.so",),
    weak_files=(),
    classes=("com.wrapper.stub",),
    sources=("s",),
    matches=(),
    ignores=(),
)
SHIELD = WRAPPER.model_copy(update={"id": "shield", "name": "Shield", "hides": "parts", "classes": ("com.shield",)})
SHIELD = SHIELD.model_copy(update={"files": ("libshielded.so",)})
FACTS = PackerFile(sources=(), entries=(WRAPPER, SHIELD))
KNOWLEDGE = Knowledge((DataFile("packers", 0, Path("packers.json"), FACTS.model_dump_json().encode()),))
NOISE = random.Random(1).randbytes(40_000)
PACKED = Skipped(
    subject="a.apk", step="dex", code="packed", reason="The code is packed with Wrapper; only what unpacks it was read."
)


def dex(*classes: str) -> Part:
    return Part("classes.dex", build_dex(Source(classes=classes)))


def read(tmp_path: Path, *parts: Part, leave_out: frozenset[str] = frozenset()) -> ApkInfo:
    path = tmp_path / "a.apk"
    path.write_bytes(package("policy", *parts))
    return read_apk(path, shown_as="a.apk", knowledge=KNOWLEDGE, leave_out=leave_out)


def test_a_packer_by_its_library(tmp_path: Path) -> None:
    info = read(tmp_path, dex("La/b/Main;"), Part("lib/x86/libwrap.so", b"x"))
    assert info.obfuscation is not None
    assert info.obfuscation.packers == ("wrapper",)
    assert info.obfuscation.encrypted is False
    assert info.obfuscation.name_share == 0.0
    assert info.obfuscation.evidence == (Evidence(kind="path", where="lib/x86/libwrap.so", value="sign of Wrapper"),)
    assert PACKED in info.skipped


def test_a_packer_by_its_class(tmp_path: Path) -> None:
    info = read(tmp_path, dex("La/b/Main;", "Lcom/wrapper/stub/App;"))
    assert info.obfuscation is not None
    assert info.obfuscation.packers == ("wrapper",)
    assert info.obfuscation.evidence == (
        Evidence(kind="class", where="classes.dex", value="sign of Wrapper", class_="com.wrapper.stub.App"),
    )
    assert PACKED in info.skipped


def test_a_class_that_is_only_named_or_only_similar_is_none(tmp_path: Path) -> None:
    data = build_dex(Source(types=("Lcom/wrapper/stub/App;",), classes=("Lcom/wrapper/stubs/A;",)))
    info = read(tmp_path, Part("classes.dex", data))
    assert info.obfuscation is not None
    assert info.obfuscation.packers == ()
    assert PACKED not in info.skipped


def test_a_protector_hides_parts_so_the_code_counts_as_read(tmp_path: Path) -> None:
    info = read(tmp_path, dex("Lcom/shield/A;"), Part("lib/x86/libshielded.so", b"x"))
    assert info.obfuscation is not None
    assert info.obfuscation.packers == ("shield",)
    assert len(info.obfuscation.evidence) == 2
    assert "packed" not in {skipped.code for skipped in info.skipped}


def test_files_that_look_encrypted(tmp_path: Path) -> None:
    info = read(tmp_path, dex("La/b/Main;"), Part("assets/data", NOISE))
    assert info.obfuscation is not None
    assert info.obfuscation.packers == ()
    assert info.obfuscation.encrypted is True
    assert info.obfuscation.evidence == (Evidence(kind="asset", where="assets/data", value="looks encrypted"),)


def test_a_package_without_readable_code_still_shows_its_packer(tmp_path: Path) -> None:
    info = read(tmp_path, dex("La/b/Main;"), Part("lib/x86/libwrap.so", b"x"), leave_out=frozenset({"dex"}))
    assert info.obfuscation is not None
    assert info.obfuscation.packers == ("wrapper",)
    assert info.obfuscation.name_share is None


def test_without_code_and_without_a_sign_nothing_is_said(tmp_path: Path) -> None:
    assert read(tmp_path, dex("La/b/Main;"), leave_out=frozenset({"dex"})).obfuscation is None


def test_what_was_not_looked_at_is_unknown(tmp_path: Path) -> None:
    info = read(tmp_path, dex("La/b/Main;"), Part("assets/data", NOISE), leave_out=frozenset({"native"}))
    assert info.obfuscation is not None
    assert info.obfuscation.encrypted is None


def test_splits_are_joined(tmp_path: Path) -> None:
    base = read(tmp_path, dex("Lcom/shield/A;"))
    joined = join(base, [read(tmp_path, Part("lib/x86/libwrap.so", b"x"), Part("assets/data", NOISE))]).obfuscation
    assert joined is not None
    assert joined.packers == ("shield", "wrapper")
    assert joined.encrypted is True
    assert [evidence.where for evidence in joined.evidence] == ["classes.dex", "lib/x86/libwrap.so", "assets/data"]
