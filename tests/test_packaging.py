"""What is installed is what is imported, at the versions written down; a fresh machine is told what it lacks."""

import ast
import os
import re
import shutil
import subprocess
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

PIN = re.compile(r"([A-Za-z0-9_.-]+)==([\w.]+)(?:; (.+))?")
CODE = ("app.py", "index/**/*.py", "qa/**/*.py")
MAKING = ("qa/training/**/*.py",)
"""What makes the model files, and is never imported at run time: it may need more, as the tests do."""
TOOLS = {"pytest-timeout": "timeout = ", "ruff": "[tool.ruff]", "mypy": "[tool.mypy]"}
"""What pyproject.toml shows of the packages that are run, or loaded by pytest, rather than imported."""


CONSTRAINED = "--constraint constraints.txt"


def pins(name: str) -> dict[str, str]:
    """The versions that a requirements file pins for this machine, by package; every other line is a comment, or lets the
    constraints hold.
    """
    lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith("#")]
    lines = [line for line in lines if line != CONSTRAINED]
    found = [PIN.fullmatch(line) for line in lines]
    assert all(found), f"{name} holds a line that is neither a comment nor a pin"
    here = [match for match in found if match and (match[3] is None or Marker(match[3]).evaluate())]
    return {canonicalize_name(match[1]): match[2] for match in here}


OPTIONAL = pins("requirements-mcp.txt") | pins("requirements-milvus.txt")
"""What one command or one kind of store needs and the others do not; the tests install it too."""
RUN, TESTS, BROUGHT_ALONG = pins("requirements.txt"), pins("tests/requirements.txt"), pins("constraints.txt")


def files(*folders: str) -> set[Path]:
    return {path for folder in folders for path in ROOT.glob(folder)}


def packages(paths: set[Path], *, strings: bool = False) -> set[str]:
    """The installed packages that the code imports, wherever in a file; with `strings`, those too that it names in one."""
    modules: set[str] = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
            elif strings and isinstance(node, ast.Constant) and isinstance(node.value, str):
                modules.add(node.value)
    homes = packages_distributions()
    return {canonicalize_name(home) for module in modules for home in homes.get(module, ())}


def brought_along(package: str, seen: set[str], extras: frozenset[str] = frozenset()) -> set[str]:
    """`seen` with `package` and all that it needs here, with the extras that are asked of it."""
    if package not in seen or extras:
        seen.add(package)
        for line in requires(package) or ():
            need = Requirement(line)
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                brought_along(canonicalize_name(need.name), seen, frozenset(need.extras))
    return seen


def test_every_package_that_the_code_imports_is_pinned() -> None:
    imported = packages(files(*CODE) - files(*MAKING))
    assert {"torch", "faiss-cpu", "typer"} <= imported
    assert imported - RUN.keys() == OPTIONAL.keys()
    assert OPTIONAL.items() <= TESTS.items()


def test_every_package_that_the_tests_and_training_import_is_pinned() -> None:
    assert packages(files("tests/**/*.py", *MAKING)) - RUN.keys() - TESTS.keys() == set()


def test_nothing_is_pinned_that_is_not_used() -> None:
    used = packages(files(*CODE), strings=True)
    assert (RUN | OPTIONAL).keys() - used == set()
    settings = (ROOT / "pyproject.toml").read_text()
    tools = {name for name, sign in TOOLS.items() if sign in settings}
    assert (TESTS.keys() - OPTIONAL.keys()) - packages(files("tests/**/*.py", *MAKING)) - tools == set()


def test_constraints_pin_exactly_what_the_requirements_bring_along() -> None:
    needed: set[str] = set()
    for package in (*RUN, *TESTS):
        brought_along(package, needed)
    # What a torch with CUDA needs besides is pinned by torch itself.
    with_cuda = {name for name in needed if name.startswith(("cuda-", "nvidia-")) or name == "triton"}
    assert needed - RUN.keys() - TESTS.keys() - {"setuptools"} - with_cuda == BROUGHT_ALONG.keys()


def test_no_package_is_pinned_twice() -> None:
    assert not RUN.keys() & TESTS.keys()
    assert not BROUGHT_ALONG.keys() & (RUN.keys() | TESTS.keys())


def test_the_versions_tested_are_the_versions_pinned() -> None:
    pinned = RUN | TESTS | BROUGHT_ALONG
    assert {name: version(name).partition("+")[0] for name in pinned} == pinned  # "2.13.0+cpu" is a build of 2.13.0


@pytest.mark.parametrize("name", ["requirements-mcp.txt", "requirements-milvus.txt"])
def test_what_is_installed_by_hand_brings_along_what_was_tested(name: str) -> None:
    """The Makefile gives the constraints itself; whoever types the README's command does not."""
    assert CONSTRAINED in (ROOT / name).read_text().splitlines()


def test_no_file_of_the_installation_names_a_registry() -> None:
    for name in (
        "Makefile",
        ".ci/run",
        "requirements.txt",
        "requirements-mcp.txt",
        "requirements-milvus.txt",
        "constraints.txt",
        "tests/requirements.txt",
    ):
        hosts = re.findall(r"https?://[^\s:/]+|--(?:extra-)?index-url|--find-links", (ROOT / name).read_text())
        assert set(hosts) <= {"http://127.0.0.1"}, name


def test_continuous_integration_runs_what_a_person_runs() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == "make test"


def test_the_licence_is_whole_and_the_notice_names_what_it_does_not_cover() -> None:
    licence = (ROOT / "LICENSE").read_text()
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    notice = (ROOT / "NOTICE").read_text()
    assert all(words in notice for words in ("seeds/article.md", "The Jerusalem Post", "REUTERS", "all-MiniLM-L6-v2"))


def make(folder: Path, goal: str, *programs: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`make GOAL` on a copy of the Makefile, on a machine that has no more than the shell and `programs`."""
    for name in ("Makefile", "requirements.txt", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    for program in ("make", "sh", *programs):
        (bin_folder / Path(program).name).symlink_to(shutil.which(program) or program)
    return subprocess.run(
        ["make", "--silent", goal, *(f"{name}={value}" for name, value in variables.items())],
        cwd=folder,
        env={"PATH": str(bin_folder), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_machine_without_python_is_told_what_to_install(tmp_path: Path) -> None:
    done = make(tmp_path, "run")
    assert done.returncode != 0
    assert "error: found no Python 3.11 or newer (tried: python3.11 " in done.stderr
    assert "make run PYTHON=/path/to/python3.11" in done.stderr


def test_an_old_python_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "old python"
    old.write_text("#!/bin/sh\nexit 1\n")  # what `sys.exit(sys.version_info < (3, 11))` comes to
    old.chmod(0o755)
    assert f"(tried: {old})" in make(tmp_path, "run", PYTHON=str(old)).stderr


def test_clean_removes_what_was_made_and_nothing_else(tmp_path: Path) -> None:
    for made in (".venv", "index/built", ".mypy_cache"):
        (tmp_path / made).mkdir(parents=True)
    done = make(tmp_path, "clean", "rm")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "Makefile",
        "bin",
        "constraints.txt",
        "index",
        "requirements.txt",
    ]
    assert not list((tmp_path / "index").iterdir())
