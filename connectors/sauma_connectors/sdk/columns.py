"""Writes contents into the columns that an agency has for them and reads them back without loss; knows no agency and no file."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sauma.content import CONTENT_OF, Content
from sauma_connectors.sdk.cells import Untranslatable

KIND_OF: Mapping[type[Content], str] = {content: kind for kind, content in CONTENT_OF.items()}
"""The kind that each type of content usually has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentColumns:
    """How one agency writes contents. A content's code is that of the kind that it usually has.

    A proposal and a conflict have the code of the item that they are about, so that their content is read back as what
    it is.
    """

    code_column: str
    """The column that says which content a row holds, where a table has several."""
    kinds: Mapping[str, str]
    """The agency's code of each kind."""
    columns: Mapping[str, tuple[str, ...]]
    """By kind: a column for each field of the content, in order."""
    yes: str
    no: str
    join: Callable[[Iterable[str]], str]
    """Several texts in one cell."""
    split: Callable[[str], tuple[str, ...]]
    """The texts that `join` was given. Raises ValueError for a cell that it did not make."""

    def columns_of(self, *kinds: str) -> tuple[str, ...]:
        """The columns of these kinds, or of all, each once."""
        return tuple(dict.fromkeys(column for kind in kinds or self.columns for column in self.columns[kind]))

    def code(self, content: Content) -> str:
        """The code of the content's type."""
        kind = KIND_OF[type(content)]
        return next(code for code, named in self.kinds.items() if named == kind)

    def write(self, content: Content) -> dict[str, str]:
        """The content's own cells, by column."""
        values = (getattr(content, field.name) for field in fields(content))
        return {
            column: self._cell(value)
            for column, value in zip(self.columns[KIND_OF[type(content)]], values, strict=True)
        }

    def read(self, kind: str, cells: Mapping[str, str]) -> Content:
        """The content of a row of this kind; raises `Untranslatable`."""
        content = CONTENT_OF[kind]
        values: dict[str, Any] = {}
        for column, field in zip(self.columns[kind], fields(content), strict=True):
            if column not in cells:
                raise Untranslatable("wrong-shape", f"the column {column} is missing; export it too")
            values[field.name] = self._value(column, field.type, cells[column])
        return content(**values)

    def read_coded(self, code: str, cells: Mapping[str, str]) -> Content:
        """The content of a row with this code; raises `Untranslatable`."""
        kind = self.kinds.get(code, "")
        if kind not in self.columns:
            known = ", ".join(code for code, kind in self.kinds.items() if kind in self.columns)
            raise Untranslatable("unknown-code", f"{self.code_column} is none of {known}")
        return self.read(kind, cells)

    def _cell(self, value: object) -> str:
        if isinstance(value, bool):
            return self.yes if value else self.no
        return self.join(value) if isinstance(value, tuple) else str(value)

    def _value(self, column: str, kind: object, cell: str) -> str | bool | tuple[str, ...]:
        if kind is bool:
            if cell not in (self.yes, self.no):
                raise Untranslatable("unknown-code", f"{column} is {self.yes} or {self.no}")
            return cell == self.yes
        if kind is str:
            return cell
        try:
            return self.split(cell)
        except ValueError as wrong:
            raise Untranslatable("wrong-shape", f"{column} {wrong}") from None
