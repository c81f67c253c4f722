"""The shapes of the knowledge files as JSON Schema, for editors and for programs that write such files.

    python -m phone_audit.knowledge.schema [KIND] [-o FOLDER]

With a KIND (`incident`, `tracker` …) its schema is printed; with `-o` all of them are written into a folder, as they
lie in docs/schema. What a schema cannot say (sources that are there, hosts, hashes, self-tests) `db check` does.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from phone_audit.knowledge.authority_schema import AuthorityFile
from phone_audit.knowledge.baseline_schema import BaselineFile
from phone_audit.knowledge.behaviour_schema import BehaviourRule
from phone_audit.knowledge.fact_schema import HostFile, KeyFile, LibraryFile, RuleFile, TrackerFile
from phone_audit.knowledge.firmware_schema import FirmwareRule
from phone_audit.knowledge.incident_schema import IncidentEntry
from phone_audit.knowledge.packer_schema import PackerFile
from phone_audit.knowledge.scheme_schema import SchemeFile
from phone_audit.knowledge.support_schema import LabelFile, SupportFile
from phone_audit.model.base import Frozen

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS: Mapping[str, type[Frozen]] = {
    "incident": IncidentEntry,
    "tracker": TrackerFile,
    "host": HostFile,
    "key": KeyFile,
    "rule": RuleFile,
    "library": LibraryFile,
    "packer": PackerFile,
    "behaviour": BehaviourRule,
    "firmware": FirmwareRule,
    "scheme": SchemeFile,
    "support": SupportFile,
    "label": LabelFile,
    "baseline": BaselineFile,
    "authority": AuthorityFile,
}
"""By kind: what one file of the folder holds, an entry, or a list of entries with their sources."""


class _WithoutTitles(GenerateJsonSchema):
    """Fields have no titles: they would only repeat the names."""

    def field_title_should_be_set(self, schema: object) -> bool:
        """Say no, for every field."""
        return False


def schema_of(kind: str) -> dict[str, Any]:
    """Give the JSON Schema of one file of a kind."""
    made = SCHEMAS[kind].model_json_schema(by_alias=True, mode="validation", schema_generator=_WithoutTitles)
    return {"$schema": DIALECT, **made}


def text_of(kind: str) -> str:
    """Give the text of the schema's file."""
    return json.dumps(schema_of(kind), indent=1, ensure_ascii=False) + "\n"


def file_name(kind: str) -> str:
    """Name the file of a kind's schema."""
    return f"{kind}.schema.json"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", nargs="?", choices=SCHEMAS, default="incident", help="default: incident")
    parser.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="write the schemas of all kinds here")
    options = parser.parse_args()
    if options.output is None:
        sys.stdout.write(text_of(options.kind))
    else:
        options.output.mkdir(parents=True, exist_ok=True)
        for each in SCHEMAS:
            (options.output / file_name(each)).write_text(text_of(each), "utf-8")
