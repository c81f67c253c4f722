"""Conditions: what is not known never makes a match, and never excludes one for sure."""

from typing import Any

import pytest

from phone_audit.detect.incidents.incident_match import Fit, fit
from phone_audit.knowledge.compare import condition_holds
from phone_audit.knowledge.schema.incident import Condition, Fact

GLOBAL = {"field": "ro.product.name", "match": "exact", "value": "One_WW"}
CHINA = {"field": "ro.build.display.id", "match": "prefix", "value": "00CN_"}


def thing(**conditions: Any) -> Fact:
    return Fact.model_validate({"value": "x", "confidence": "sourced", "source": 1, **conditions})


def test_present_holds_for_any_value_and_is_not_known_without_one() -> None:
    present = Condition.model_validate({"field": "ro.miui.ui.version.name", "match": "present"})
    assert condition_holds(present, {"ro.miui.ui.version.name": "V12"}) is True
    assert condition_holds(present, {"ro.product.name": "One_WW"}) is None


@pytest.mark.parametrize(
    ("conditions", "properties", "applies"),
    [
        ({}, {}, Fit.SURE),
        ({"only_if": [GLOBAL]}, {"ro.product.name": "One_WW"}, Fit.SURE),
        ({"only_if": [GLOBAL]}, {"ro.product.name": "One_CN"}, Fit.NO),
        ({"only_if": [GLOBAL]}, {}, Fit.NO),
        ({"only_if": [GLOBAL, CHINA]}, {"ro.product.name": "One_WW"}, Fit.NO),
        ({"unless": [CHINA]}, {"ro.build.display.id": "00WW_1"}, Fit.SURE),
        ({"unless": [CHINA]}, {"ro.build.display.id": "00CN_1"}, Fit.NO),
        ({"unless": [CHINA]}, {}, Fit.UNSURE),
        ({"unless": [CHINA, GLOBAL]}, {"ro.product.name": "One_WW"}, Fit.NO),
        ({"unless": [CHINA, GLOBAL]}, {"ro.product.name": "Other"}, Fit.UNSURE),
        ({"only_if": [GLOBAL], "unless": [CHINA]}, {"ro.product.name": "One_WW"}, Fit.UNSURE),
    ],
)
def test_fit(conditions: dict[str, Any], properties: dict[str, str], applies: Fit) -> None:
    assert fit(thing(**conditions), properties) is applies
