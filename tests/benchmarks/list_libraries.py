"""Which library prefixes of the knowledge occur in real packages, and which frequent packages have no entry.

    python tests/benchmarks/list_libraries.py FOLDER [--least 3] [--depth 3] [--known]

A class counts for the longest prefix of the knowledge that covers it. Of the classes that none covers, those of the
package itself and renamed ones are left out; the others are counted by the first labels of their name, and printed
where at least so many different packages hold them. Files without a package name, such as archives of Java classes,
count as one each.
"""

import argparse
import sys
from collections import Counter, defaultdict
from pathlib import Path

from phone_audit.apk.code.libraries import Owners, longest_prefix
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.steps import Steps
from phone_audit.apk.xml.package_facts import read_package_facts
from phone_audit.apk.zip.archive import Archive, map_file
from phone_audit.apk.zip.contents import code_entries
from phone_audit.errors import ApkError
from phone_audit.knowledge.load import Knowledge, load_knowledge

MAX_DEX = 2**30


def defined_classes(path: Path, knowledge: Knowledge) -> tuple[str, Owners, list[str]]:
    """Return the package, who owns its classes, and their names in Java form.

    Raises:
        ApkError: the file is no archive.
    """
    with map_file(path) as data:
        archive = Archive(data)
        manifest = read_package_facts(archive, path.name, Steps(frozenset(), lambda _: None)).manifest
        package = manifest.package if manifest else None
        owners = Owners(knowledge, package, manifest.components if manifest else ())
        names = []
        for name, entry in code_entries(archive).dex:
            try:
                file = read_dex(name, archive.read(entry, MAX_DEX))
            except ApkError:
                continue
            names += [java_name(descriptor) for descriptor in file.defined_classes]
        return package or path.name, owners, names


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--least", type=int, default=3, help="different packages that hold it")
    parser.add_argument("--depth", type=int, default=3, help="labels by which classes without an entry are counted")
    parser.add_argument("--known", action="store_true", help="list the prefixes of the knowledge that occur too")
    chosen = parser.parse_args()
    knowledge = load_knowledge()
    prefixes = {prefix: library.name for library in knowledge.libraries for prefix in library.code}
    known: dict[str, Counter[str]] = defaultdict(Counter)
    unknown: dict[str, Counter[str]] = defaultdict(Counter)
    for path in sorted(path for path in chosen.folder.rglob("*") if path.is_file()):
        try:
            package, owners, names = defined_classes(path, knowledge)
        except ApkError:
            continue
        for name in names:
            prefix = longest_prefix(name, prefixes)
            if prefix:
                known[prefix][package] += 1
            elif owners.of(name).party == "unknown" and "." in name:
                labels = name.split(".")[:-1]
                unknown[".".join(labels[: chosen.depth])][package] += 1
    if chosen.known:
        for prefix, counts in sorted(known.items()):
            print(f"{prefix} ({prefixes[prefix]}): {counts.total()} classes in {len(counts)} packages")
    print(f"{len(known)} of {len(prefixes)} prefixes of {len(knowledge.libraries)} libraries occur")
    frequent = {prefix: counts for prefix, counts in unknown.items() if len(counts) >= chosen.least}
    for prefix, counts in sorted(frequent.items(), key=lambda item: (-len(item[1]), item[0])):
        print(f"no entry: {prefix}: {counts.total()} classes in {len(counts)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
