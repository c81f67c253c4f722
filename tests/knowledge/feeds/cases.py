# ruff: noqa: E501  (the files of the formats, each as it is)
"""A small file of each format but STIX with bad rows in it, what has to be taken from it, and why the rest is not."""

import json

from phone_audit.knowledge.feeds.indicator import ThreatClass

_PIXEL = "google/made/up:15/AP4A.000000.001/1:user/release-keys"
"""No build of Google's has this fingerprint; the entries of the logs here are written by hand."""
Taken = tuple[str, str, str, ThreatClass]
IOC = """
- name: SpyOne
  names: [SpyOne, OneSpy]
  type: stalkerware
  packages: [com.spy.one, 7, "not a name"]
  certificates:
  - 31A6ECECD97CF39BC4126B8745CD94A7C30BF81C
  websites: [spyone.example]
  distribution: [https://dl.example/spy.apk]
  c2:
    ips: [8.8.8.8]
    domains: [c2.spyone.example]
- type: stalkerware
- name: Kids
  type: watchware
  packages: [com.kids.watch]
"""
CASES: dict[str, tuple[str, list[Taken], list[str]]] = {
    "stalkerware": (
        IOC,
        [
            ("name", "SpyOne", "SpyOne", "stalkerware"), ("name", "OneSpy", "SpyOne", "stalkerware"),
            ("package", "com.spy.one", "SpyOne", "stalkerware"),
            ("certificate", "31a6ececd97cf39bc4126b8745cd94a7c30bf81c", "SpyOne", "stalkerware"),
            ("host", "c2.spyone.example", "SpyOne", "stalkerware"), ("address", "8.8.8.8", "SpyOne", "stalkerware"),
            ("host", "spyone.example", "SpyOne", "stalkerware"), ("url", "dl.example/spy.apk", "SpyOne", "stalkerware"),
            ("package", "com.kids.watch", "Kids", "watchware"),
        ],
        ["is no package name", "is no package name", "it has no name"],
    ),
    "stalkerware-samples": (
        f"SHA256,Package Name,Certificate,Version,App\n{'a' * 64},com.spy.one,{'B' * 40},9,SpyOne\nzz,com.x,,,X\na,b,c,d,e,f\n",
        [("hash", "a" * 64, "SpyOne", "stalkerware")],
        ["is no hash", "more columns than the head"],
    ),
    "stalkerware-network": (
        "type,indicator,app\ndomain,c2.spyone.example,SpyOne\nip,8.8.8.8,SpyOne\ndomain,com.br,X\n",
        [("host", "c2.spyone.example", "SpyOne", "stalkerware"), ("address", "8.8.8.8", "SpyOne", "stalkerware")],
        ["is a public suffix"],
    ),
    "exodus": (
        json.dumps(
            {"trackers": {
                "1": {"name": "Ads", "code_signature": "com.ads.sdk|com.ads.*x|ads", "network_signature": r"ads\.example|.*\.cdn\.example|[a-z]+\.x\.example"},
                "2": {"code_signature": "a.b"},
            }}
        ),
        [("code", "com.ads.sdk", "Ads", "tracker"), ("host", "ads.example", "Ads", "tracker"), ("host", "cdn.example", "Ads", "tracker")],
        ["more than a name", "two labels or more", "more than a name", "it has no name"],
    ),
    "appmanager": (
        '<resources><string-array name="tracker_signatures"><item>com.ads.sdk.</item><item>ads</item></string-array>'
        '<string-array name="tracker_names"><item>Ads &amp; Co</item><item>B</item></string-array></resources>',
        [("code", "com.ads.sdk.", "Ads & Co", "tracker")],
        ["two labels or more"],
    ),
    "uad-ng": (
        json.dumps({"com.a.b": {"list": "Oem", "removal": "Expert", "neededBy": []}, "android": {"removal": "Unsafe"}, "com.c.d": "x"}),
        [("package", "com.a.b", "Oem", "preinstalled")],
        ["is no package name", "says nothing of removal"],
    ),
    "debloat-list": (
        json.dumps([{"id": "com.a.b", "label": "A", "removal": "delete"}, {"id": "com.c.d"}, 7]),
        [("package", "com.a.b", "A", "preinstalled")],
        ["says nothing of removal", "says nothing of removal"],
    ),
    "suss": (
        json.dumps(
            {"signatures": {
                "com.ads": {"code_signatures": ["com/ads/sdk"], "anti_features": ["Ads"], "network_signatures": ["ads.example"]},
                "com.free": {"code_signatures": ["com/free/[ab]"]}, "x": 1,
            }}
        ),
        [("code", "com.ads.sdk", "com.ads", "tracker"), ("host", "ads.example", "com.ads", "tracker")],
        ["more than a name", "it is no signature"],
    ),
    "hosts": (
        "# title\n! other\n127.0.0.1 localhost\n0.0.0.0 a.example b.example # why\n::1 c.example\n||d.example^\n||e.example^$third-party\n"
        "||f.example^$client=x\n@@||g.example^\nplain.example\nx.example##.banner\n|http://y.example/\n8.8.8.8\n",
        [
            ("host", "a.example", "feed", "listed"), ("host", "b.example", "feed", "listed"), ("host", "c.example", "feed", "listed"),
            ("host", "d.example", "feed", "listed"), ("host", "e.example", "feed", "listed"), ("host", "plain.example", "feed", "listed"),
            ("address", "8.8.8.8", "feed", "listed"),
        ],
        ["only under conditions", "an exception", "parts of pages", "parts of pages"],
    ),
    "values": (
        f"# head\na.example # why\n8.8.8.8\ncom.spy.one\n{'a' * 64}\n/data/x/y\nnonsense\n",
        [
            ("host", "a.example", "feed", "listed"), ("address", "8.8.8.8", "feed", "listed"), ("package", "com.spy.one", "feed", "listed"),
            ("hash", "a" * 64, "feed", "listed"), ("path", "/data/x/y", "feed", "listed"),
        ],
        ["is no host name"],
    ),
    "csv": (
        f"File;Family;md5;Signer;ip\nx;SpyOne;{'B' * 32};{'C' * 40};8.8.8.8\ny;SpyTwo;{'b' * 31};;\nz;;;;\n",
        [
            ("hash", "b" * 32, "SpyOne", "malware"), ("certificate", "c" * 40, "SpyOne", "malware"),
            ("address", "8.8.8.8", "SpyOne", "malware"),
        ],
        ["is no hash", "no column of it is known"],
    ),
    "maltrail": (
        "# Copyright (c) 2014 Maltrail developers\n\nc2.example\n8.8.8.8:1000\nhttp://8.8.4.4\nc3.example/gate.php\n/gate.php\n",
        [
            ("host", "c2.example", "feed", "malware"), ("address", "8.8.8.8", "feed", "malware"), ("address", "8.8.4.4", "feed", "malware"),
            ("url", "c3.example/gate.php", "feed", "malware"),
        ],
        ["without its host"],
    ),
    "misp-galaxy": (
        json.dumps({"type": "stalkerware", "values": [
            {"value": "SpyOne", "meta": {"synonyms": ["OneSpy"], "website": ["spyone.example"], "type": ["watchware"]}}, {"x": 1},
        ]}),
        [
            ("name", "SpyOne", "SpyOne", "watchware"), ("name", "OneSpy", "SpyOne", "watchware"), ("host", "spyone.example", "SpyOne", "watchware"),
        ],
        ["it has no name"],
    ),
    "misp-warninglist": (
        json.dumps({"name": "Common", "type": "hostname", "matching_attributes": ["domain"], "list": [".a.example", "8.8.8.0/24", "a" * 64, 7]}),
        [
            ("host", "a.example", "Common", "commonplace"), ("network", "8.8.8.0/24", "Common", "commonplace"),
            ("hash", "a" * 64, "Common", "commonplace"),
        ],
        ["it is no text"],
    ),
    "xray": (
        json.dumps([{"owner_name": "Ads", "doms": ["ads.example", "com.br"]}, {"doms": ["b.example"]}]),
        [("host", "ads.example", "Ads", "tracker")],
        ["is a public suffix", "it has no name"],
    ),
    "disconnect": (
        json.dumps({"categories": {"Advertising": [{"Ads": {"http://ads.example/": ["ads.example"], "performance": "true"}}, {"B": "x"}],
                                   "Content": [{"C": {"https://c.example/": ["c.example"]}}]}}),
        [("host", "ads.example", "Ads", "tracker"), ("host", "c.example", "C", "owner")],
        ["it is no company"],
    ),
    "duckduckgo": (
        json.dumps({"trackers": {"ads.example": {"owner": {"displayName": "Ads"}}, "b.example": {}}}),
        [("host", "ads.example", "Ads", "tracker")],
        ["it has no owner"],
    ),
    "drweb": (
        json.dumps({"hashes": [{"family": "Vo1d", "sha1": "a" * 40, "path_or_package": ""}, {"sha1": "x"}], "network": [{"family": "Vo1d", "value": "c2.example"}]}),
        [("hash", "a" * 40, "Vo1d", "malware"), ("host", "c2.example", "Vo1d", "malware")],
        ["is no hash"],
    ),
    "cve": (
        json.dumps([{"cve": "CVE-1", "packages": [{"package": "com.a.b"}, {"package": "x"}], "device_paths": ["/system/bin/debugs"],
                     "hosts": ["a.example"], "system_properties": ["persist.x"]}, {}]),
        [
            ("package", "com.a.b", "CVE-1", "vulnerable"), ("path", "/system/bin/debugs", "CVE-1", "vulnerable"),
            ("host", "a.example", "CVE-1", "vulnerable"), ("property", "persist.x", "CVE-1", "vulnerable"),
        ],
        ["is no package name", "it has no number"],
    ),
    "certificates": (
        json.dumps([{"name": "platform", "class": "aosp-test-key", "sha256": "a" * 64, "sha1": "b" * 40, "not_after": ""}, {"name": "none", "class": "incident"}]),
        [("certificate", "a" * 64, "platform", "commonplace"), ("certificate", "b" * 40, "platform", "commonplace")],
        ["it has no fingerprint"],
    ),
    "baseline": (
        json.dumps({"packagesAll": ["com.android.a", "android"]}),
        [("package", "com.android.a", "feed", "owner")],
        ["is no package name"],
    ),
    "pixel-images": (
        f"0\n{_PIXEL}\n{'A' * 64}\n\n1\ngoogle/made/up\n{'b' * 64}\n\n2\n{_PIXEL}\n{'b' * 63}\n\n3\n{_PIXEL}\n\n"
        f"4\n{_PIXEL}X\n{'a' * 64}\n\n5\n{_PIXEL}\n{'c' * 64}\n",
        [
            ("property", f"ro.boot.vbmeta.digest={'a' * 64}", _PIXEL, "owner"),
            ("property", f"ro.boot.vbmeta.digest={'c' * 64}", _PIXEL, "owner"),
        ],
        ["no fingerprint of a build", "its digest is no SHA-256", "no fingerprint of a build", "belongs to something else"],
    ),
    "google-packages": (
        f"0\n{'A' * 64}\nSHA256(APK)\ncom.made.up\n7\n\n1\n{'b' * 64}\nSHA256(Signed Code Transparency JWT)\ncom.made.up\n7\n\n"
        f"3\n{'b' * 64}\nSHA256(APK)\nmade up\n7\n\n"
        f"4\n{'b' * 64}\nSHA256(APK)\ncom.made.up\n-7\n\n5\nzz\nSHA256(APK)\ncom.made.up\n7\n\n"
        f"6\n{'a' * 64}\nSHA256(APK)\ncom.other\n7\n\n7\n{'c' * 64}\nSHA256(APK)\ncom.made.up\n8\n",
        [("hash", "a" * 64, "com.made.up", "owner"), ("hash", "c" * 64, "com.made.up", "owner")],
        ["no hash of a whole file", "is no package name", "its version is no number",
         "its hash is no SHA-256", "belongs to something else"],
    ),
    "mainline-modules": (
        f"0\n{'a' * 64}\nSHA256(APEX)\ncom.made.up\n7\n\n1\n{'b' * 64}\nSHA256(APK)\ncom.made.part\n8\n\n2\n{'b' * 64}\n",
        [("hash", "a" * 64, "com.made.up", "owner"), ("hash", "b" * 64, "com.made.part", "owner")],
        ["it has not 4 lines"],
    ),
}  # fmt: skip
