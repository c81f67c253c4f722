"""Names of the places where data is kept for the whole package: fields, names of extras and settings, files."""

from typing import Final

from phone_audit.apk.dex.descriptors import java_name


def owner_of(field: str) -> bytes:
    """Return the descriptor of the class of a field."""
    return field.partition("->")[0].encode("utf-8", "replace")


def type_of(field: str) -> bytes:
    """Return the descriptor of the type of a field."""
    return field.rpartition(":")[2].encode("utf-8", "replace")


def java_field(name: str) -> str:
    """Return `com.example.A.host` for `Lcom/example/A;->host:Ljava/lang/String;`."""
    return f"{java_name(owner_of(name))}.{name.partition('->')[2].partition(':')[0]}"


def field_place(name: str, class_: str, *, own: bool) -> str:
    """Return the place that a field is: one of Android, such as `Message.obj`, is another one in each vendor's code."""
    return f"field {name}" if own else f"field {name} in {class_.rpartition('.')[0]}"


NAMED: Final = ("extra ", "preference ", "file ")
"""Begin the places that have a name: in an Intent or a Bundle, among settings, and files of the package."""


def extra_place(key: str, class_: str) -> str:
    """Return the place that a name in an Intent or Bundle is, in the code of one vendor."""
    return _named_place("extra", key, class_)


def preference_place(key: str, class_: str) -> str:
    """Return the place that a name among the settings of the package is, in the code of one vendor."""
    return _named_place("preference", key, class_)


def file_place(name: str, class_: str) -> str:
    """Return the place that a file of the package is, in the code of one vendor."""
    return _named_place("file", name, class_)


def _named_place(kind: str, key: str, class_: str) -> str:
    vendor = ".".join(class_.split(".")[:-1][:2])
    return f"{kind} {key} in {vendor}"
