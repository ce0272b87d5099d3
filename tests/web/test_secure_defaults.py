"""What holds before anybody has set anything: who is listened to, what is served, what every response says, what no line of
the code does.
"""

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Mount

from qa.pipeline import QAPipeline
from qa.settings import load_settings
from qa.web.serve import claim_port
from qa.web.server import create_app
from tests.conftest import ROOT
from tests.test_imports import IMPORTS
from tests.toy import ToyEncoder, ToyReader
from tests.web.conftest import in_a_loop

SECRET = "the-server-s-own-secret-77c1"
ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "SAMEORIGIN",
}
STRICT = ("/docs", "/widget", "/embed/article")
"""The pages that are written here, and need nothing inline."""


@pytest.fixture(scope="module")
def plain(toy_index: Any) -> FastAPI:
    """The application as the settings' defaults have it, over the toy index, but for how much one client may ask."""
    pipeline = QAPipeline(toy_index, ToyEncoder(), reader=ToyReader())
    return in_a_loop(lambda: create_app(pipeline, load_settings(rate=10_000, burst=100_000)))


@pytest.fixture(scope="module")
def visitor(plain: FastAPI) -> Iterator[TestClient]:
    with TestClient(plain, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as client:
        yield client


def test_only_this_machine_is_listened_to_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARTICLE_QA_HOST", raising=False)
    settings = load_settings()
    listener = claim_port(settings.host, 0)
    try:
        assert listener.getsockname()[0] == "127.0.0.1"
    finally:
        listener.close()


def test_nobody_else_is_let_in_unless_told() -> None:
    settings = load_settings()
    assert (settings.allowed_origins, settings.trusted_proxies, settings.hosts) == ((), (), ())
    assert settings.feedback is None and settings.log_questions is False


# Every route


def routes(app: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """Path and method of every route, those of mounted applications too, each parameter filled with something."""
    for route in app.routes:
        inner = getattr(route, "app", None)
        path = before + re.sub(r"\{[^}]*\}", "x", getattr(route, "path", ""))
        if isinstance(route, Mount) or hasattr(inner, "routes"):
            yield from routes(inner, path.rstrip("/")) if hasattr(inner, "routes") else ()
            yield path, "GET"
        elif hasattr(route, "original_router"):
            yield from routes(route.original_router, before)
        else:
            for method in getattr(route, "methods", None) or ("GET",):
                yield path, method


def test_every_route_of_ours_and_of_gradios_sends_every_header(plain: FastAPI, visitor: TestClient) -> None:
    found = sorted({(path or "/", method) for path, method in routes(plain)} | {(path, "GET") for path in STRICT})
    assert len(found) > 60 and {("/gradio_api/upload", "POST"), ("/gradio_api/queue/join", "POST")} <= set(found)
    for path, method in found:
        response = visitor.request(method, path, content=b"{}" if method in ("POST", "PUT", "PATCH") else None)
        assert response.status_code < 500, (method, path, response.status_code)
        expected = dict(ALWAYS)
        if path == "/widget.js":
            expected["cross-origin-resource-policy"] = "cross-origin"  # other sites' pages load it
        assert {name: response.headers.get(name) for name in expected} == expected, (method, path)
        policy = response.headers["content-security-policy"]
        assert "*" not in policy and "http:" not in policy and "https:" not in policy
        assert re.search(r"default-src '(none|self)'", policy) and "frame-ancestors 'self'" in policy, path
        assert "access-control-allow-origin" not in response.headers or path == "/widget.js", path


@pytest.mark.parametrize("path", STRICT)
def test_the_pages_written_here_run_nothing_inline(visitor: TestClient, path: str) -> None:
    response = visitor.get(path)
    assert response.status_code == 200
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy and "require-trusted-types-for 'script'" in policy
    for attributes, content in re.findall(r"<script\b([^>]*)>(.*?)</script>", response.text, re.DOTALL):
        assert "src=" in attributes and not content.strip()
    assert not re.search(r"<style\b|\sstyle=|\son\w+=", response.text)


def test_gradio_gets_no_more_of_the_policy_than_it_needs(visitor: TestClient) -> None:
    policy = visitor.get("/").headers["content-security-policy"]
    for directive in ("connect-src 'self'", "object-src 'none'", "base-uri 'self'", "form-action 'self'"):
        assert directive in policy
    assert "img-src 'self' data: blob:" in policy  # the backstop for an image in what somebody typed


# Files


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file in the working directory, as an owner might leave one; its name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / ".env").write_text(SECRET)
    return str(tmp_path / "secret.txt")


BASES = (
    "/",
    "/ui/",
    "/assets/",
    "/static/",
    "/static/fonts/",
    "/embed/",
    "/api/v1/articles/",
    "/gradio_api/",
    "/file=",
    "/file/",
)
WAYS = (
    "{path}",
    "{name}",
    ".env",
    "../../../../../../../../../..{path}",
    "..%2f..%2f..%2f..%2f..%2f..%2f..%2f..{path}",
    "%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e{path}",
    "..%5c..%5c..%5c..%5c..{path}",
    "....//....//....//....//....{path}",
    "%252e%252e/%252e%252e/%252e%252e{path}",
    "x/%00/..{path}",
    "file={path}",
    "gradio_api/file={path}",
    "stream/x/x/{path}",
    "proxy=file://{path}",
)


@pytest.mark.parametrize("base", BASES)
def test_no_file_of_the_machine_is_served(visitor: TestClient, secret: str, base: str) -> None:
    for way in WAYS:
        for path, sign in ((secret, SECRET), ("/etc/passwd", "root:"), (str(ROOT / "pyproject.toml"), "[tool.ruff]")):
            address = base + way.format(path=path, name=Path(path).name)
            response = visitor.get(address)
            assert sign not in response.text, address
            assert response.status_code in (400, 403, 404) or response.headers["content-type"] == "text/html", address


def test_a_link_among_the_served_files_leads_nowhere(
    toy_index: Any, secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qa.web import server

    folder = tmp_path / "static"
    shutil.copytree(server.STATIC, folder)
    (folder / "link.txt").symlink_to(secret)
    (folder / "folder").symlink_to("/etc")
    monkeypatch.setattr(server, "STATIC", folder)
    pipeline = QAPipeline(toy_index, ToyEncoder(), reader=ToyReader())
    app = in_a_loop(lambda: create_app(pipeline, load_settings()))
    with TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as client:
        assert client.get("/ui/tokens.css").status_code == 200
        assert client.get("/ui/link.txt").status_code == 404
        assert client.get("/ui/folder/passwd").status_code == 404


# The code


def code() -> Iterator[tuple[Path, ast.AST]]:
    for path in (ROOT / "app.py", *ROOT.glob("index/**/*.py"), *ROOT.glob("qa/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield path.relative_to(ROOT), node


def called(node: ast.AST) -> str:
    """The dotted name that a call calls, as far as it is one."""
    name, parts = node.func if isinstance(node, ast.Call) else None, []
    while isinstance(name, ast.Attribute):
        parts.append(name.attr)
        name = name.value
    return ".".join([name.id, *reversed(parts)]) if isinstance(name, ast.Name) else ""


def test_nothing_is_unpickled_evaluated_or_given_to_a_shell() -> None:
    modules = ("pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml", "ctypes", "pty", "code")
    calls = {
        "eval",
        "exec",
        "compile",
        "__import__",
        "os.system",
        "os.popen",
        "os.execv",
        "torch.jit.load",
        "tempfile.mktemp",
    }
    assert {
        name: sorted(set(modules) & set(imported)) for name, imported in IMPORTS.items() if set(modules) & set(imported)
    } == {}
    for path, node in code():
        if isinstance(node, ast.Call):
            assert called(node) not in calls, (path, node.lineno, called(node))
            given = {one.arg: one.value for one in node.keywords}
            for unsafe in ("shell", "allow_pickle", "trust_remote_code"):
                value = given.get(unsafe)
                assert value is None or (isinstance(value, ast.Constant) and value.value is False), (path, node.lineno)
            if called(node) == "torch.load":
                assert isinstance(only := given.get("weights_only"), ast.Constant) and only.value is True, (
                    path,
                    node.lineno,
                )


def test_one_file_knows_the_hub_and_none_another_host() -> None:
    clients = {
        "requests",
        "urllib.request",
        "http.client",
        "httpx",
        "httpcore",
        "trafilatura.downloads",
        "aiohttp",
        "urllib3",
        "ftplib",
        "smtplib",
        "gradio_client",
    }
    hub = ("huggingface_hub", "datasets")
    found = {name for name, imported in IMPORTS.items() if any(one.partition(".")[0] in hub for one in imported)}
    assert found == {"index.model_folder"}
    asking = {name for name, imported in IMPORTS.items() if clients & imported}
    assert asking <= {
        "qa.evaluation.bench_server",  # which asks the server that it starts itself
        "index.sources.fetch",  # which asks for what its user named, with --fetch
    }
    assert {name for name, imported in IMPORTS.items() if "index.sources.fetch" in imported} == {"qa.cli.build"}
    assert {name for name, imported in IMPORTS.items() if "socket" in imported} <= {
        "qa.web.serve",
        "qa.web.connections",
        "qa.web.stopping",  # which listen
        "index.sources.fetch",  # which looks names up itself, to connect to no other address than it has looked at
    }
    assert {name for name, imported in IMPORTS.items() if "webbrowser" in imported} == set()


def test_telemetry_is_off_before_its_libraries_are_imported() -> None:
    """By the order of the lines: later, each would already have spoken."""
    for path, switch, imported in (
        ("index/runtime.py", "ORT_DISABLE_TELEMETRY", "import onnxruntime"),
        ("qa/web/__init__.py", "GRADIO_ANALYTICS_ENABLED", None),
    ):
        text = (ROOT / path).read_text(encoding="utf-8")
        assert switch in text
        assert imported is None or text.index(f'os.environ["{switch}"]') < text.index(imported)


def test_the_security_linter_is_on_and_every_exception_says_why() -> None:
    settings = (ROOT / "pyproject.toml").read_text()
    assert re.search(r'select = \[.*"S"', settings)
    (ignored,) = re.findall(r"^ignore = (.*)$", settings, re.MULTILINE)
    assert not re.search(r'"S\d*"', ignored)
    spared = re.findall(r'^"(.*?)" = \[.*"S\d*"', settings, re.MULTILINE)
    assert spared and all(folder.startswith("tests/") for folder in spared)  # which hold what attackers send
    for path in (ROOT / "app.py", *ROOT.glob("index/**/*.py"), *ROOT.glob("qa/**/*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            assert not re.search(r"# noqa(?!:)", line), (path, number)
            if found := re.search(r"# noqa: (?:\w+, ?)*S\d+(.*)", line):
                assert re.search(r"[(-]\s*\w+", found[1]), f"{path}:{number} does not say why"
