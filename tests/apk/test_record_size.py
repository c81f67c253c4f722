"""Records of bounded size: what is cut is said, and nothing that a file holds keeps its record from being written."""

import json
from pathlib import Path

import pytest

from phone_audit.apk import record_size
from phone_audit.apk.endpoints.host_collector import MAX_HOSTS
from phone_audit.apk.record_size import LONGEST_RECORD, RecordBudget, cut, record_json
from phone_audit.apk.records import empty_record
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.model.apk import ApkInfo, Component, Endpoint, HeldBy
from phone_audit.model.finding import Evidence, Skipped
from tests.apk.bombs import record_bomb
from tests.apk.test_worker import goes_wrong, skips


def record(components: int = 3, length: int = 10, **more: object) -> ApkInfo:
    made = tuple(
        Component(kind="activity", name=f"{number}".ljust(length, "x"), exported=False, permission=None, actions=())
        for number in range(components)
    )
    known = {"package": "a.b", "sha256": "0" * 64, "components": made, "permissions": ("p",)} | more
    return empty_record("a.apk", ()).model_copy(update=known)


def test_a_record_that_fits_stays_as_it_is() -> None:
    whole = record(2_000)
    assert ApkInfo.model_validate_json(record_json(whole)) == whole


@pytest.mark.promise("records-bounded")
@pytest.mark.parametrize(("components", "length"), [(40_000, 10), (2_000, 20_000), (3, 2**22)])
def test_one_that_does_not_is_cut_and_says_so(components: int, length: int) -> None:
    text = record_json(record(components, length))
    info = ApkInfo.model_validate_json(text)
    assert len(text.encode()) <= LONGEST_RECORD
    assert (info.package, info.permissions) == ("a.b", ("p",))
    assert [(one.step, one.code) for one in info.skipped] == [("record", "record-limit")]
    assert "components" in info.skipped[0].reason


def test_what_is_long_does_not_displace_what_is_short() -> None:
    host = Endpoint(
        host="a.example", kind="domain", registered_domain=None, urls=(), schemes=(), ports=(), cleartext=False,
        owner=None, category="unknown", ruled_out=None, held_by=(),
    )  # fmt: skip
    notes = tuple(Skipped(subject=f"{n}" * 900, step="dex", code="x", reason="y" * 4000) for n in range(5_000))
    info = ApkInfo.model_validate_json(record_json(record(40_000, 100, endpoints=(host,), skipped=notes)))
    assert info.endpoints == (host,)
    assert info.components
    assert {one.code for one in info.skipped} == {"x", "record-limit"}


def endpoint(host: str, urls: int = 50) -> Endpoint:
    evidence = tuple(Evidence(kind="dex-string", where="classes.dex", value=host * 9, offset=n) for n in range(5))
    return Endpoint(
        host=host, kind="domain", registered_domain=host, urls=tuple(f"http://{host}/{n}" for n in range(urls)),
        schemes=("http",), ports=(), cleartext=True, owner=None, category="unknown", ruled_out=None,
        held_by=(HeldBy(party="first-party", library=None, evidence=evidence),),
    )  # fmt: skip


@pytest.mark.slow
def test_many_hosts_do_not_hide_one_of_them() -> None:
    """As many hosts as are gathered at most, each with all that is kept of one: details go, no host does."""
    hosts = tuple(endpoint(f"a{number:05}.padding{number}.example") for number in range(MAX_HOSTS))
    info = ApkInfo.model_validate_json(record_json(record(40_000, 4000, endpoints=hosts)))
    assert [one.host for one in info.endpoints or ()] == [one.host for one in hosts]
    assert all(one.cleartext for one in info.endpoints or ())
    assert any("details of items" in one.reason for one in info.skipped)


def test_what_others_hold_does_not_cut_a_record_of_ordinary_size() -> None:
    together = RecordBudget(2**20)
    bomb, honest = record(20_000, 200), record(800, 200)
    assert together.fitting(bomb, 2**20) == bomb
    assert together.fitting(bomb, 2**20) != bomb
    assert together.fitting(honest, len(honest.model_dump_json())) == honest


def test_half_a_surrogate_pair_does_not_lose_the_record() -> None:
    info = ApkInfo.model_validate_json(record_json(record(app_name="a\ud800b")))
    assert (info.app_name, len(info.components or ())) == ("a\\ud800b", 3)


class PanicException(BaseException):
    """What code in Rust raises where it gives up; no Exception, as there."""


@pytest.mark.parametrize("failure", [MemoryError, PanicException, ValueError])
def test_a_failure_to_write_is_answered_with_less(
    failure: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def fail(info: ApkInfo) -> str:
        tried.append(info)
        raise failure

    with monkeypatch.context() as patched:
        patched.setattr(ApkInfo, "model_dump_json", fail)
        assert record_size._written(record(), LONGEST_RECORD) is None
    assert len(tried) == 1


def test_where_nothing_can_be_written_the_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_size, "_written", lambda *_: None)
    answer = json.loads(record_json(record(50)))
    assert (answer["path"], answer["sha256"], answer["components"]) == ("a.apk", "0" * 64, None)
    assert [one["code"] for one in answer["skipped"]] == ["record-limit"]


def test_the_cut_is_the_same_each_time() -> None:
    assert cut(record(40_000), 2**18) == cut(record(40_000), 2**18)


@pytest.mark.promise("records-bounded")
def test_a_small_file_cannot_make_a_large_record(tmp_path: Path) -> None:
    data = record_bomb()
    assert len(data) < 100_000
    (tmp_path / "a.apk").write_bytes(data)
    with WorkerPool(1, timeout=60, memory_mb=1024) as pool:
        ((info, _),) = pool.analyse([(tmp_path / "a.apk", "a.apk")])
    assert info.package == "org.bomb.a0"
    assert len(info.model_dump_json().encode()) <= LONGEST_RECORD
    assert ("record", "record-limit") in skips(info)


@pytest.mark.slow
@pytest.mark.parametrize("deed", ["abort", "raise", "kill"])
def test_whatever_ends_the_worker_while_it_writes_costs_no_other_step(tmp_path: Path, deed: str) -> None:
    info = goes_wrong(tmp_path, f"{deed}-record")
    assert {step for step, _ in skips(info)} == {"record"}
    assert info.package == "fixture.policy"
    assert info.signature is not None
