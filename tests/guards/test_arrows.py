"""Imports point one way: web, cli, jobs → domain → models; domain → clients; the sandbox stands apart."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "grayscale"
# Folder -> what of the application its modules may import.
BASE = {"clock", "config", "crypto", "database", "direct", "extensions", "logging", "metrics", "reading"}
ALLOWED = {
    "models": {"crypto", "extensions", "models", "clock"},
    "clients": {"clients"},
    "domain": BASE | {"domain", "models", "clients"},
    "jobs": BASE | {"jobs", "domain"},
    "web": BASE | {"web", "domain", "models"},
    "sandbox": {"sandbox"},
}
FOREIGN = {"clients": {"flask", "sqlalchemy"}, "models": {"requests"}, "domain": {"flask_wtf", "wtforms"}}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module == "grayscale":
                found |= {f"grayscale.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("folder", sorted(ALLOWED))
def test_arrows_point_one_way(folder: str) -> None:
    for path in (PACKAGE / folder).rglob("*.py"):
        for name in imports_of(path):
            first, _, rest = name.partition(".")
            if first == "grayscale" and rest:
                assert rest.split(".")[0] in ALLOWED[folder], f"{path.relative_to(ROOT)} imports {name}"
            assert first not in FOREIGN.get(folder, set()), f"{path.relative_to(ROOT)} imports {name}"


def test_views_neither_query_nor_commit() -> None:
    for path in (PACKAGE / "web" / "views").glob("*.py"):
        names = {node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
        assert not names & {"commit", "rollback", "execute", "scalars", "scalar"}, path.name


def test_one_module_knows_htmx_flask() -> None:
    users = [path.name for path in PACKAGE.rglob("*.py") if "htmx_flask" in imports_of(path)]
    assert users == ["htmx.py"]


def test_only_the_composition_root_is_imported_by_the_entry() -> None:
    assert {name for name in imports_of(ROOT / "app.py") if name.startswith("grayscale")} <= {
        "grayscale", "grayscale.create_app", "grayscale.config", "grayscale.sandbox.cli",
    }  # fmt: skip


def test_aliases_that_threads_share_are_made_ready() -> None:
    """``aliased`` in a module's own body is made by the threads that use it first, at once; see ``shared_alias``."""
    for path in PACKAGE.rglob("*.py"):
        for node in tree(path).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                assert ast.unparse(node.value.func).rpartition(".")[2] != "aliased", f"{path.name}:{node.lineno}"


def test_what_only_workers_need_is_imported_by_them_alone() -> None:
    """The queue and its driver of PostgreSQL take eleven megabytes, of a web process on SQLite too."""
    at_start = re.compile(
        r"^(from|import) (procrastinate|psycopg|grayscale\.jobs\.(queue|worker)|grayscale\.jobs import)", re.MULTILINE
    )
    users = {path.name for path in PACKAGE.rglob("*.py") if at_start.search(path.read_text())}
    assert users == {"queue.py", "worker.py"}
