"""What ordinary phones hold too: names of packages, paths, certificates, hosts, builds. Never enough alone."""

from collections.abc import Iterable
from functools import cache
from typing import Final

from phone_audit.knowledge.compare import condition_holds, names_build
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.knowledge.schema.incident import BuildFact, Condition

_PATHS = (
    "/ /acct /apex /bin /boot /cache /config /d /data /data/app /data/data /data/local /data/local/tmp /data/misc "
    "/data/system /default.prop /dev /etc /etc/hosts /init /init.rc /lost+found /metadata /mnt /mnt/sdcard /odm "
    "/odm/build.prop /odm/etc /oem /persist /proc /product /product/app /product/build.prop /product/etc "
    "/product/etc/build.prop /product/framework /product/overlay /product/priv-app /root /sbin /sdcard /sdcard/Android "
    "/storage /storage/emulated /storage/emulated/0 /sys /system /system/app /system/bin /system/bin/app_process "
    "/system/bin/sh /system/bin/toybox /system/build.prop /system/etc /system/etc/hosts /system/etc/permissions "
    "/system/etc/security/cacerts /system/fonts /system/framework /system/framework/framework-res.apk "
    "/system/framework/framework.jar /system/framework/services.jar /system/lib /system/lib/libc.so /system/lib64 "
    "/system/lib64/libc.so /system/media /system/priv-app /system/usr /system/vendor /system/xbin /system_ext "
    "/system_ext/app /system_ext/build.prop /system_ext/etc/build.prop /system_ext/priv-app /tmp /vendor /vendor/app "
    "/vendor/bin /vendor/build.prop /vendor/etc /vendor/firmware /vendor/lib /vendor/lib64 /vendor/overlay"
)
ORDINARY_PATHS: Final = frozenset(_PATHS.split(" "))
"""Files and folders of Android itself."""
_FIELDS = (
    "ro.product.manufacturer", "ro.product.model", "ro.build.fingerprint", "ro.build.display.id", "ro.build.id",
    "ro.build.version.incremental", "ro.build.date.utc",
)  # fmt: skip
_BUILDS = """
Google|Pixel 5|google/redfin/redfin:11/RQ1A.210105.003/7005429:user/release-keys|RQ1A.210105.003|RQ1A.210105.003|7005429|1606868540
samsung|SM-A207M|samsung/a20sub/a20s:10/QP1A.190711.020/A207MUBU2BUC9:user/release-keys|QP1A.190711.020.A207MUBU2BUC9|QP1A.190711.020|A207MUBU2BUC9|1616768211
Xiaomi|M2006C3MG|Redmi/angelica_global/angelica:10/QP1A.190711.020/V12.0.16.0.QCRMIXM:user/release-keys|QP1A.190711.020|QP1A.190711.020|V12.0.16.0.QCRMIXM|1628176502
LGE|LG-K500|lge/k5_global_com/k5:6.0.1/MMB29M/1618714079410:user/release-keys|MMB29M|MMB29M|1618714079410|1467695471
vivo|vivo PD1628F_EX|vivo/PD1628F_EX/PD1628F_EX:6.0.1/MMB29M/compiler06061651:user/release-keys|MMB29M release-keys|MMB29M|eng.compiler.20170606.164800|1496739170
TP-Link|Neffos_Y7|Neffos/TP910A/Y7:8.1.0/O11019/1265:user/release-keys|TP910R1265|O11019|1265|1552959099
WALTON|Primo RX5|WALTON/Primo_RX5/Primo_RX5:6.0/MRA58K/1465782828:user/release-keys|Primo_RX5|MRA58K|1465782828|1466650800
LENOVO|Lenovo TB-X6C6L|Lenovo/LenovoTB-X6C6L/X6C6L:12/SP1A.210812.016/S026_240123_ROW:user/release-keys|TB-X6C6L_S100026_240123_ROW|SP1A.210812.016|TB-X6C6L_S100026_240123_ROW|1706007704
"""  # noqa: E501 - one build a line, as they were published
ORDINARY_BUILDS: Final = tuple(
    {
        **dict(zip(_FIELDS, line.split("|"), strict=True)),
        "ro.build.tags": "release-keys",
        "ro.build.version.release": line.split(":")[1].split("/")[0],
        "ro.product.brand": line.split("|")[2].split("/")[0],
    }
    for line in _BUILDS.strip().splitlines()
)
"""Builds of eight makers, none of which any incident is about."""


@cache
def bundled() -> Knowledge:
    """Return the facts of the package, read once."""
    return load_knowledge()


def makers_named(fact: BuildFact, only_if: Iterable[Condition], unless: Iterable[Condition]) -> tuple[str, ...]:
    """Return the makers of the ordinary builds that a fact names under its conditions."""
    asked, excused = tuple(only_if), tuple(unless)
    return tuple(
        build["ro.product.manufacturer"]
        for build in ORDINARY_BUILDS
        if fact.field in build
        and names_build(fact, build[fact.field])
        and all(condition_holds(condition, build) for condition in asked)
        and not any(condition_holds(condition, build) for condition in excused)
    )


@cache
def ordinary_packages() -> frozenset[str]:
    """Return the names in the bundled baselines (AOSP, generic system images, Google), and near misses of incidents.

    A near miss of the kind `package` is a name that its author found on ordinary phones.
    """
    known = bundled()
    near = (test for incident in known.incidents for test in incident.tests.ignores if test.kind == "package")
    names = (name for baseline in known.baselines for name in baseline.packages)
    return frozenset((*names, *(test.value for test in near if isinstance(test.value, str))))
