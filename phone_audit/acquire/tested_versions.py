"""Which Android versions the parsers were held against a real dump of, and what to say of the others."""

REAL_DUMPS = {
    26: "8",
    27: "8",
    28: "9",
    29: "10",
    30: "11",
    31: "12",
    32: "12",
    33: "13",
    34: "14",
    36: "16",
    37: "17",
}
"""API level → Android version of a real `dumpsys package` among the tests (tests/acquire/parse/dumps/SOURCES.md)."""

PARTLY = {35: "shared users, APEX modules, a private space and a line of the list, but no package's description,"}
"""API level → what of a real phone is among the tests, where the description of packages is not."""


def untested(sdk: int | None, release: str | None) -> tuple[str, ...]:
    """Say that the answers of this version were not held against a real phone; nothing where they were.

    Args:
        sdk: the phone's API level, or None where it is not known.
        release: its Android version, as the phone names it.

    Example:
        >>> untested(30, "11")
        ()
    """
    if sdk in REAL_DUMPS:
        return ()
    name = f"Android {release}" if release else "This Android version"
    if sdk in PARTLY:
        return (f"{name}: of real answers only {PARTLY[sdk]} were at hand; parts may be misread.",)
    return (f"{name}: no real dump of this version was at hand when the reader was made; parts may be misread.",)
