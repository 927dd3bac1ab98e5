"""The repository's own order: what the wheel carries, what no file may hold, and that links lead somewhere."""

import ast
import re
import subprocess
import tomllib
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from sauma.henkilotunnus import Valid, check, for_test

ROOT = Path(__file__).parents[2]
ROOTS = ("core", "services", "connectors")

# Case and the minus sign U+2212 vary in prose; the form check itself takes only the exact form.
LIKE_A_CODE = re.compile(r"(?<![0-9A-Z])[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Y](?![0-9A-Z])")
# Written in parts, so that this file does not find itself.
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:" + "|".join(("work", "home", "root")) + ")/")
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("proxy", "golang", "org"),
        ("crates", "io"),
        ("repo1", "maven", "org"),
        ("repo", "maven", "apache", "org"),
    )
)
LINK = re.compile(r"\]\(\s*<?([^)>\s]+)>?[^)]*\)")
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)


@cache
def _files() -> tuple[Path, ...]:
    """List the files of the repository: those that are tracked, and those that would be at the next `git add`."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    # The owner of a checkout in a container is often somebody else, which git refuses unless told.
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return tuple(path for name in sorted(set(listed.split("\0")) - {""}) if (path := ROOT / name).is_file())


@cache
def _texts() -> dict[str, str]:
    """Read every file; bytes that are no UTF-8 are replaced, so that no file is passed over."""
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8", errors="replace") for path in _files()}


def _codes(text: str) -> list[Valid]:
    """Find what has the form of a personal identity code, in any case and with any minus."""
    found = (check(match.group()) for match in LIKE_A_CODE.finditer(text.upper().replace("\u2212", "-")))
    return [checked for checked in found if isinstance(checked, Valid)]


def _broken_links(folder: Path, text: str) -> list[str]:
    targets = (match.group(1) for match in LINK.finditer(CODE.sub("", text)))
    relative = (target.split("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target))
    return [target for target in relative if not (folder / target).exists()]


def _bare_imports(source: str) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.append(node.module or "")
    return [name for name in names if name.split(".")[0] in ROOTS]


def _build_settings() -> tuple[list[str], dict[str, str]]:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    wheel = build["targets"]["wheel"]
    return wheel["packages"], wheel["force-include"]


def test_the_wheel_carries_exactly_the_packages_there_are() -> None:
    packages, _ = _build_settings()

    there = {str(init.parent.relative_to(ROOT)) for root in ROOTS for init in (ROOT / root).glob("*/__init__.py")}

    assert set(packages) == there
    modules = [path.relative_to(ROOT) for path in _files() if path.suffix == ".py"]
    assert [str(m) for m in modules if m.parts[0] in ROOTS and "/".join(m.parts[:2]) not in packages] == []


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.parent for path in _files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in ROOTS}

    assert [str(folder.relative_to(ROOT)) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_what_the_wheel_takes_in_exists() -> None:
    _, force_include = _build_settings()

    assert [source for source in force_include if not (ROOT / source).is_dir()] == []
    assert set(force_include.values()) == {"sauma/_avro", "sauma/_law", "sauma/_places"}


def test_no_file_holds_a_personal_identity_code_that_somebody_may_have() -> None:
    # Only the file is named: the code itself must not reach a test log either.
    assert [name for name, text in _texts().items() if any(not code.is_temporary for code in _codes(text))] == []


def test_no_file_holds_a_path_of_one_machine() -> None:
    assert [name for name, text in _texts().items() if MACHINE_PATH.search(text)] == []


def test_no_file_names_a_package_registry() -> None:
    assert [name for name, text in _texts().items() if any(host in text for host in REGISTRIES)] == []


def test_relative_links_in_documents_lead_to_files() -> None:
    documents = {name: text for name, text in _texts().items() if name.endswith(".md")}

    broken = {name: _broken_links((ROOT / name).parent, text) for name, text in documents.items()}

    assert documents
    assert {name: links for name, links in broken.items() if links} == {}


def test_the_root_folders_are_not_imported_as_packages() -> None:
    modules = {name: text for name, text in _texts().items() if name.endswith(".py")}

    assert {name: found for name, text in modules.items() if (found := _bare_imports(text))} == {}


def test_the_search_for_codes_finds_them_in_every_spelling() -> None:
    code = for_test(date(1950, 1, 31), 903, sign="-")

    for text in (code, code.lower(), code.replace("-", "\u2212"), f'"{code}",', f"x_{code}/y"):
        assert [found.individual for found in _codes(text)] == [903]
    assert _codes(f"1{code}") == []


def test_the_search_for_machine_paths_knows_them_from_parts_of_others() -> None:
    inside = "/".join(("", "home", "somebody", "x"))

    assert MACHINE_PATH.search(f"see {inside}")
    assert MACHINE_PATH.search(f'"{inside}"')
    assert not MACHINE_PATH.search(f"https://example.invalid{inside}")
    assert not MACHINE_PATH.search(f"docs{inside}")


def test_the_search_for_links_finds_broken_ones_and_leaves_code_alone() -> None:
    links = "[a](gone.md) [b](README.md#top) [c](https://example.invalid/x) [d](#here)"
    text = f"{links} `[e](code.md)`\n```\n[f](g.md)\n```\n"

    assert _broken_links(ROOT, text) == ["gone.md"]


def test_the_search_for_bare_imports_finds_them() -> None:
    root = ROOTS[0]

    assert _bare_imports(f"import {root}.sauma\nfrom {root} import sauma\nimport sauma\nfrom . import {root}\n") == [
        f"{root}.sauma",
        root,
    ]
