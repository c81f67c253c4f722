"""Text of the Settings screen, as people copy and type it."""

import pytest

from phone_audit.detect.builds.build_text import read_settings
from phone_audit.knowledge.load import load_knowledge

KNOWN = load_knowledge()
DISPLAY, MODEL = "ro.build.display.id", "ro.product.model"
RELEASE, PATCH = "ro.build.version.release", "ro.build.version.security_patch"


@pytest.mark.parametrize(
    ("text", "properties"),
    [
        (
            "Build number  PPR1.180610.011.00WW_3_39B_SP03\nModel  Nokia 7 plus\nAndroid version 9\n"
            "Android security patch level  1 March 2019\n",
            {DISPLAY: "PPR1.180610.011.00WW_3_39B_SP03", MODEL: "Nokia 7 plus", RELEASE: "9", PATCH: "2019-03-01"},
        ),
        (
            "MODEL\nPixel 7a\nANDROID VERSION\n15\nAndroid security update\nFebruary 5, 2025\n"
            "BUILD NUMBER\nAP4A.250205.002\n",
            {MODEL: "Pixel 7a", RELEASE: "15", PATCH: "2025-02-05", DISPLAY: "AP4A.250205.002"},
        ),
        (
            "Modellnummer: SM-G991B\nAndroid-Version: 13\nAndroid-Sicherheitspatch-Ebene: 1. März 2023\n"
            "Build-Nummer: x",
            {MODEL: "SM-G991B", RELEASE: "13", PATCH: "2023-03-01", DISPLAY: "x"},
        ),
        (
            "Modèle\tRMX2063\nVersion d'Android\tAndroid 11\nNiveau du correctif de sécurité Android\t5 août 2021\n",
            {MODEL: "RMX2063", RELEASE: "11", PATCH: "2021-08-05"},
        ),
        ("Модель: Redmi 9\nВерсия Android: 12 SP1A\n", {MODEL: "Redmi 9", RELEASE: "12"}),  # noqa: RUF001 — Russian
        ("Android security patch level: 2021-04-01", {PATCH: "2021-04-01"}),
        ("Android security patch level: April 2021", {PATCH: "2021-04-01"}),
        ("Android security patch level: 31 February 2021", {}),
        ("Android security patch level: soon", {}),
        ("Model A\nModel B\n", {MODEL: "A"}),
        ("Modelling clay 7", {}),
        ("Build number", {}),
        ("hello\nworld\n", {}),
        ("", {}),
    ],
)
def test_read_settings(text: str, properties: dict[str, str]) -> None:
    assert read_settings(text, KNOWN) == properties


@pytest.mark.parametrize("text", ["Model\n" * 1_000_000, "Model " + "x" * 2_000_000, "\n" * 2_000_000])
def test_hostile_text_takes_no_longer_than_it_is(text: str) -> None:
    """Were it the square, such a text would run into the limit of any test."""
    read_settings(text, KNOWN)
