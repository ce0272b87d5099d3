"""What `import qa` offers: every promised name, none before it is asked for."""

import ast
import subprocess
import sys

import pytest

import qa
from tests.conftest import ROOT


def test_every_promised_name_is_there_and_is_the_real_one() -> None:
    for name in qa.__all__:
        found = getattr(qa, name)
        assert found is getattr(sys.modules[found.__module__], name)
    assert set(qa.__all__) <= set(dir(qa))


def test_the_names_for_type_checkers_are_the_promised_ones() -> None:
    tree = ast.parse((ROOT / "qa" / "__init__.py").read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    typed = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert typed == qa._HOMES
    assert sorted(typed) == sorted(qa.__all__)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'qa' has no attribute 'Pipeline'"):
        _ = qa.Pipeline


def test_importing_the_package_imports_next_to_nothing() -> None:
    script = "import sys; before = set(sys.modules); import qa; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "qa" in loaded
    assert not {"numpy", "pydantic", "torch", "faiss", "gradio", "qa.pipeline", "qa.answer"} & loaded
