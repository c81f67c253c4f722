"""What was asked of `phone-audit scan`, beside how phones are read."""

from dataclasses import dataclass
from pathlib import Path

from phone_audit.cli.exits import FailOn
from phone_audit.cli.telling import tell
from phone_audit.model.device import Depth
from phone_audit.pipeline.options import ScanOptions
from phone_audit.pipeline.sealed import sealed_name


@dataclass(frozen=True)
class Asked:
    """The command line, checked."""

    targets: tuple[str, ...]
    all: bool
    wait: bool
    depth: Depth
    users: str
    knowledge: tuple[Path, ...]
    fail_on: FailOn
    quiet: bool
    verbose: bool

    @property
    def several(self) -> bool:
        """Whether `-o` and `--save` name folders for several phones."""
        return self.all or len(self.targets) > 1


def warn_of_identifiers(asked: Asked, options: ScanOptions) -> None:
    """Say what lies in a saved acquisition, before it is made."""
    if options.save is None or asked.quiet:
        return
    if not options.encrypt_to:
        tell(f"{options.save} will hold serial numbers and copies of the packages; keep it where only you can read it.")
    elif not asked.several:
        tell(f"{sealed_name(options.save)} will hold serial numbers and copies of the packages, encrypted.")
    else:
        tell(f"The files in {options.save} will hold serial numbers and copies of the packages, encrypted.")
