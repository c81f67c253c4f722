"""Splits find their base, and a joined record holds what every file holds."""

import pytest

from phone_audit.apk.records import empty_record, join, join_splits, moved_inside
from phone_audit.model.apk import (
    ApkFile,
    ApkInfo,
    Component,
    Endpoint,
    FileRole,
    HeldBy,
    Obfuscation,
    Signer,
    Tracker,
)
from phone_audit.model.finding import Evidence, Skipped
from tests.judge import cases


def info(path: str, role: FileRole = "base", package: str | None = "a.b", code: int = 1, signer: str = "s") -> ApkInfo:
    file = ApkFile(path=path, sha256=path, size=1, role=role)
    known = Signer(sha256=signer, sha1="", subject="", schemes=(), not_before="", not_after="")
    return empty_record(path, (), sha256=path, size=1, files=(file,)).model_copy(
        update={"package": package, "version_code": code, "signers": (known,)}
    )


def seen(where: str) -> Evidence:
    return Evidence(kind="dex-string", where=where, value="v")


def endpoint(host: str, where: str, *, cleartext: bool = False, ruled_out: str | None = None) -> Endpoint:
    scheme = "http" if cleartext else "https"
    return Endpoint(
        host=host,
        kind="domain",
        registered_domain=host,
        urls=(f"{scheme}://{host}/{where}",),
        schemes=(scheme,),
        ports=(80 if cleartext else 443,),
        cleartext=cleartext,
        owner=None,
        category="unknown",
        ruled_out=ruled_out,
        held_by=(HeldBy(party="first-party", library=None, evidence=(seen(where),)),),
    )


def paths(infos: list[ApkInfo]) -> list[tuple[str, list[str]]]:
    return [(one.path, [file.path for file in one.files]) for one in infos]


def test_splits_join_the_base_beside_them() -> None:
    infos = [info("d/config.apk", "config"), info("d/base.apk"), info("d/extra.apk", "feature"), info("other.apk")]
    assert paths(join_splits(infos)) == [
        ("d/base.apk", ["d/base.apk", "d/config.apk", "d/extra.apk"]),
        ("other.apk", ["other.apk"]),
    ]


def test_what_differs_from_the_base_stays_alone() -> None:
    base = info("d/base.apk")
    strangers = [
        info("e/split.apk", "split"),
        info("d/package.apk", "split", package="a.c"),
        info("d/version.apk", "split", code=2),
        info("d/signer.apk", "split", signer="t"),
        info("d/unknown.apk", "split", package=None),
    ]
    assert paths(join_splits([base, *strangers])) == [(one.path, [one.path]) for one in (base, *strangers)]


def test_two_bases_are_two_records_and_the_first_gets_the_split() -> None:
    infos = [info("d/a.apk"), info("d/b.apk"), info("d/split.apk", "split")]
    assert paths(join_splits(infos)) == [("d/a.apk", ["d/a.apk", "d/split.apk"]), ("d/b.apk", ["d/b.apk"])]


def test_a_split_without_a_base_and_nothing_at_all() -> None:
    assert paths(join_splits([info("d/split.apk", "split")])) == [("d/split.apk", ["d/split.apk"])]
    assert join_splits([]) == []


def test_endpoints_of_a_split_name_the_file_that_holds_them() -> None:
    base = info("d/base.apk").model_copy(update={"endpoints": (endpoint("x.example", "classes.dex"),)})
    split = info("d/s.apk", "split").model_copy(
        update={
            "endpoints": (endpoint("x.example", "classes.dex", cleartext=True), endpoint("a.example", "classes.dex"))
        }
    )
    (joined,) = join_splits([base, split])
    assert joined.endpoints is not None
    first, second = joined.endpoints
    assert (first.host, first.held_by[0].evidence) == ("a.example", (seen("s.apk!classes.dex"),))
    assert second == endpoint("x.example", "classes.dex").model_copy(
        update={
            "urls": ("http://x.example/classes.dex", "https://x.example/classes.dex"),
            "schemes": ("http", "https"),
            "ports": (80, 443),
            "cleartext": True,
            "held_by": (
                HeldBy(party="first-party", library=None, evidence=(seen("classes.dex"), seen("s.apk!classes.dex"))),
            ),
        }
    )


