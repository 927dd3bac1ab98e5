"""Says what the codes of the rules mean, in one language; every text is data, and a code without a text is an error."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LANGUAGES = ("fi", "sv", "en")


@dataclass(frozen=True)
class Words:
    """The texts of one language."""

    language: str
    """Its code, for instance `fi`."""
    texts: Mapping[str, Mapping[str, str | Mapping[str, str]]]

    def __call__(self, section: str, code: object) -> str:
        """What a code of this section means. KeyError where it has no text: a test keeps that from happening."""
        found = self.texts[section][str(code)]
        if not isinstance(found, str):
            raise KeyError(f"{section}.{code} has several texts")
        return found

    def label(self, code: str) -> str:
        """A heading or another word of the page itself."""
        return self("label", code)

    def part(self, section: str, code: str, part: str) -> str:
        """One of the several texts of a code: of a condition `holds` and `fails`, of a refusal `means` and `do`."""
        found = self.texts[section][code]
        return found if isinstance(found, str) else found[part]

    def knows(self, section: str, code: object) -> bool:
        """Whether the code has a text here."""
        return str(code) in self.texts[section]

    def condition(self, name: str, purpose: str, *, holds: bool = True) -> str:
        """What a rule with this purpose asks by the condition; or what is said where it does not hold."""
        text = self.part("condition", name, "holds" if holds else "fails")
        return text.format(purpose=self.purpose(purpose)) if "{purpose}" in text else text

    def purpose(self, purpose: str) -> str:
        """A purpose in words; a purpose of somebody's own rule file, which has no text, as it stands."""
        if not purpose:
            return self.label("unspecified_purpose")
        return self("purpose", purpose) if self.knows("purpose", purpose) else purpose

    def count(self, what: str, n: int) -> str:
        """So many of something: `3 questions`."""
        return self("count", f"{what}_one" if n == 1 else f"{what}_many").format(n=n)

    def categories(self, categories: frozenset[int]) -> str:
        """Categories as numbers: `1-3, 7`."""
        return runs(sorted(categories))


@cache
def words(language: str) -> Words:
    """The texts of one of `LANGUAGES`."""
    text = files(__package__).joinpath("words", f"{language}.toml").read_text(encoding="utf-8")
    return Words(language, {name: part for name, part in tomllib.loads(text).items() if isinstance(part, dict)})


def runs(numbers: list[int]) -> str:
    """Sorted numbers with neighbours drawn together: `1-3, 7`."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][-1] + 1:
            found[-1].append(number)
        else:
            found.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in found)
