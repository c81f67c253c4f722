"""Each finding names its file and the digest, and no finding of an APK is left out of the long text."""

import csv
import io

from phone_audit.model.finding import Finding
from phone_audit.model.results import Scan
from phone_audit.report.apk_files import ApkFiles, CheckedFile
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render
from tests.documents import apk, apks, finding, scan

LONG = Style(details=True)
DIGEST = "0" * 64


def broken() -> Finding:
    info = {"severity": "info", "title": "Signature does not verify", "incident": None, "id": "signature-broken"}
    return finding(key="k9").model_copy(update=info)


def test_what_is_only_information_stands_with_its_evidence_where_there_are_few_apks() -> None:
    text = render("text", apks(apk().model_copy(update={"findings": (broken(),)})), LONG)
    assert "Signature does not verify (info, confirmed)" in text
    assert "dex-string: http://a.example [classes.dex, offset 0x10]" in text
    assert "What you can do" not in text


def test_what_is_only_information_is_named_where_there_are_many_apks() -> None:
    records = [apk(f"{name}.apk").model_copy(update={"findings": (broken(),)}) for name in "abcde"]
    text = render("text", apks(*records), LONG)
    assert "Also seen\n  - Signature does not verify: com.a\n" in text
    assert "Evidence\n" not in text


def test_kinds_beyond_a_bound_are_counted() -> None:
    odd = tuple(broken().model_copy(update={"title": f"T{number}"}) for number in range(310))
    records = [apk(f"{name}.apk").model_copy(update={"findings": odd}) for name in "abcde"]
    text = render("text", apks(*records), LONG)
    assert "T0: com.a" in text
    assert "50 more" in text


def test_each_format_names_the_file_and_its_digest() -> None:
    record = apk("/x/bad.apk", "known-bad")
    for document in (apks(record, outcome="known-bad"), record, phone()):
        text = render("text", document, LONG)
        assert f"file: /x/bad.apk\n      SHA-256 {DIGEST}\n" in text
        (line,) = csv.DictReader(io.StringIO(render("csv", document, Style())))
        assert (line["file"], line["sha256"]) == ("/x/bad.apk", DIGEST)
    for document in (apks(record, outcome="known-bad"), phone()):
        page = render("html", document, Style())
        assert f"File: <bdi>/x/bad.apk</bdi>, SHA-256 <code>{DIGEST}</code>" in page


def phone() -> Scan:
    return scan("known-bad").model_copy(update={"apks": (apk("/x/bad.apk"),)})


def test_a_digest_that_is_not_known_is_said_to_be_so() -> None:
    record = apk("/x/bad.apk", "known-bad").model_copy(update={"sha256": None})
    assert "SHA-256 not known" in render("text", record, LONG)


def test_equal_files_are_not_all_named() -> None:
    files = ApkFiles()
    for name in "abc":
        files.add(apk(f"{name}.apk"), (finding(),))
    assert files.of(finding()) == [CheckedFile("a.apk", DIGEST), CheckedFile("b.apk", DIGEST)]
    assert files.of(finding("other", "k0")) == ()
