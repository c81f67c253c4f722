"""What the help of each command, the man page and the reference show as examples; a test runs them."""

from typing import Final

EXAMPLES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "scan": (
        ("phone-audit scan", "the one phone attached"),
        ("phone-audit scan --save case-17 -o case-17.html -o case-17.json", "keep the raw answers and two reports"),
        ("phone-audit scan --all --wait -o results", "each phone that is plugged in, until Ctrl-C"),
    ),
    "apks": (
        ("phone-audit apks app.apk", "one file"),
        ("phone-audit apks ~/apks -f jsonl -o apks.jsonl", "a folder, one record a line"),
        ("phone-audit apks ~/apks -f jsonl -o apks.jsonl --resume", "go on with it after it was ended"),
    ),
    "firmware": (
        ("phone-audit firmware 00WW_3_22C_SP03", "the build number that Settings shows"),
        ("phone-audit firmware build.prop -f json", "a property file, as JSON"),
    ),
    "watch": (
        ("phone-audit watch --for 10m", "the one phone attached, for ten minutes"),
        ("phone-audit watch --until-idle -f jsonl", "a line for each connection, until nothing new is seen"),
    ),
    "devices": (
        ("phone-audit devices", "which phones are there, and what blocks them"),
        ("phone-audit devices --pair 192.168.1.20:37099", "pair with a phone's wireless debugging"),
    ),
    "report": (
        ("phone-audit report scan.json --details", "all that a saved result holds, as text"),
        ("phone-audit report scan.json -o scan.html", "the same as a page"),
        ("phone-audit report scan.json --accept accept.yaml --fail-on suspicious", "fail on what nobody answers for"),
    ),
    "diff": (
        ("phone-audit diff before.json after.json", "what changed on a phone, or between two"),
        ("phone-audit diff before.json after.json -o changes.csv", "one change a line"),
    ),
    "demo": (
        ("phone-audit demo", "the answer for a simulated phone"),
        ("phone-audit demo -o demo.html", "its page"),
    ),
    "db": (
        ("phone-audit db search adups", "what is known of a name"),
        ("phone-audit db show zzhc.vnet.cn", "all that is known of a host"),
    ),
    "db update": (("phone-audit db update", "every source of sources.json"),),
    "db rollback": (("phone-audit db rollback", "back to what was there before the last update"),),
    "db info": (("phone-audit db info", "how much is known, from whom, and how old it is"),),
    "db list": (
        ("phone-audit db list", "the incidents"),
        ("phone-audit db list trackers --json", "another kind, as JSON"),
    ),
    "db show": (
        ("phone-audit db show nokia-7-plus-vnet-cn-2019", "an incident"),
        ("phone-audit db show com.adups.fota", "a package"),
    ),
    "db search": (("phone-audit db search adups", "wherever the text stands"),),
    "db new": (
        ("phone-audit db new acme-one-weather-2026 --into mine", "an incident to fill in: mine/incidents/acme-…"),
    ),
    "db check": (
        ("phone-audit db check", "the facts of the package and your own"),
        ("phone-audit db check --knowledge my-facts", "a folder of facts before it is used"),
    ),
    "db import": (
        ("phone-audit db import auto ioc.yaml --id stalkerware --class stalkerware", "a list of one of these formats"),
        ("phone-audit db import hosts hosts.txt --id blocklist", "a block list"),
    ),
    "db export": (
        ("phone-audit db export hosts -o blocklist.txt", "a block list of what is malicious"),
        ("phone-audit db export stix --class stalkerware", "indicators of one class"),
    ),
}  # fmt: skip
"""Command → a command line, and what it is for."""
