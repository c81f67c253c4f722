"""The formats that `db import` knows: how each is read, what it says of itself, how it is recognised."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from phone_audit.knowledge.feeds import plain_lists, threat_lists, tracker_lists
from phone_audit.knowledge.feeds.indicator import About, Row, ThreatClass
from phone_audit.knowledge.feeds.stix import read_stix
from phone_audit.knowledge.feeds.transparency import read_images, read_modules, read_packages

Reader = Callable[[bytes, About], Iterator[Row]]


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: the word on the command line.
        about: what it holds, for the help.
        read: bytes and what is said of all of them → indicators and what was left out. Raises FeedError for a file that
            is none of this format.
        class_: what its values are where the feed does not say.
        suffixes: of its files in a folder.
        publisher: who makes it, where only one does; then `url` and `licence` too.
        marks: words of which one stands near the beginning of such a file.
        deep: whether the files of a folder lie in folders of it too.
    """

    name: str
    about: str
    read: Reader
    class_: ThreatClass
    suffixes: tuple[str, ...]
    publisher: str = ""
    url: str = ""
    licence: str = ""
    marks: tuple[str, ...] = ()
    deep: bool = False

    @property
    def text(self) -> Literal["json", "yaml", "lines"]:
        """What its files are: JSON or YAML, read as a whole, or a text whose lines have a bounded length."""
        if ".json" in self.suffixes:
            return "json"
        return "yaml" if ".yaml" in self.suffixes else "lines"


_STALKERWARE = ("AssoEchap", "https://github.com/AssoEchap/stalkerware-indicators", "CC-BY-4.0")
_DDG = ("DuckDuckGo", "https://github.com/duckduckgo/tracker-blocklists", "CC-BY-NC-SA-4.0")
_UAD = "https://github.com/Universal-Debloater-Alliance/universal-android-debloater-next-generation"
_JSON = (".json",)
_LOG = (".txt", "")
_BINARY_TRANSPARENCY = "https://developers.google.com/android/binary_transparency"

