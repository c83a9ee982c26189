"""The tests themselves: what a newcomer must be able to rely on."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

from tests.conftest import MARKS_BY_FIXTURE, MARKS_BY_FOLDER, TESTS

STARTS_A_PROCESS = re.compile(
    r"\bsubprocess\.(run|Popen|call|check_\w+)\(|\bmultiprocessing\b|\b(\w*Workers|Redis|PostgreSQL)\("
)


def fixtures(file: Path) -> dict[str, str]:
    """Return the fixtures of *file* by name, each with the type that a test gets."""
    found = {}
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef) and any(
            "fixture" in ast.unparse(d) for d in node.decorator_list
        ):
            said = ast.unparse(node.returns) if node.returns else "None"
            found[node.name] = re.sub(r"^Iterator\[(.+)\]$", r"\1", said)
    return found


def test_a_fixture_name_has_one_type_everywhere() -> None:
    types: dict[str, set[str]] = defaultdict(set)
    for file in TESTS.rglob("*.py"):
        for name, said in fixtures(file).items():
            types[name].add(said)
    assert {name: said for name, said in types.items() if len(said) > 1} == {}


def test_a_test_file_that_starts_a_process_is_marked() -> None:
    unmarked = [
        str(file.relative_to(TESTS))
        for file in TESTS.rglob("test_*.py")
        if STARTS_A_PROCESS.search(file.read_text())
        and "mark.process" not in file.read_text()
        and not set(MARKS_BY_FIXTURE) & set(re.findall(r"\w+", file.read_text()))
        and file.relative_to(TESTS).parts[0] not in MARKS_BY_FOLDER
    ]
    assert unmarked == []