def test_an_endpoint_counts_when_one_file_does_not_rule_it_out() -> None:
    out, counted = endpoint("x.example", "1", ruled_out="namespace"), endpoint("x.example", "2")
    for pair in ((out, counted), (counted, out)):
        one, two = (info(n).model_copy(update={"endpoints": (e,)}) for n, e in zip("ab", pair, strict=True))
        (only,) = join(one, [two]).endpoints or ()
        assert only.ruled_out is None


def test_the_strongest_tier_of_a_tracker_stands() -> None:
    weak = Tracker(
        id="t", name="T", owner=None, categories=(), tier="referenced", endpoints=("b",), evidence=(seen("1"),)
    )
    strong = weak.model_copy(update={"tier": "present", "endpoints": ("a",), "evidence": (seen("2"),)})
    one, two = (info(n).model_copy(update={"trackers": (t,)}) for n, t in (("a", weak), ("b", strong)))
    assert join(one, [two]).trackers == (
        weak.model_copy(update={"tier": "present", "endpoints": ("a", "b"), "evidence": (seen("1"), seen("2"))}),
    )


def test_everything_else_is_the_union() -> None:
    component = Component(kind="service", name="S", exported=True, permission=None, actions=())
    skipped = Skipped(subject="b", step="dex", code="c", reason="r")
    one = info("a").model_copy(
        update={
            "permissions": ("p",),
            "obfuscation": Obfuscation(packers=("x",), name_share=0.1, encrypted=None, dynamic_code=False),
        }
    )
    two = info("b").model_copy(
        update={
            "permissions": ("o", "p"),
            "components": (component,),
            "obfuscation": Obfuscation(packers=(), name_share=0.4, encrypted=None, dynamic_code=True),
            "skipped": (skipped,),
        }
    )
    joined = join(one, [two])
    assert joined.permissions == ("o", "p")
    assert joined.components == (component,)
    assert joined.obfuscation == Obfuscation(packers=("x",), name_share=0.4, encrypted=None, dynamic_code=True)
    assert joined.skipped == (skipped,)
    assert (joined.endpoints, joined.trackers, joined.behaviours) == (None, None, None)


@pytest.mark.parametrize(
    ("base", "split", "joined"),
    [(True, True, True), (True, False, False), (None, False, False), (True, None, True), (None, None, None)],
)
def test_all_data_was_followed_only_if_it_was_in_each_file(
    base: bool | None, split: bool | None, joined: bool | None
) -> None:
    one, two = (info(name).model_copy(update={"flows_complete": it}) for name, it in (("a", base), ("b", split)))
    assert join(one, [two]).flows_complete is joined


def test_what_starts_components_of_another_file_was_not_looked_for() -> None:
    component = Component(kind="activity", name="a.B", exported=True, permission=None, actions=())
    one, two = (info(name).model_copy(update={"flows_complete": True}) for name in ("a", "b"))
    declaring = two.model_copy(update={"components": (component,)})
    assert join(one, [declaring]).flows_complete is False
    assert join(declaring, [one]).flows_complete is True


def test_as_much_was_followed_as_in_the_file_of_which_the_least_was() -> None:
    shares = {"a": None, "b": 0.5, "c": 1.0}
    one, two, three = (info(name).model_copy(update={"flows_followed": it}) for name, it in shares.items())
    assert join(one, [two, three]).flows_followed == 0.5
    assert join(one, []).flows_followed is None


def test_moving_changes_nothing_but_places() -> None:
    host = endpoint("x.example", "classes.dex").model_copy(update={"use_evidence": (seen("classes.dex"),)})
    one = info("a").model_copy(update={"endpoints": (host,)})
    moved = moved_inside(one, "a.apk")
    assert moved.endpoints is not None
    assert moved.endpoints[0].held_by[0].evidence == (seen("a.apk!classes.dex"),)
    assert moved.endpoints[0].use_evidence == (seen("a.apk!classes.dex"),)
    assert moved.model_copy(update={"endpoints": one.endpoints}) == one


def test_what_starts_code_is_left_open_where_there_are_further_files() -> None:
    """A feature may start it by its code, a split by the layouts in it."""
    idle = cases.endpoint("idle.example").model_copy(update={"started": False})
    base = cases.apk_info("com.a", endpoints=(idle,))
    assert (join(base, []).endpoints or ())[0].started is False
    assert (join(base, [cases.apk_info("com.a", endpoints=())]).endpoints or ())[0].started is None
