"""What a simulated phone is: its properties, packages and files, as frozen values read from `profile.json`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from phone_audit.errors import UsageError
from phone_audit.files.bounded_json import JsonError, read_checked
from phone_audit.files.bounds import PROFILE, BoundsError
from phone_audit.files.open_regular import open_regular
from phone_audit.model.base import Frozen, first_fault, read_strictly

PROFILES = Path(__file__).parent / "data"
"""One folder a profile: `profile.json`, and the APKs that it names."""


class Daemon(Frozen):
    """What the phone's adbd says of itself: protocol version, largest payload in bytes, features."""

    version: Literal[0x01000000, 0x01000001]
    max_data: int = Field(ge=4096, le=1024 * 1024)
    features: tuple[str, ...]


class User(Frozen):
    """A user of the phone. `flags` is the hexadecimal word of `pm list users`."""

    id: int
    name: str
    flags: str


class Component(Frozen):
    """An activity, service, receiver or provider with what it answers to."""

    kind: Literal["activity", "service", "receiver", "provider"]
    name: str
    actions: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    permission: str | None = None
    priority: int = 0


class HiddenSystem(Frozen):
    """The copy in the firmware of a package that was updated."""

    code_path: str
    apk: str
    version_code: int
    version_name: str


class SimulatedPackage(Frozen):
    """An installed package. `apk` and `splits` name files of the profile's folder; times are seconds since 1970.

    `code_path` is the folder on the phone, or the file itself where the package has no folder of its own.
    """

    name: str
    label: str
    code_path: str
    apk: str
    splits: dict[str, str] = Field(default_factory=dict)
    version_code: int
    version_name: str
    min_sdk: int
    target_sdk: int
    app_id: int
    shared_user: str | None = None
    signer: str
    system: bool = True
    privileged: bool = False
    persistent: bool = False
    has_code: bool = True
    debuggable: bool = False
    signing_version: Literal[1, 2, 3]
    disabled: bool = False
    installer: str | None = None
    first_install: int
    last_update: int
    permissions: tuple[str, ...] = ()
    granted: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    hidden_system: HiddenSystem | None = None

    @property
    def base_path(self) -> str:
        return base_path(self.code_path)

    @property
    def split_paths(self) -> dict[str, str]:
        return {name: f"{self.code_path}/split_{name}.apk" for name in self.splits}


class PhoneFile(Frozen):
    """A text file on the phone. `mode` is octal, as chmod takes it."""

    path: str
    text: str
    mode: str = Field("644", pattern="^[0-7]{3}$")
    uid: int = 0
    gid: int = 0


class Profile(Frozen):
    """A phone. It speaks as Android 9 does, so `sdk` is 28.

    `signers` gives, for each key, what `dumpsys package` prints of it: `Arrays.hashCode` of the certificate, in
    hexadecimal (AOSP `android.content.pm.Signature.hashCode`).
    """

    name: str
    sdk: Literal[28]
    daemon: Daemon
    properties: dict[str, str]
    users: tuple[User, ...]
    signers: dict[str, str]
    settings: dict[str, dict[str, str]]
    services: tuple[str, ...]
    runtime_permissions: tuple[str, ...]
    files: tuple[PhoneFile, ...]
    packages: tuple[SimulatedPackage, ...]
    folder: Path = Path()

    @property
    def banner(self) -> bytes:
        """The text of the phone's CNXN message."""
        shown = ("ro.product.name", "ro.product.model", "ro.product.device")
        text = "".join(f"{name}={self.properties[name]};" for name in shown)
        return f"device::{text}features={','.join(self.daemon.features)}".encode()

    def apks(self) -> Iterator[str]:
        """Yield the name of every APK file of the profile's folder that a package names."""
        for package in self.packages:
            yield package.apk
            yield from package.splits.values()
            if package.hidden_system is not None:
                yield package.hidden_system.apk

    def package(self, name: str) -> SimulatedPackage | None:
        return next((package for package in self.packages if package.name == name), None)


def base_path(code_path: str) -> str:
    if code_path.endswith(".apk"):
        return code_path
    name = "base" if code_path.startswith("/data/app/") else code_path.rpartition("/")[2]
    return f"{code_path}/{name}.apk"


def profile_names() -> tuple[str, ...]:
    return tuple(sorted(path.parent.name for path in PROFILES.glob("*/profile.json")))


def load_profile(profile: str | Path) -> Profile:
    """Read a profile that comes with the program by its name, or one from a folder with a `profile.json`.

    Raises a UsageError where there is no such profile, or it is damaged.
    """
    folder = profile if isinstance(profile, Path) else PROFILES / profile
    try:
        with open_regular(folder / "profile.json") as opened:
            text = read_checked(opened, PROFILE)
    except (OSError, BoundsError) as error:
        known = ", ".join(profile_names())
        raise UsageError(f"There is no simulated phone {str(profile)!r}.", f"Known are: {known}.") from error
    try:
        read = read_strictly(Profile, text).model_copy(update={"folder": folder})
    except ValidationError as error:
        fault = ": ".join(first_fault(error))
        raise UsageError(f"The profile of the simulated phone {str(profile)!r} is damaged: {fault}.") from error
    except JsonError as error:
        raise UsageError(f"The profile of the simulated phone {str(profile)!r} is damaged: {error}.") from error
    for file in read.apks():
        if not (folder / file).is_file():
            raise UsageError(f"The simulated phone {str(profile)!r} names {file}, which is not there.")
    return read
