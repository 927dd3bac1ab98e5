"""Writes schemas/avro/ anew from the record types, or copies it as a released version; the examples are left alone.

    .venv/bin/python schemas/derive.py              after a record type has changed
    .venv/bin/python schemas/derive.py release 2    when a version leaves the house: schemas/released/2/, kept for ever

A test holds the files against the types, so a changed type and its changed schema arrive in one commit, side by side.
"""

import json
import sys
from pathlib import Path

from sauma.schemas import derived, place

HERE = Path(__file__).parent


def texts() -> dict[str, str]:
    """Every schema file's text, by its place under schemas/avro."""
    return {
        place(name): json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in sorted(derived().items())
    }


def release(version: str) -> None:
    """Copy the schemas as this version. A version that exists is never written over: what was sent by it must stay readable."""
    target = HERE / "released" / version
    if not version.isdecimal() or target.exists():
        sys.exit(f"{version} is no number or is released already; choose the next one")
    for name, text in texts().items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"wrote {target.relative_to(HERE)}\n")


def derive() -> None:
    """Write what differs, remove what is no type any more, and tell which."""
    folder = HERE / "avro"
    wanted = {folder / name: text for name, text in texts().items()}
    for path in sorted({*folder.glob("*.avsc"), *folder.glob("content/*.avsc")} - wanted.keys()):
        path.unlink()
        sys.stdout.write(f"removed {path.relative_to(HERE)}\n")
    for path, text in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {path.relative_to(HERE)}\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            derive()
        case ["release", number]:
            release(number)
        case _:
            sys.exit(__doc__)
