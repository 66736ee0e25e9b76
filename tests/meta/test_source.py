"""The habits of CONTRIBUTING.md that a program can check."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = sorted((ROOT / "mcoom").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
SCRIPTS = sorted((ROOT / "benchmarks").rglob("*.py"))
EVERYTHING = [*PACKAGE, *TESTS, *SCRIPTS]
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
FORBIDDEN = ("fastmath=True", "parallel=True", "NotImplementedError", "TODO", "FIXME", "except Exception")
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_files_and_functions_are_short(path):
    assert len(path.read_text().splitlines()) <= MAX_FILE_LINES
    long = [f.name for f in functions(path) if f.end_lineno - f.lineno + 1 > MAX_FUNCTION_LINES]
    assert not long


@pytest.mark.parametrize("path", PACKAGE, ids=name_of)
def test_no_forbidden_words(path):
    text = path.read_text()
    assert [word for word in FORBIDDEN if word in text] == []


@pytest.mark.parametrize("path", PACKAGE, ids=name_of)
def test_no_globals_and_no_vague_names(path):
    assert path.stem not in VAGUE
    assert not [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Global)]


@pytest.mark.parametrize("path", PACKAGE, ids=name_of)
def test_public_names_have_docstrings(path):
    tree = ast.parse(path.read_text())
    if not tree.body:
        return
    assert ast.get_docstring(tree), "module without a docstring"
    missing = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert missing == []


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_every_test_asserts(path):
    """A test that cannot fail proves nothing: it asserts, expects a raise, or calls a check that does."""
    silent = []
    for function in functions(path):
        if not function.name.startswith("test_"):
            continue
        body = ast.unparse(function)
        if not re.search(r"\bassert\b|assert_|pytest\.raises|pytest\.fail|\bcheck_|\bexpect_", body):
            silent.append(function.name)
    assert silent == []


def test_texts_name_no_machine_path():
    suffixes = {".py", ".md", ".toml", ".lock", ".sh", ""}
    folders = ("mcoom", "tests", "docs", "benchmarks")
    paths = [p for p in ROOT.iterdir() if p.is_file() and p.suffix in suffixes]
    paths += [p for folder in folders for p in (ROOT / folder).rglob("*") if p.is_file() and p.suffix in suffixes]
    absolute = re.compile(r"(?<![\w.])/(?:" + "|".join(("work", "root", "home", "tmp")) + r")/\w")
    found = [name_of(p) for p in paths if absolute.search(p.read_text())]
    assert found == []
