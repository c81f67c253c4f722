"""Packages that are there to test others, and what in them is only a part of the library that runs the tests."""

from collections.abc import Iterable
from functools import lru_cache

from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo, Component, Endpoint


def only_tests(info: ApkInfo, knowledge: Knowledge) -> bool:
    """Tell whether a package tests others and has no component of its own, so that nothing starts it but a test."""
    if not info.instruments or info.components is None:
        return False
    return all(_runs_tests(component, knowledge) for component in info.components)


def _runs_tests(component: Component, knowledge: Knowledge) -> bool:
    """Tell whether a component is an activity that a library for tests brings along; others may start by themselves."""
    prefixes = tuple(f"{prefix}." for library in knowledge.libraries if library.runs_tests for prefix in library.code)
    return component.kind == "activity" and component.name.startswith(prefixes)


def of_test_library(endpoints: Iterable[Endpoint], knowledge: Knowledge) -> bool:
    """Tell whether nothing but libraries that run tests is known to hold any of the endpoints."""
    holders = [holder for endpoint in endpoints for holder in endpoint.held_by]
    return bool(holders) and all(holder.library in _test_libraries(knowledge) for holder in holders)


@lru_cache(maxsize=4)
def _test_libraries(knowledge: Knowledge) -> frozenset[str]:
    return frozenset(library.name for library in knowledge.libraries if library.runs_tests)
