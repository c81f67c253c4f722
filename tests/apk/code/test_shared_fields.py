"""Flows through a field of a library's objects: what one was handed need not come out of another."""

from collections.abc import Sequence

from phone_audit.apk.code.libraries import Owner
from phone_audit.apk.code.shared_fields import SharedFields
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.model.apk import Behaviour, FlowStep
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble

OWNERS = {"lib": Owner("library", "Lib"), "nobody": Owner("unknown", None), "a": Owner("obfuscated", None)}
MANY = 4


def owner(name: str) -> Owner:
    return OWNERS.get(name.partition(".")[0], Owner("first-party", None))


def told(point: str = "lib.Point", sink: str = "lib.Http", made: Sequence[str] = ("lib.Point",) * MANY) -> bool:
    """Tell whether a flow through a field of an object is told of a package that makes such objects."""
    steps = (
        FlowStep(class_="app.Main", method="f()V", offset=0, what="calls a.B.c"),
        FlowStep(class_=point, method="<init>()V", offset=0, what=f"keeps it in {point}.x"),
        FlowStep(class_=sink, method="send()V", offset=0, what="calls a.Http.send"),
    )
    units: list[int | Ref] = []
    for name in made:
        units += [0x0022, Ref("type", f"L{name.replace('.', '/')};")]
    main = Class("Lapp/Main;", [Method("f()V", (*units, RETURN), access=9)])
    heir = Class("Lapp/Heir;", parent=f"L{point.replace('.', '/')};")
    static = Class("Llib/Reads;", [Method("f()V", (0x0062, Ref("field", "Llib/Static;->x:I"), RETURN), access=9)])
    classes = sorted((main, heir, static), key=lambda one: one.name)
    indexes = index_file(read_dex("classes.dex", assemble(classes)))
    flow = Behaviour(id="flow.location-network", title="", evidence=(), data="location", steps=steps)
    (found,) = SharedFields(indexes, owner).with_sure_fields([flow])
    return found.told


def test_an_object_of_a_library_that_is_made_in_many_places() -> None:
    assert not told()
    assert not told("nobody.Point", made=("nobody.Point",) * MANY)
    assert not told(made=("lib.Point", "app.Heir") * MANY), "objects of heirs are such objects, too"


def test_what_is_likely_the_same_object_counts() -> None:
    assert told(made=("lib.Point",) * (MANY - 1))
    assert told(sink="lib.Point$1"), "it sends what it holds itself"
    assert told("lib.Static", made=("lib.Static",) * MANY), "there is one static field"


def test_nobody_hides_a_flow_through_a_class_of_its_own() -> None:
    for name in ("app.Point", "a.b"):
        assert told(name, made=(name,) * MANY)
