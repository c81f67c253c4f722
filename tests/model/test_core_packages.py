"""What Android needs is never to be switched off: not by advice of ours, and not by that of a result that is read."""

import pytest

from phone_audit.detect.incidents.remedies import indicator_remedies
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.core_packages import CORE_PACKAGES, may_be_switched_off
from phone_audit.model.stated import is_known_command, is_package


def test_the_names_are_names() -> None:
    assert all(map(is_package, CORE_PACKAGES))


@pytest.mark.parametrize("package", sorted(CORE_PACKAGES))
def test_no_command_is_about_one(package: str) -> None:
    assert not is_known_command(f"adb shell pm disable-user --user 0 {package}")
    assert all(remedy.command is None for remedy in indicator_remedies("malware", package, "confirmed"))


def test_others_may_be() -> None:
    assert may_be_switched_off("com.a")
    assert is_known_command("adb shell pm disable-user --user 0 com.a")


def test_no_incident_calls_one_enough_alone() -> None:
    named = {fact.value for entry in load_knowledge().incidents for fact in entry.packages if fact.standalone}
    assert not named & CORE_PACKAGES
