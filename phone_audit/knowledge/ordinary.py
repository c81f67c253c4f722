"""Names of packages that ordinary firmware holds: never enough alone, whoever else uses them."""

from functools import cache

from phone_audit.knowledge.load import load_knowledge


@cache
def ordinary_packages() -> frozenset[str]:
    """Give the names in the bundled baselines (AOSP, generic system images, Google), and near misses of incidents.

    A near miss of the kind `package` is a name that its author found on ordinary phones.
    """
    known = load_knowledge()
    near = (test for incident in known.incidents for test in incident.tests.ignores if test.kind == "package")
    names = (name for baseline in known.baselines for name in baseline.packages)
    return frozenset((*names, *(test.value for test in near if isinstance(test.value, str))))
