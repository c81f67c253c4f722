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
        components=(SHOWN, component("x.A"), component("x.B"), component("x.Search"), component("x.A", "provider")),
        loaded=("x.B",),
        meta_data=(("android.app.default_searchable", ".Search"),),
    )
    assert found.private == frozenset()


SHOWN, HIDDEN = component("x.Main", exported=True), component("x.Hidden", "service")


def test_packages_of_the_same_user_start_what_is_not_exported() -> None:
    assert Declared(components=(SHOWN, HIDDEN)).private == {"x.Hidden"}
    assert Declared(components=(SHOWN, HIDDEN), shares_uid=True).private == frozenset()


def test_from_which_version_on_web_pages_call_only_marked_methods() -> None:
    assert [Declared(target=version).marks_for_pages for version in (0, 16, 17, 10_000)] == [False, False, True, True]


def test_where_nothing_could_start_any_component_something_unseen_does() -> None:
    assert Declared(components=(HIDDEN, component("x.B"), component("x.C", "provider"))).private == frozenset()
    assert Declared(components=(HIDDEN, component("x.B", "receiver", "x.BOOT"))).private == {"x.Hidden"}
