"""Inputs for the readers of files that somebody else made: acquisitions, lists, updates, results."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import Behaviour
from phone_audit.model.results import Difference, OddOne
from phone_audit.pipeline.firmware import check_firmware
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render
from tests import documents
from tests.acquire.importers import made
from tests.apk.zips import Part, make_zip
from tests.fuzz import expansion
from tests.fuzz.expansion import joined
from tests.fuzz.seeds.common import FIXTURES, LONGEST, ROOT, Inputs, grown
from tests.fuzz.targets import feeds, saved
from tests.knowledge.feeds.cases import CASES
from tests.knowledge.feeds.feeds import item, keep
from tests.report.test_draw_phones import fleet, group
from tests.watches import watch

SIGNED: Final = ROOT / "tests" / "knowledge" / "updates" / "signed"


def saved_manifest() -> Inputs:
    manifest: dict[str, Any] = json.loads((FIXTURES / "devices" / "pixel-small" / "manifest.json").read_text())
    manifest["artifacts"] = manifest["artifacts"][:3]
    for number, artifact in enumerate(manifest["artifacts"]):
        artifact["file"] = f"answers/{number + 1:04d}-a.txt"
    yield "answers", joined((0, saved.with_hash(manifest, b"answer")), (1, b"answer"), (2, b"answer"))
    yield (
        "values",
        joined((0, grown(b'{"schema":"phone-audit/acquisition/1","a":[[]]}', expansion.REPEAT, 43, 2, 0, 60_000))),
    )
    yield "deep", joined((0, grown(b"[]", expansion.NEST, 0, 1, 1, 60_000)))


def saved_parts() -> Inputs:
    yield "parts", b'{"size":10,"sha256":null,"ranges":[[0,2],[8,10]]}\nabcd'
    yield "hashes", json.dumps({"hashes": {"/a": ["ab" * 32, "device"]}, "notes": []}).encode()
    manifest = Part("a/manifest.json", b'{"schema":"phone-audit/acquisition/1"}')
    yield "archive", make_zip([manifest, Part("a/answers/0001-a.txt", b"b")])
    yield "deep", grown(b"[]", expansion.NEST, 0, 1, 1, 60_000)


def foreign() -> Inputs:
    phone = made.recorded("pixel-small")
    phone = made.Recorded(phone.answers, {}, {"packages": phone.packages[:2]})
    with TemporaryDirectory() as folder:
        for make in (made.androidqf, made.hubble, made.mvt, made.plain):
            make(phone, Path(folder) / make.__name__)
            yield make.__name__, _folder(Path(folder) / make.__name__)
    values = grown(b"[[]]", expansion.REPEAT, 1, 2, 0, 60_000)
    yield "values", joined((0, b'{"uuid":"x","androidqf_version":"1"}'), (2, values))


def _folder(folder: Path) -> bytes:
    named = {name: number for number, name in enumerate(saved.FILES)}
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return joined(*((named[name], content[:2000]) for name, content in sorted(files.items()) if name in named))


def bugreport() -> Inputs:
    phone = made.recorded("pixel-small")
    text = (
        "========================================================\n== dumpstate: 2026-01-01 00:00:00\n"
        "========================================================\n\n------ SYSTEM PROPERTIES (getprop) ------\n"
        "[ro.build.fingerprint]: [a/b/c:9/X/1:user/release-keys]\n"
        "------ 0.2s was the duration of 'SYSTEM PROPERTIES' ------\n"
    ) + phone.dumps()[:8000]
    yield "text", text.encode("utf-8", "surrogateescape")
    yield "zip", make_zip([Part("main_entry.txt", b"a.txt"), Part("a.txt", text.encode("utf-8", "surrogateescape"))])
    yield "names", grown(make_zip([Part("bugreport-a.txt", b"b")]), expansion.REPEAT, 60, 60, 0, 2000)
    yield "many-sections", grown(text.encode("utf-8", "surrogateescape"), expansion.REPEAT, 400, 200, 0, 5000)


def age_file() -> Inputs:
    stanza = b"-> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc\nEmECAEcKN+n/Vs9SbWiV+Hu0r+E8R77DdWYyd83nw7U\n"
    yield "one", b"age-encryption.org/v1\n" + stanza + b"--- fgMiVLJHMlg9fW7CVG/hPS5EAU4Zeg19LyCP7SoH5nA\n" + bytes(40)
    yield "many", grown(b"age-encryption.org/v1\n" + stanza + b"--- a\n", expansion.REPEAT, 22, len(stanza), 0, 2000)


def all_feeds() -> Inputs:
    numbered = {name: number for number, name in enumerate(feeds.NAMES)}
    for name, (text, *_) in CASES.items():
        yield name, bytes([numbered[name]]) + text.encode()[:2000]
    pattern = "[domain-name:value='a.example']"
    objects: list[dict[str, object]] = [
        {"type": "indicator", "id": "indicator--1", "pattern": pattern, "spec_version": "2.1"},
        {"type": "malware", "id": "malware--1", "name": "Spy", "is_family": True},
        {
            "type": "relationship",
            "relationship_type": "indicates",
            "source_ref": "indicator--1",
            "target_ref": "malware--1",
        },
    ]
    stix = {"type": "bundle", "objects": objects}
    yield "stix", bytes([numbered["stix"]]) + json.dumps(stix).encode()
    yield "hosts-slashes", grown(bytes([numbered["hosts"]]) + b"/*\n", expansion.REPEAT, 1, 1, 0, 60_000)
    yield "hosts-line", grown(bytes([numbered["hosts"]]) + b"0.0.0.0 a.example", expansion.REPEAT, 9, 9, 0, 60_000)
    for name in ("stix", "exodus", "csv", "values", "misp-galaxy"):
        yield f"{name}-deep", grown(bytes([numbered[name]]) + b"[]", expansion.NEST, 1, 1, 1, 60_000)
        yield f"{name}-line", grown(bytes([numbered[name]]) + b"a.", expansion.REPEAT, 1, 2, 0, 60_000)


def yaml() -> Inputs:
    yield "ioc", CASES["stalkerware"][0].encode()
    yield "aliases", b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n"
    yield "deep", grown(b"[]", expansion.NEST, 0, 1, 1, 20_000)
    yield "deep-blocks", grown(b"- a", expansion.REPEAT, 0, 2, 0, 20_000)
    yield "merge", b"a: &a {b: c}\nd:\n  <<: *a\n"


def stix_pattern() -> Inputs:
    hashes = b"file:hashes.'SHA-256' IN ('" + b"a" * 64 + b"', 'b')"
    yield "two", b"[domain-name:value = 'a.example' OR (" + hashes + b")] REPEATS 2 TIMES"
    yield "deep", grown(b"[()]", expansion.NEST, 1, 1, 2, 20_000)
    yield "quotes", grown(b"[a:b = 'c\\'']", expansion.REPEAT, 9, 2, 0, 60_000)


def kept_feeds() -> Inputs:

    with TemporaryDirectory() as folder:
        path = keep(Path(folder), item("host", "a.example"), item("network", "10.0.0.0/8"), item("path", "/a"))
        yield "feed", path.read_bytes()


def updates() -> Inputs:
    for name in ("legacy.minisig", "list.txt.minisig"):
        yield name, (SIGNED / name).read_bytes()
    key = (SIGNED / "key.pub").read_text().splitlines()[1]
    yield "key", key.encode()
    bundle = [Part("incidents/a.json", b"{}"), Part("indicators/b.jsonl", b"{}"), Part("incidents/LICENSE", b"c")]
    yield "bundle", make_zip(bundle)
    signature = {"public_key": key, "signature_url": "https://a.example/b"}
    signed = {"id": "a", "url": "https://a.example/a.zip", "format": "bundle", "minisign": signature}
    pinned = {"id": "b", "url": "https://a.example/c", "format": "hosts", "sha256": "a" * 64}
    yield "sources", json.dumps({"sources": [signed, pinned]}).encode()
    yield "deep", grown(b'{"sources":[]}', expansion.NEST, 11, 1, 2, 60_000)


def bounded_files() -> Inputs:
    yield "json", b'{"a":[1,-2.5e9,"b\\"c\\ud800",null,[[]],{}],"d":"' + b"9" * 30 + b'"}'
    yield "lines", b"a\nb\r\n" + b"c" * 80 + b"\nd"
    yield "utf-16", "a\nb\nünï\n".encode("utf-16")
    yield "deep", grown(b"[]", expansion.NEST, 0, 1, 1, 60_000)
    yield "wide", grown(b"[[],[]]", expansion.REPEAT, 1, 3, 0, 60_000)
    yield "digits", grown(b"[1]", expansion.REPEAT, 1, 1, 0, 60_000)
    yield "quotes", grown(b'["\\""]', expansion.REPEAT, 2, 2, 0, 60_000)


def report() -> Inputs:
    known = load_knowledge()
    builds = ["google/oriole/oriole:15/AP4A.250105.002/12701944:user/release-keys", "TP1A.220624.014"]
    flow = Behaviour(id="flow.sends", title="A flow", evidence=(), source="a", sink="b", data="imei", cleartext=True)
    odd = Difference(what="state proxy", majority="not set", odd=(OddOne(member="02", value="x:1"),))
    code = documents.apk().model_copy(update={"behaviours": (flow,)})
    for name, document in {
        "scan": documents.scan("known-bad", (documents.SKIPPED,)),
        "apk": code,
        "apks": documents.apks(documents.apk(), documents.apk("b.apk", "exposed")),
        "firmware": check_firmware(builds, knowledge=known),
        "fleet": fleet(group(odd)),
        "watch": watch(),
    }.items():
        yield name, render("json", document, Style()).encode()[:LONGEST]
    yield "deep", grown(b'{"schema":"phone-audit/scan/1","a":[]}', expansion.NEST, 35, 1, 2, 60_000)
    yield "values", grown(b'{"schema":"phone-audit/apks/1","apks":[{}]}', expansion.REPEAT, 39, 3, 0, 60_000)


def firmware() -> Inputs:
    yield "fingerprint", b"google/oriole/oriole:15/AP4A.250105.002/12701944:user/release-keys\nTP1A.220624.014\n"
    yield "properties", (FIXTURES / "devices" / "nokia7plus-small" / "answers" / "0000-getprop.txt").read_bytes()
    yield "settings", b"Build number\nV816.0.5.0.UMLMIXM\nAndroid version\n14 UKQ1.231003.002\n"
    yield "words", grown(b"a b:", expansion.REPEAT, 0, 2, 0, 60_000)


MAKERS: Final[dict[str, Callable[[], Inputs]]] = {
    "saved_manifest": saved_manifest,
    "saved_parts": saved_parts,
    "foreign": foreign,
    "bugreport": bugreport,
    "age_file": age_file,
    "feeds": all_feeds,
    "yaml": yaml,
    "stix_pattern": stix_pattern,
    "kept_feeds": kept_feeds,
    "updates": updates,
    "bounded_files": bounded_files,
    "report": report,
    "firmware": firmware,
}
