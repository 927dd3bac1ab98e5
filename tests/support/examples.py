"""Finds and reads the examples that lie beside the schemas: schemas/avro/examples/<type>/<name>.json, in Avro's JSON form."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from sauma.schemas import TOP, from_json, place, schema_name

FOLDER = Path(__file__).parents[2] / "schemas" / "avro" / "examples"

T = TypeVar("T")


def _files(record: type) -> dict[str, Path]:
    folder = FOLDER / place(schema_name(record)).removesuffix(".avsc")
    return {path.stem: path for path in sorted(folder.glob("*.json"))}


EXAMPLES: Mapping[type, Mapping[str, Path]] = {record: _files(record) for record in TOP}


def read_example(record: type[T], name: str) -> T:
    """The example of this type and name; KeyError if there is none, or if the schema has no such field."""
    return from_json(record, json.loads(EXAMPLES[record][name].read_text(encoding="utf-8")))
