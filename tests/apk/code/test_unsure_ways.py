"""How sure it is that what a flow puts into a field or under a name is what it takes out of there."""

from collections.abc import Sequence

from phone_audit.apk.code.unsure_ways import UnsureWays
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.detect.detectors.sent_data import network_data
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import Behaviour, FlowStep
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble
from tests.judge.cases import apk_info

MANY = 3


def flow(*kept: str) -> Behaviour:
    """Return a flow that puts its data where the texts say."""
    between = (FlowStep(class_="app.Main", method="g()V", offset=0, what=what) for what in kept)
    steps = (
        FlowStep(class_="app.Main", method="f()V", offset=0, what="calls a.B.c"),
        *between,
        FlowStep(class_="app.Main", method="send()V", offset=0, what="calls a.Http.send"),
    )
    return Behaviour(id="flow.location-network", title="", evidence=(), data="location", steps=steps)


def _making(names: Sequence[str]) -> list[int | Ref]:
    return [unit for name in names for unit in (0x0022, Ref("type", f"L{name.replace('.', '/')};"))]


SURE = "calls a.B.d"


def seen(*kept: str, made: Sequence[str] = (), beside: Sequence[Behaviour] = ()) -> Behaviour:
    """Return what is said of a flow in a package that makes objects of some classes, each named once for each place.

    A sure flow of the same data stands beside it, unless others do.
    """
    main = Class("Lapp/Main;", [Method("f()V", (*_making(made), RETURN), access=9)])
    heir = Class("Lapp/Heir;", parent="Lapp/Point;")
    static = Class("Llib/Reads;", [Method("f()V", (0x0062, Ref("field", "Llib/Static;->x:I"), RETURN), access=9)])
    classes = sorted((main, heir, static), key=lambda one: one.name)
    indexes = index_file(read_dex("classes.dex", assemble(classes)))
    found, *_ = UnsureWays(indexes).with_sure_ways([flow(*kept), *(beside or [flow(SURE)])])
    return found


def told(*kept: str, made: Sequence[str] = ()) -> bool:
    return seen(*kept, made=made).told


FIELD, OTHER, NAME = "keeps it in app.Point.x", "keeps it in app.Other.y", "puts it under the name 'x'"


def test_a_field_of_objects_that_are_made_in_many_places() -> None:
    for what in (FIELD, "puts it into app.Point.x"):
        assert not told(what, made=("app.Point",) * MANY)
        assert told(what, made=("app.Point",) * (MANY - 1)), "most likely it is the same object"
    assert not told(FIELD, made=("app.Point", "app.Heir", "app.Heir")), "objects of heirs are such objects, too"
    assert told("keeps it in lib.Static.x", made=("lib.Static",) * MANY), "there is one static field"


def test_two_places_that_may_be_others() -> None:
    made = ("app.Point", "app.Other")
    for more in (OTHER, NAME, "puts it into a message"):
        assert told(more, made=made)
        assert not told(FIELD, more, made=made)
    assert not told(NAME, NAME)


def test_places_of_which_there_is_one() -> None:
    for sure in ("keeps it in app.Screen.x", "keeps it in app.Main$1.val$x", "keeps it in lib.Static.x"):
        assert told(sure, sure, FIELD, made=("app.Point", "app.Main$1", "lib.Static"))
    assert not told("keeps it in app.Main$Inner.x", FIELD, made=("app.Point", "app.Main$Inner"))
    assert not told("keeps it in app.Main$1.x", FIELD, made=("app.Point", "app.Main$1", "app.Main$1"))


def test_nobody_hides_a_flow_by_many_objects() -> None:
    hidden = seen(FIELD, NAME, made=("app.Point",) * MANY)
    assert (hidden.told, hidden.steps) == (False, flow(FIELD, NAME).steps)
    package = apk_info("com.example", permissions=("android.permission.INTERNET",), behaviours=(hidden,))
    (finding,) = network_data(package, load_knowledge())
    assert finding.severity == "low"
    assert "the place of the phone" in finding.message


def itself(*kept: str, sends: str = "app.Point") -> bool:
    """Tell whether a flow is told whose data the class of a point sends, of which there are many objects."""
    made = ("app.Point",) * MANY
    first, *between, last = flow(*kept).steps or ()
    steps = (first, *between, last.model_copy(update={"class_": sends}))
    main = Class("Lapp/Main;", [Method("f()V", (*_making(made), RETURN), access=9)])
    indexes = index_file(read_dex("classes.dex", assemble([main])))
    found, _ = UnsureWays(indexes).with_sure_ways([flow(*kept).model_copy(update={"steps": steps}), flow(SURE)])
    return found.told


def test_an_object_that_sends_itself_what_it_was_handed_is_the_right_one() -> None:
    assert itself(FIELD)
    assert itself(FIELD, sends="app.Point$1"), "a class within it reads the field of the object around it"
    for sends in ("app.Main", "app.Points", "app"):
        assert not itself(FIELD, sends=sends)
    for more in (NAME, "puts it into a message", "keeps it in lib.Static.x"):
        assert not itself(more, FIELD), "what comes before may take one object for another"
    assert not itself(FIELD, FIELD), "what was taken out went on in another class first"


OF_OTHER = flow(SURE).model_copy(update={"id": "flow.imei-network"})
REFUSED = flow(SURE).model_copy(update={"allowed": False, "needs": ("a.b",)})


def test_the_only_way_of_some_data_is_told_where_it_is_put_into_one_place() -> None:
    made = ("app.Point",) * MANY
    for beside in (OF_OTHER, REFUSED, flow(SURE).model_copy(update={"id": "flow.location-log"})):
        assert seen(FIELD, made=made, beside=[beside]).told
        assert not seen(FIELD, NAME, made=made, beside=[beside]).told
    assert not seen(FIELD, made=made, beside=[flow(SURE)]).told, "there is a surer one"


def test_of_several_ways_that_are_not_sure_the_worst_is_told_then_the_shortest() -> None:
    made = ("app.Point",) * MANY
    for worse in ({"start_seen": False}, {"cleartext": False}):
        assert not seen(FIELD, made=made, beside=[flow(SURE, FIELD).model_copy(update={"cleartext": True})]).told
        assert seen(FIELD, made=made, beside=[flow(FIELD).model_copy(update=worse)]).told
    longer = flow(SURE, FIELD)
    assert seen(FIELD, made=made, beside=[longer]).told
    assert not seen(SURE, FIELD, made=made, beside=[flow(FIELD)]).told
