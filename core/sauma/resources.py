"""Finds the texts that travel with the code (places, law, schemas), in a checkout or in an installed wheel."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from sauma.places import Places
from sauma.rulefile import Laws, read_laws

# Kind of text: its folder inside the installed package, and its folder in a checkout.
_FOLDERS = {"places": ("_places", "places"), "law": ("_law", "law"), "avro": ("_avro", "schemas/avro")}


def read_text(kind: str, *name: str) -> str:
    """Read one text, for instance `read_text("law", "fi", "2026-05-01.toml")`, as UTF-8 with newlines as "\\n".

    Raises KeyError for an unknown kind and FileNotFoundError for an unknown name.
    """
    return folder(kind).joinpath(*name).read_text(encoding="utf-8")


def names(kind: str, *name: str) -> tuple[str, ...]:
    """List what lies in a folder, sorted, without its subfolders: `names("law", "fi")`."""
    return tuple(sorted(entry.name for entry in folder(kind).joinpath(*name).iterdir() if entry.is_file()))


def folder(kind: str) -> Traversable:
    """Give the folder of one kind of text.

    A checkout's own folder wins: an editable install may have left older copies in site-packages. The caller may not
    assume a path on disk: a wheel may be imported from a zip file.
    """
    in_wheel, in_checkout = _FOLDERS[kind]
    root = _checkout(Path(__file__))
    return root / in_checkout if root else files("sauma") / in_wheel


def load_places() -> Places:
    """Read the places that came with the code; raises PlacesError if they were edited into something unusable."""
    return Places.parse(
        municipalities=read_text("places", "municipalities.csv"),
        merged=read_text("places", "merged.csv"),
        endpoints=read_text("places", "endpoints.toml"),
    )


def _checkout(module: Path) -> Path | None:
    """Give the root of the checkout this file lies in as core/sauma/resources.py, or None where there is none."""
    root = module.parent.parent.parent
    lies_in_core = module.parent == root / "core" / "sauma"
    return root if lies_in_core and (root / "pyproject.toml").is_file() else None


def load_laws(country: str = "fi") -> Laws:
    """The country's dated rule sets; raises `sauma.rulefile.RuleFileError` with everything that is wrong with them."""
    files = {name: read_text("law", country, name) for name in names("law", country) if name.endswith(".toml")}
    return read_laws({f"law/{country}/{name}": text for name, text in files.items()})
