"""Small pieces of plain English that sentences are put together from."""

from collections.abc import Sequence


def listed(items: Sequence[str], most: int = 6, last: str = "and") -> str:
    """Join items as a person would; of a long list the first ones and the count of the others.

    Example:
        >>> listed(["IMEI", "IMSI", "ICCID"])
        'IMEI, IMSI and ICCID'
        >>> listed(["a", "b", "c"], most=2)
        'a, b and 1 more'
    """
    if len(items) > most:
        return f"{', '.join(items[:most])} and {len(items) - most} more"
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun.

    Example:
        >>> counted(1, "package"), counted(3, "package")
        ('1 package', '3 packages')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"


def sentence(text: str) -> str:
    """End a text as a sentence, unless it is ended.

    Example:
        >>> sentence("Update the phone"), sentence("Update the phone.")
        ('Update the phone.', 'Update the phone.')
    """
    return text if text.endswith((".", "!", "?")) else text + "."
