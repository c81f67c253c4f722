"""Which Android versions the parsers were held against a real dump of, and what to say of the others."""

REAL_DUMPS = {26: "8", 27: "8", 29: "10", 30: "11", 31: "12", 32: "12", 33: "13", 34: "14", 36: "16"}
"""API level → Android version of a real `dumpsys package` among the tests (tests/acquire/parse/dumps/SOURCES.md)."""


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
    return (f"{name}: no real dump of this version was at hand when the reader was made; parts may be misread.",)
