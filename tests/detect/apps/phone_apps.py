"""Apps of a phone whose installer, rights and uses a test chooses."""

from typing import Any

from phone_audit.model.device import AppOp, Build, Package, PackageFile, PackageUser, Snapshot, Traffic
from phone_audit.model.watch import Observation, Remote
from tests.judge.cases import PIXEL, snapshot

NAME = "com.app"
PATH = "/data/app/com.app/base.apk"


def user(user_id: int = 0, **changes: Any) -> PackageUser:
    fields: dict[str, Any] = {
        "id": user_id, "installed": True, "enabled": True, "hidden": False, "suspended": False, "installer": None,
        "first_install": None, "last_update": None, "granted": (), "appops": (), "traffic": None,
    }  # fmt: skip
    return PackageUser(**(fields | changes))


def app_package(name: str = NAME, *users: PackageUser, system: bool | None = False, **changes: Any) -> Package:
    path = changes.pop("path", f"/data/app/{name}/base.apk")
    fields: dict[str, Any] = {
        "name": name, "app_id": 10001, "system": system, "version_code": 1, "version_name": "1", "signers": None,
        "files": (PackageFile(path=path, sha256=None, hash_source="none", size=1, role="base"),),
        "users": users or (user(),),
    }  # fmt: skip
    return Package(**(fields | changes))


def op(name: str, mode: str = "allow", last: str | None = None, background: str | None = None) -> AppOp:
    return AppOp(op=name, mode=mode, last_access=last, last_background=background)


def traffic(sent: int, background: int = 0) -> Traffic:
    return Traffic(since="2026-01-01T00:00:00Z", received=0, sent=sent, sent_background=background)


def phone(*packages: Package, sdk: int = 29, **changes: Any) -> Snapshot:
    build = Build(**(dict.fromkeys(Build.model_fields, None) | {"partitions": {}, "sdk": sdk}))
    return snapshot(PIXEL, packages, build=build, **changes)


def seen(host: str | None = "a.example", *, packages: tuple[str, ...] = (NAME,), **changes: Any) -> Observation:
    fields: dict[str, Any] = {
        "uid": 10001, "user": 0, "packages": packages, "protocol": "tcp",
        "remote": Remote(address="203.0.113.7", port=443), "host": host,
        "joined_by": "phone-dns" if host else "app-only", "endpoints": (), "times_seen": 2,
        "first_seen": "2026-01-01T00:00:00Z", "last_seen": "2026-01-01T00:01:00Z", "foreground": None, "sent": None,
        "received": None, "owner": None, "cleartext": None,
    }  # fmt: skip
    return Observation(**(fields | changes))
