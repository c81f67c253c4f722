from itertools import permutations

from phone_audit.apk.records import evidence_in_order
from phone_audit.model.finding import Evidence


def _seen(kind: str, where: str = "a", class_: str | None = None, offset: int | None = None) -> Evidence:
    fields = {"kind": kind, "where": where, "value": "v", "class_": class_, "offset": offset}
    return Evidence.model_validate(fields)


def test_the_order_does_not_depend_on_that_of_finding_and_nothing_stands_twice() -> None:
    ordered = (
        _seen("manifest", "z"),
        _seen("call", "a"),
        _seen("class", "a", "x.A"),
        _seen("class", "a", "x.B", 0),
        _seen("class", "a", "x.B", 1),
        _seen("class", "b"),
        _seen("dex-string", "a"),
    )
    assert all(evidence_in_order(some) == ordered for some in permutations(ordered))
    assert evidence_in_order((*ordered, *ordered)) == ordered


def test_what_only_explains_stands_last() -> None:
    plain, explains = _seen("class"), _seen("manifest").model_copy(update={"value": "on = false"})
    assert evidence_in_order([plain, explains]) == (explains, plain)
    assert evidence_in_order([plain, explains], last=["on = false"]) == (plain, explains)
