"""What labels say of a claim, and how shares are counted."""

from pathlib import Path

import pytest

from phone_audit.model.apk import AddressUse, Endpoint
from tests.benchmarks.precision_labels import Claim, Decision, Labels, name_place
from tests.benchmarks.score_precision import Score, print_share, wilson
from tests.documents import apk

TABLES = {
    "names": (
        "kind label id",
        "tracker Counter exodus-1",
        "behaviour getDeviceId read.imei",
        "behaviour lastKnown read.location",
        "flow IMEI imei",
        "behaviour IMEI read.imei",
    ),
    "endpoints": (
        "sha10 host label reached",
        "a a.example fetched y",
        "a lib.example fetched n",
        "a link.example opened y",
        "a far.example unknown u",
    ),
    "endpoints_rest": ("sha10 host label reached", "a b.example compared y"),
    "trackers": ("sha10 tracker state initialised_by_app", "a Counter present no", "b Counter absent no"),
    "behaviours": (
        "sha10 behaviour code_present permission_requested permission_needed base_library_only called_by_app",
        "a getDeviceId true yes READ_PHONE_STATE no yes",
        "a lastKnown true yes FINE yes no",
        "b getDeviceId true no READ_PHONE_STATE no yes",
    ),
    "flows": (
        "sha10 data verdict source steps cleartext encrypted_body",
        "a IMEI true com.a.Ids.imei/other,net.Post.run net.Post.run yes yes",
        "b IMEI false com.a.Ids.imei none - -",
        "c IMEI true com.a.Ids.imei net.Post.run no -",
    ),
    "tls": (
        "sha10 place kind reachable",
        "a com.a.net.b$1/c any-certificate yes",
        "b com.a.net.Names any-hostname no",
        "c com.a.net.Page webview yes",
    ),
    "packages": ("sha10 debuggable", "a true", "b no"),
}
STEPS = ("com.a.Ids.imei", "com.a.net.Post.run")


@pytest.fixture
def labels(tmp_path: Path) -> Labels:
    for name, rows in TABLES.items():
        (tmp_path / f"{name}.tsv").write_text("\n".join(row.replace(" ", "\t") for row in rows), "utf-8")
    judged = "sha10\tkind\tvalue\tdecision\na\tendpoint\tnew.example\ttrue\na\tendpoint\ta.example\tfalse\n"
    (tmp_path / "judged.tsv").write_text(judged, "utf-8")
    return Labels(tmp_path, tmp_path / "names.tsv", tmp_path / "judged.tsv")


@pytest.mark.parametrize(
    ("claim", "decision"),
    [
        (Claim("a", "endpoint", "a.example"), "true"),  # a label stands before a judgement that knew the result
        (Claim("a", "endpoint", "lib.example"), "unreached"),
        (Claim("a", "endpoint", "link.example"), "false"),
        (Claim("a", "endpoint", "far.example"), "open"),
        (Claim("a", "endpoint", "b.example"), "false"),
        (Claim("a", "endpoint", "new.example"), "true"),
        (Claim("b", "endpoint", "a.example"), "unlabelled"),
        (Claim("a", "tracker", "exodus-1"), "true"),
        (Claim("b", "tracker", "exodus-1"), "false"),
        (Claim("a", "started-tracker", "exodus-1"), "false"),
        (Claim("a", "behaviour", "read.imei"), "true"),
        (Claim("a", "behaviour", "read.location"), "unreached"),
        (Claim("b", "behaviour", "read.imei"), "false"),
        (Claim("c", "behaviour", "read.imei"), "true"),  # what is sent was read
        (Claim("d", "behaviour", "read.imei"), "unlabelled"),
        (Claim("a", "data", "imei"), "true"),
        (Claim("a", "flow", "imei", places=STEPS), "true"),
        (Claim("a", "flow", "imei", places=(STEPS[0], "com.a.net.Get.run")), "unlabelled"),
        (Claim("a", "cleartext-flow", "imei", places=STEPS), "false"),  # what is sent is encrypted
        (Claim("b", "flow", "imei", places=STEPS), "false"),
        (Claim("a", "certificate", "certificate", places=("com.a.net.c.checkServerTrusted",)), "true"),
        (Claim("a", "certificate", "host-name", places=("com.a.net.c.verify",)), "false"),
        (Claim("b", "certificate", "host-name", places=("com.a.net.Names$1.verify",)), "false"),
        (Claim("c", "certificate", "certificate", places=("com.a.net.Page$1.onReceivedSslError",)), "true"),
    ],
)
def test_labels_decide(labels: Labels, claim: Claim, decision: Decision) -> None:
    assert labels.decide(claim) == decision


def test_a_permission_is_missing_as_labelled_or_as_its_like_needs(labels: Labels) -> None:
    assert labels.lacks_permission(Claim("b", "behaviour", "read.imei"), ["android.permission.READ_PHONE_STATE"])
    assert not labels.lacks_permission(Claim("a", "behaviour", "read.imei"), [])
    assert labels.lacks_permission(Claim("d", "behaviour", "read.imei"), ["android.permission.INTERNET"])
    assert not labels.lacks_permission(Claim("d", "behaviour", "read.imei"), ["android.permission.READ_PHONE_STATE"])
    assert not labels.lacks_permission(Claim("d", "behaviour", "read.sensors"), [])


def test_places() -> None:
    assert name_place("net.Http$1 (verifier)", "com.a.net.Http$1.verify")
    assert name_place("com.a.net.Http.trustAll", "com.a.net.Http.trustAll")
    assert not name_place("com.a.net.Http", "com.a.net.Https.verify")
    assert not name_place("Http", "com.a.net.Http.verify")


def test_shares(capsys: pytest.CaptureFixture[str]) -> None:
    assert [round(bound, 3) for bound in wilson(9, 10)] == [0.596, 0.982]
    assert wilson(0, 0) == (0.0, 1.0)
    print_share("hosts", ["true", "false", "unreached", "open", "unlabelled"])
    assert capsys.readouterr().out == (
        "hosts: 1 of 3 = 0.333 [0.061, 0.792]; with what nothing starts 2 of 3 = 0.667 [0.208, 0.939]; "
        "left open 1, unlabelled 1\n"
    )


def _endpoint(host: str, use: AddressUse, *, started: bool | None = None, ruled_out: str | None = None) -> Endpoint:
    return Endpoint(
        host=host, kind="domain", registered_domain=None, urls=(), schemes=(), ports=(), cleartext=False, owner=None,
        category="unknown", ruled_out=ruled_out, held_by=(), use=use, started=started,
    )  # fmt: skip


def test_hosts_that_nothing_starts_are_counted_both_ways(labels: Labels, capsys: pytest.CaptureFixture[str]) -> None:
    endpoints = (
        _endpoint("a.example", "unknown"),
        _endpoint("lib.example", "fetched", started=False),
        _endpoint("link.example", "fetched"),
        _endpoint("new.example", "fetched", ruled_out="documentation"),
    )
    Score(labels, [apk().model_copy(update={"sha256": "a", "endpoints": endpoints})]).endpoints()
    printed = capsys.readouterr().out
    assert "  fetched n fetched, not started: 1\n" in printed
    assert "endpoints with use fetched that counts that are destinations: 0 of 1 = " in printed
    assert "destinations found among use fetched and unknown that counts: 1 of 2 = " in printed
    assert "endpoints with use fetched that are destinations: 0 of 2 = " in printed
    assert "with what nothing starts 1 of 2 = " in printed
    assert "destinations found among use fetched and unknown, of what is started: 1 of 1 = " in printed
