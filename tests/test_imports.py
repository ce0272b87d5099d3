"""Who may import whom: `index <- qa core <- {web, cli, evaluation, training} <- app.py`, and nothing heavy early."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EDGES = ("qa.web", "qa.cli", "qa.evaluation", "qa.training", "qa.__main__")
SOURCES = sorted(
    path for path in (*ROOT.glob("index/**/*.py"), *ROOT.glob("qa/**/*.py"), ROOT / "app.py") if path.is_file()
)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(module: str, packages: tuple[str, ...]) -> bool:
    """`within("qa.web.page", ("qa.web",))` is true, `within("qa.website", ("qa.web",))` is not."""
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def imports(path: Path) -> set[str]:
    """Every module that a file imports anywhere in it, inside functions too; `from a import b` counts as a and a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = (
                    module_name(path).split(".") if path.name == "__init__.py" else module_name(path).split(".")[:-1]
                )
                base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return found


IMPORTS = {module_name(path): imports(path) for path in SOURCES}
INDEX = {name for name in IMPORTS if within(name, ("index",))}
CORE = {name for name in IMPORTS if within(name, ("qa",)) and not within(name, EDGES)}


def offenders(modules: set[str], forbidden: tuple[str, ...]) -> dict[str, list[str]]:
    found = {name: sorted(one for one in IMPORTS[name] if within(one, forbidden)) for name in modules}
    return {name: bad for name, bad in found.items() if bad}


def modules_after(statement: str) -> set[str]:
    """What a fresh interpreter has imported after `statement`."""
    script = f"{statement}\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_sources_are_found() -> None:
    assert {"index.store", "index.vectors", "qa.answer"} <= IMPORTS.keys()


def test_index_imports_nothing_of_the_online_half() -> None:
    assert offenders(INDEX, ("qa", "app", "tests", "gradio", "fastapi")) == {}


def test_core_imports_no_edge_and_no_web_framework() -> None:
    assert offenders(CORE, (*EDGES, "app", "tests", "gradio", "fastapi", "starlette", "uvicorn", "typer")) == {}


def test_edges_import_no_tests_and_not_the_application() -> None:
    assert offenders(set(IMPORTS) - INDEX - CORE - {"app"}, ("app", "tests")) == {}


def test_training_is_imported_by_itself_only() -> None:
    assert offenders({name for name in IMPORTS if not within(name, ("qa.training",))}, ("qa.training",)) == {}


@pytest.mark.parametrize(
    ("library", "owner"),
    [
        ("faiss", "index.vectors"),
        ("sentence_transformers", "index.sentence_encoder"),
        ("onnxruntime", "index.runtime"),
        ("bm25s", "index.lexical"),
        ("pypdf", "index.sources.pdf"),
        ("trafilatura", "index.sources.html"),
        ("httpcore", "index.sources.fetch"),
    ],
)
def test_one_file_imports(library: str, owner: str) -> None:
    assert list(offenders(set(IMPORTS), (library,))) == [owner]


def test_packages_import_without_anything_heavy() -> None:
    heavy = {"torch", "transformers", "faiss", "gradio", "fastapi", "sentence_transformers", "bm25s", "scipy", "sklearn"}
    assert not heavy & modules_after("import index, qa")


def test_reading_an_index_needs_neither_torch_nor_the_web() -> None:
    loaded = modules_after("import index.store, index.verify")
    assert not {"torch", "transformers", "sentence_transformers", "gradio", "sklearn", "pandas"} & loaded
    assert "faiss" in loaded  # or the list above would prove nothing


def test_answering_over_a_built_index_needs_no_pytorch(real_index_dir: Path) -> None:
    question = "When could humans first land on Mars?"
    loaded = modules_after(f"from qa import QAPipeline; QAPipeline.load({str(real_index_dir)!r}).answer({question!r})")
    heavy = {"torch", "transformers", "sentence_transformers", "huggingface_hub", "sklearn", "pandas", "gradio"}
    assert not heavy & loaded
    assert {"onnxruntime", "faiss"} <= loaded  # or the line above would prove nothing


def test_one_file_of_the_online_half_imports_pytorch() -> None:
    assert list(offenders(CORE, ("torch", "transformers"))) == ["qa.checkpoint_reader"]


def test_importing_the_core_brings_neither_a_web_framework_nor_pytorch() -> None:
    loaded = modules_after("\n".join(f"import {name}" for name in sorted(CORE - {"qa.checkpoint_reader"})))
    assert not {"gradio", "fastapi", "starlette", "uvicorn", "torch", "transformers"} & loaded
    assert "qa.onnx_reader" in loaded
    assert not {name for name in loaded if within(name, EDGES)}
