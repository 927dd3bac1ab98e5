"""The JSON files of a plain folder: one a fact, one a notice, one a withdrawal; read strictly, written whole.

    facts/<client>/<fact>.json     one fact that was delivered
    facts/<client>/deletion.json   the joint data set only: when everything about the client has to be deleted
    notices/<notice>.json          something a person has to know
    settings.json                  which kinds are refused, and which are kept although erasure was asked
    out/withdrawals/*.json         written by the agency: a client withdrew a will

Names of folders and files below `facts` and `notices` are computed with the folder's own key: they tell nothing.
"""

import json
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sauma.content import CONTENT_OF, Content, as_text
from sauma_connectors.sdk.files import Fault, read_file

FACTS, NOTICES, SETTINGS, WITHDRAWALS, DELETION = (
    "facts",
    "notices",
    "settings.json",
    "out/withdrawals",
    "deletion.json",
)
FILE_BYTES_MAX = 256 * 1024
"""A cell has 16 KiB at most; escaped in JSON, six times that; the rest of a fact is short."""

CONTENT_TYPES: dict[str, type[Content]] = {content.__name__: content for content in CONTENT_OF.values()}

M = TypeVar("M", bound=BaseModel)


class _File(BaseModel):
    # Strict: a number is not a text and a text is not a number. Nothing unknown is swallowed, nothing is shown in errors.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class BasisFile(_File):
    """Why the agency may hold the fact."""

    rule: str
    ground_to_give: str
    ground_to_receive: str
    purpose: str
    will: str | None = None
    """The will it rests on: what a withdrawal names."""


class FactFile(_File):
    """One fact as the agency keeps it."""

    henkilotunnus: str = Field(repr=False)
    origin: str
    """The shared id of the fact: whatever carries one came from outside."""
    kind: str
    category: int
    handling: str
    version: int
    status: str
    owner: str
    updates: Literal["current", "stopped", "wrong", "kept"] = "current"
    """stopped: kept as it was when the right to updates ended; kept: erasure was asked, `kept_under` forbids it."""
    kept_under: str | None = None
    basis: BasisFile
    digest: str
    plan: str | None = None
    referral: str | None = None
    about: str | None = None
    about_version: int = 0
    starts_ms: int | None = None
    ends_ms: int | None = None
    own_row: str | None = None
    clear: dict[str, str] = {}
    content_type: str | None = None
    content: dict[str, str | bool | list[str]] = Field(default={}, repr=False)


class NoticeFile(_File):
    """Something a person at the agency has to know."""

    henkilotunnus: str | None = Field(default=None, repr=False)
    code: str
    reason: str
    reference: str = ""
    own_row: str | None = None


class DeletionFile(_File):
    """When everything about the client has to be deleted (TYM 381/2023 12.2 §), in UTC."""

    henkilotunnus: str = Field(repr=False)
    relationship_ended_at: str
    delete_all_at: str


class SettingsFile(_File):
    """What the agency's system does not take, and what its own law has it keep; both by kind."""

    refuses: dict[str, str] = {}
    """Kind: the reason, a code."""
    keeps: dict[str, str] = {}
    """Kind: the paragraph."""


_KEY = r"^[A-Za-z0-9._-]{1,80}$"


class WithdrawalFile(_File):
    """A client withdrew a will at this agency."""

    row: Annotated[str, Field(pattern=_KEY)]
    """The agency's own number of it."""
    henkilotunnus: str = Field(repr=False)
    will: Annotated[str, Field(pattern=_KEY)]
    kind: Literal["consent", "permit", "prohibition"] = "consent"
    at: str
    """ISO 8601 with its zone."""


def read_model(path: Path, model: type[M]) -> M | Fault:
    """The file as its model. A fault names the fields that are wrong, never what stands in them."""
    data = read_file(path, bytes_max=FILE_BYTES_MAX)
    if isinstance(data, Fault):
        return data
    try:
        value = json.loads(data.decode(), object_pairs_hook=_without_repeats, parse_constant=_no_constant)
        return model.model_validate(value)
    except ValidationError as error:
        wrong = ", ".join(sorted({_field(one["loc"], model) for one in error.errors()}))
        return _fault(path, "wrong-shape", f"wrong or missing: {wrong}; correct the file and put it there again")
    except (ValueError, RecursionError):
        # Bad JSON, bad UTF-8, a name given twice, NaN, brackets without end.
        return _fault(path, "unreadable-row", "is not proper JSON in UTF-8; write the file again")


def _fault(path: Path, reason: str, what: str) -> Fault:
    return Fault(path.name, 0, reason, f"{path.name}: {what}")


def _field(place: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """The field that is wrong. The name of one that is not ours is the file's own word, and may be anybody's."""
    if not place:
        return "the whole file"
    return str(place[0]) if place[0] in model.model_fields else "a field that is not one of its own"


def to_bytes(model: BaseModel) -> bytes:
    """The file's bytes, for a person to read too."""
    return (json.dumps(model.model_dump(), ensure_ascii=False, indent=1) + "\n").encode()


def content_fields(content: Content | None) -> tuple[str | None, dict[str, str | bool | list[str]]]:
    """The content's type and fields as the file has them."""
    if content is None:
        return None, {}
    values = {name: getattr(content, name) for name in as_text(content)}
    return type(content).__name__, {n: list(v) if isinstance(v, tuple) else v for n, v in values.items()}


def content_of(file: FactFile) -> Content | None:
    """The content in a file; raises ValueError where it is not that of its type."""
    if file.content_type is None:
        return None
    content = CONTENT_TYPES.get(file.content_type)
    if content is None:
        raise ValueError("unknown content type")
    values = {name: tuple(v) if isinstance(v, list) else v for name, v in file.content.items()}
    kinds = {field.name: field.type for field in fields(content)}
    if values.keys() != kinds.keys() or any(type(v) is not _plain(kinds[name]) for name, v in values.items()):
        raise ValueError("the fields are not those of the content type")
    return content(**values)  # type: ignore[arg-type] # just checked


def _plain(kind: object) -> object:
    return kind if kind in (str, bool) else tuple


def _without_repeats(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    listed = list(pairs)
    if len({name for name, _ in listed}) != len(listed):
        raise ValueError("a name stands twice")
    return dict(listed)


def _no_constant(_: str) -> None:
    raise ValueError("NaN and Infinity are no JSON")
