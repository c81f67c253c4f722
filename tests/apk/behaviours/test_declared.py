"""Which components only the package itself can start."""

from phone_audit.apk.behaviours.declared import Declared
from phone_audit.model.apk import Component


def component(name: str, kind: str = "activity", *actions: str, exported: bool = False) -> Component:
    return Component(kind=kind, name=name, exported=exported, permission=None, actions=actions)


def test_components_that_are_not_exported_and_answer_to_nothing() -> None:
    found = Declared(
        package="x",
        components=(
            component("x.A"), component("x.B", "service"), component("x.C", "receiver"), component("x.D", "provider"),
            component("x.E", exported=True), component("x.F", "activity", "x.OPEN"),
        ),
    )  # fmt: skip
    assert found.private == {"x.A", "x.B", "x.C"}


def test_components_that_the_manifest_names_elsewhere_are_not_among_them() -> None:
    found = Declared(
        package="x",
        components=(component("x.A"), component("x.B"), component("x.Search"), component("x.A", "provider")),
        loaded=("x.B",),
        meta_data=(("android.app.default_searchable", ".Search"),),
    )
    assert found.private == frozenset()
