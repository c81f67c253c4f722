"""Ends of support and ages of patch levels."""

from datetime import date

import pytest

from phone_audit.detect.builds.support import patch_age, support_of
from phone_audit.knowledge.load import load_knowledge
from tests.judge.cases import NOKIA_FINGERPRINT

KNOWN = load_knowledge()
PIXEL = "google/lynx/lynx:15/AP4A.250205.002/12821496:user/release-keys"


@pytest.mark.parametrize(
    ("properties", "until"),
    [
        ({"ro.product.model": "Nokia 7 plus"}, "2021-04-01"),
        ({"ro.build.fingerprint": NOKIA_FINGERPRINT}, "2021-04-01"),
        ({"ro.product.model": "TA-1046"}, "2021-04-01"),
        ({"ro.build.fingerprint": PIXEL}, "2028-05-01"),
        ({"ro.product.model": "Pixel 7a"}, "2028-05-01"),
        ({"ro.product.brand": "other", "ro.product.device": "lynx"}, None),
        ({"ro.product.device": "lynx"}, None),
        ({"ro.product.model": "a phone nobody knows"}, None),
        ({}, None),
    ],
)
def test_support_of(properties: dict[str, str], until: str | None) -> None:
    support = support_of(properties, KNOWN)
    assert (support and support.until) == until
    assert support is None or all(source.url.startswith("https://") for source in support.sources)


@pytest.mark.parametrize(
    ("patch", "days"),
    [("2019-03-01", 2826), ("2026-11-25", 0), ("2026-11-26", None), ("soon", None), ("2019-02-31", None), (None, None)],
)
def test_patch_age(patch: str | None, days: int | None) -> None:
    assert patch_age(patch, date(2026, 11, 25)) == days