_ALL = (
    Format("stix", "STIX 2.x bundle, as MVT reads it and beyond", read_stix, "malware",
           (".stix2", ".stix", ".json"), marks=('"bundle"', '"spec_version"')),
    Format("stalkerware", "ioc.yaml or watchware.yaml of stalkerware-indicators", threat_lists.read_ioc, "stalkerware",
           (".yaml", ".yml"), *_STALKERWARE, ("packages:", "certificates:")),
    Format("stalkerware-samples", "samples.csv of stalkerware-indicators", threat_lists.read_samples, "stalkerware",
           (".csv",), *_STALKERWARE, ("sha256,package name,certificate",)),
    Format("stalkerware-network", "network.csv of stalkerware-indicators", threat_lists.read_network, "stalkerware",
           (".csv",), *_STALKERWARE, ("type,indicator,app",)),
    Format("exodus", "trackers of Exodus Privacy or ETIP, JSON", tracker_lists.read_exodus, "tracker",
           _JSON, "Exodus Privacy", "https://reports.exodus-privacy.eu.org/api/trackers",
           "ODbL-1.0, contents DbCL-1.0", ('"code_signature"',)),
    Format("appmanager", "trackers.xml of App Manager", tracker_lists.read_appmanager, "tracker", (".xml",),
           "MuntashirAkon", "https://github.com/MuntashirAkon/AppManager", "GPL-3.0-or-later",
           ('name="tracker_signatures"',)),
    Format("uad-ng", "uad_lists.json of UAD-NG", plain_lists.read_uad_ng, "preinstalled", _JSON,
           "Universal Debloater Alliance", _UAD, "GPL-3.0", ('"neededby"',)),
    Format("debloat-list", "a file of android-debloat-list", plain_lists.read_debloat_list, "preinstalled", _JSON,
           "MuntashirAkon", "https://github.com/MuntashirAkon/android-debloat-list", "AGPL-3.0-or-later",
           ('"removal":',)),
    Format("suss", "F-Droid's suspicious classes", tracker_lists.read_suss, "anti-feature", _JSON,
           "F-Droid", "https://fdroid.gitlab.io/fdroid-suss/suss.json", "AGPL-3.0", ('"code_signatures"',)),
    Format("hosts", "hosts file, list of domains, or AdGuard rules", plain_lists.read_hosts, "listed",
           (".txt", ".hosts", ""), marks=("0.0.0.0 ", "127.0.0.1 ", "||")),
    Format("values", "bare values, one a line: hosts, addresses, packages, hashes, paths", plain_lists.read_values,
           "listed", (".txt",)),
    Format("csv", "CSV with hashes in it, columns of any name", plain_lists.read_csv, "malware", (".csv", ".tsv"),
           marks=("sha256", "sha1", "md5", "hash", "ip,")),
    Format("maltrail", "a trail of Maltrail", plain_lists.read_maltrail, "malware", (".txt",),
           "Maltrail", "https://github.com/stamparm/maltrail", "MIT", ("maltrail",)),
    Format("misp-galaxy", "MISP galaxy cluster", threat_lists.read_galaxy, "malware", _JSON,
           "MISP", "https://github.com/MISP/misp-galaxy", "CC0-1.0 or BSD-2-Clause", ('"values"',)),
    Format("misp-warninglist", "MISP warning list: what is too common", threat_lists.read_warning_list, "commonplace",
           _JSON, "MISP", "https://github.com/MISP/misp-warninglists", "CC0-1.0", ('"matching_attributes"',)),
    Format("xray", "xray-blacklist.json", tracker_lists.read_xray, "tracker", _JSON, "TrackerControl",
           "https://github.com/TrackerControl/tracker-control-android", "GPL-3.0", ('"doms"',)),
    Format("disconnect", "services.json or entities.json of Disconnect", tracker_lists.read_disconnect, "tracker",
           _JSON, "Disconnect", "https://github.com/disconnectme/disconnect-tracking-protection", "CC-BY-NC-SA-4.0",
           ("disconnect",)),
    Format("duckduckgo", "DuckDuckGo's tracker data", tracker_lists.read_duckduckgo, "tracker", _JSON, *_DDG,
           ('"displayname"',)),
    Format("drweb", "Doctor Web's firmware malware, JSON", threat_lists.read_drweb, "malware", _JSON,
           "Doctor Web", "https://github.com/DoctorWebLtd/malware-iocs", "fact", ('"path_or_package"',)),
    Format("cve", "CVE records with packages, paths and hosts, JSON", threat_lists.read_cve, "vulnerable", _JSON,
           "MITRE", "https://www.cve.org/", "CVE terms of use", ('"cve"',)),
    Format("certificates", "signing certificates with their class, JSON", plain_lists.read_certificates, "malware",
           _JSON, marks=('"not_after"',)),
    Format("baseline", "packages of an AOSP or GSI image, or signers of Google's", plain_lists.read_baseline, "owner",
           _JSON, "Android Open Source Project", "https://github.com/android/security-certification-resources",
           "Apache-2.0", ('"packagesall"', '"com.android.vending"')),
    Format("pixel-images", "Google's log of Pixel images: image_info.txt", read_images, "owner", _LOG, "Google",
           f"{_BINARY_TRANSPARENCY}/pixel_overview", marks=(":user/release-keys",), deep=True),
    Format("google-packages", "Google's log of its packages: package_info.txt, or bundles", read_packages, "owner",
           _LOG, "Google", f"{_BINARY_TRANSPARENCY}/google_apk/overview", marks=("sha256(apk)",), deep=True),
    Format("mainline-modules", "Google's log of Mainline modules: module_info.txt, or bundles", read_modules, "owner",
           _LOG, "Google", f"{_BINARY_TRANSPARENCY}/mainline_modules/overview", marks=("sha256(apex)",), deep=True),
)  # fmt: skip
FORMATS: dict[str, Format] = {item.name: item for item in _ALL}

_ORDER = (
    "stix", "stalkerware-samples", "stalkerware-network", "stalkerware", "suss", "exodus", "appmanager", "uad-ng",
    "misp-warninglist", "misp-galaxy", "xray", "disconnect", "duckduckgo", "drweb", "cve", "certificates",
    "debloat-list", "baseline", "mainline-modules", "google-packages", "pixel-images", "maltrail", "csv", "hosts",
    "values",
)  # fmt: skip
"""From what can be told surely to what anything could be."""
LOOKED_AT = 2**16
"""Bytes of a file by which its format is told."""


def recognised(name: str, data: bytes) -> Format | None:
    """Tell the format of a file by its suffix and the words that stand near its beginning, or None."""
    suffix = name[name.rindex(".") :].lower() if "." in name.lstrip(".") else ""
    head = data[:LOOKED_AT].decode("utf-8", "replace").lower()
    for word in _ORDER:
        found = FORMATS[word]
        if suffix in found.suffixes and (not found.marks or any(mark in head for mark in found.marks)):
            return found
    return FORMATS["values"] if suffix in ("", ".list", ".lst") and "{" not in head[:64] else None
