"""Hosts of two texts of a library: found where both stand in one file, and nowhere else."""

import pytest
from pydantic import ValidationError

from phone_audit.apk.dex.file import DexFile, read_dex
from phone_audit.apk.endpoints.endpoints import find_endpoints
from phone_audit.apk.endpoints.joined_hosts import joined_hosts
from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.schema.facts import LibraryFact
from tests.apk.dex.builder import Source, build_dex
from tests.apk.facts import library

PAIRS = (("https://api.%s", "vendor.com"), ("m.%s", "vendor.com"))
CLASSES = [b"Lcom/vendor/Sdk;"]
VENDOR = library("Vendor", code=["com.vendor"]).model_copy(update={"joins": PAIRS})


def dex(*texts: str) -> DexFile:
    return read_dex("classes.dex", build_dex(Source(strings=["a", *texts, "z"])))


def hosts(*texts: str) -> list[str]:
    return [one.host.host for one in joined_hosts([dex(*texts)], [CLASSES], [VENDOR])]


def test_both_texts_give_a_host() -> None:
    file = dex("https://api.%s", "vendor.com")
    (found,) = joined_hosts([file], [CLASSES], [VENDOR])
    (template,) = file.strings.beginning("https://api")
    assert (found.host.url, found.where, found.offset) == ("https://api.vendor.com", "classes.dex", template.offset)
    assert hosts("m.%s", "vendor.com") == ["m.vendor.com"]


@pytest.mark.parametrize(
    "texts",
    [("https://api.%s",), ("vendor.com",), ("https://api.%s/", "vendor.com"), ("https://api.%s", "vendor.com.cn")],
)
def test_one_of_them_gives_none(texts: tuple[str, ...]) -> None:
    assert hosts(*texts) == []


def test_both_texts_may_stand_in_two_files_of_a_package_that_holds_the_library() -> None:
    files = [dex("https://api.%s"), dex("vendor.com")]
    assert [one.host.host for one in joined_hosts(files, [[], CLASSES], [VENDOR])] == ["api.vendor.com"]
    assert list(joined_hosts(files, [[], [b"Lcom/vendors/Sdk;"]], [VENDOR])) == []


def test_what_knowledge_says_of_a_library_is_listed_as_decoded() -> None:
    found, _ = find_endpoints([dex("https://graph.%s", "facebook.com")], [[b"Lcom/facebook/A;"]], load_knowledge())
    (graph,) = (one for one in found if one.host == "graph.facebook.com")
    assert (graph.ruled_out, graph.use, graph.urls) == (None, "unknown", ("https://graph.facebook.com",))
    assert [(piece.kind, piece.encoding) for one in graph.held_by for piece in one.evidence] == [("decoded", "joined")]


@pytest.mark.parametrize(
    "pair", [("https://api.%s/x", "a.com"), ("https://api", "a.com"), ("%s.%s", "a.com"), ("m.%s", "a")]
)
def test_texts_that_give_no_host_are_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(ValidationError, match="give no host"):
        LibraryFact(**(VENDOR.model_dump() | {"joins": (pair,)}))
