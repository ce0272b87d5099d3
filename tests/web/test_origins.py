"""Other sites' pages: which may ask, what a browser is told about it, and what those that may not can read."""

import pytest
from fastapi.testclient import TestClient

from index.errors import SettingsError
from qa.settings import load_settings
from qa.web.origins import OPEN_TO_OTHERS
from qa.web.server import create_app
from tests.web.conftest import in_a_loop

BLOG = "https://blog.example.org"
EVIL = "https://evil.example"
STRANGERS = (
    EVIL,
    f"{BLOG}:8443",
    "http://blog.example.org",
    f"{BLOG}.evil.example",
    "null",
    "file://",
    "https://Blog.example.org",
)


@pytest.fixture(scope="module")
def opened(pipeline):
    """A server on loopback that lets the blog's pages, and those of a developer's own server, ask."""
    settings = load_settings(allowed_origins=(BLOG, "http://localhost:3000"))
    app = in_a_loop(lambda: create_app(pipeline, settings))
    with TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as client:
        yield client


def as_page_of(origin: str, site: str = "cross-site") -> dict[str, str]:
    """What a browser sends with the request of a page of `origin`."""
    return {"origin": origin, "sec-fetch-site": site, "sec-fetch-mode": "cors"}


def ask(client: TestClient, origin: str, body: object = None, path: str = "/api/v1/ask"):
    return client.post(path, json={"question": "Mars?"} if body is None else body, headers=as_page_of(origin))


@pytest.mark.parametrize("origin", [BLOG, "http://localhost:3000"])
def test_an_allowed_page_may_ask_and_read(opened, origin):
    for response in (ask(opened, origin), opened.get("/api/v1/articles", headers=as_page_of(origin))):
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == origin
        assert "access-control-allow-credentials" not in response.headers
        assert "Origin" in response.headers["vary"]
        exposed = response.headers["access-control-expose-headers"]
        assert all(name in exposed for name in ("ETag", "Retry-After", "X-Request-Id"))


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/v1/ask", {"question": ""}, 422),
        ("/api/v1/ask", {"question": "Who?", "article": "nope"}, 404),
        ("/api/v1/articles", {}, 405),
        ("/api/v1/nothing", {}, 404),
        ("/api/v1/ask", {"question": "x" * 70_000}, 413),
    ],
)
def test_an_allowed_page_may_read_what_went_wrong(opened, path, body, status):
    response = ask(opened, BLOG, body, path)
    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == BLOG


@pytest.mark.parametrize("origin", STRANGERS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_page_can_read_why_and_nothing_else(opened, origin, method):
    path = "/api/v1/ask" if method == "POST" else "/api/v1/articles/article"
    response = opened.request(method, path, headers=as_page_of(origin), json={"question": "Mars?"})
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    assert origin in response.json()["detail"] and "ARTICLE_QA_ALLOWED_ORIGINS" in response.json()["detail"]
    assert response.headers["access-control-allow-origin"] == origin
    assert "access-control-allow-credentials" not in response.headers
    assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize("origin", STRANGERS)
@pytest.mark.parametrize("path", ["/api/v1/nothing", "/healthz", "/openapi.json", "/", "/config", "/gradio_api/info"])
def test_a_refused_page_reads_nothing_but_its_refusal(opened, origin, path):
    response = opened.get(path, headers=as_page_of(origin))
    assert response.status_code != 403
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("path", ["/", "/config", "/healthz", "/openapi.json", "/gradio_api/info", "/ui/page.js"])
def test_an_allowed_page_may_read_the_api_only(opened, path):
    response = opened.get(path, headers=as_page_of(BLOG))
    assert response.status_code == 200 and not path.startswith(OPEN_TO_OTHERS)
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/call/ask"])
def test_an_allowed_page_may_not_post_to_the_chat_page(opened, path):
    assert ask(opened, BLOG, {}, path).status_code == 403


def preflight(client: TestClient, origin: str, **more: str):
    asks = {"access-control-request-method": "POST", "access-control-request-headers": "content-type", **more}
    return client.options("/api/v1/ask", headers={"origin": origin, **asks})


@pytest.mark.parametrize("origin", [BLOG, EVIL, "null"])
def test_a_preflight_lets_any_page_send_its_request_so_that_a_refusal_can_be_read(opened, origin):
    response = preflight(opened, origin)
    assert response.status_code == 204 and response.content == b""
    assert response.headers["access-control-allow-origin"] == origin
    assert response.headers["access-control-allow-methods"] == "POST"
    assert "content-type" in response.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in response.headers
    assert "Origin" in response.headers["vary"]


def test_only_an_allowed_page_may_reach_a_server_in_a_private_network(opened):
    asks = {"access-control-request-private-network": "true"}
    assert preflight(opened, BLOG, **asks).headers["access-control-allow-private-network"] == "true"
    assert "access-control-allow-private-network" not in preflight(opened, EVIL, **asks).headers


def test_an_allowed_page_is_held_to_the_servers_names_all_the_same(opened):
    response = opened.post("/api/v1/ask", json={}, headers={**as_page_of(BLOG), "host": "evil.example"})
    assert response.status_code == 421


def test_allowed_origins_may_frame_the_embed_page_and_no_other(opened, client):
    for page in (opened, client):
        chat = page.get("/").headers
        assert "frame-ancestors 'self';" in chat["content-security-policy"] + ";"
        assert chat["x-frame-options"] == "SAMEORIGIN"
    framed = opened.get("/embed/article").headers
    assert framed["content-security-policy"].endswith(f"frame-ancestors 'self' {BLOG} http://localhost:3000")
    assert "x-frame-options" not in framed
    closed = client.get("/embed/article").headers
    assert closed["content-security-policy"].endswith("frame-ancestors 'self'")
    assert closed["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.parametrize("path", ["/docs", "/widget", "/embed/article"])
def test_our_own_pages_run_nothing_inline(client, path):
    policy = client.get(path).headers["content-security-policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy


def test_any_page_may_load_the_widget_so_that_it_can_say_why_it_does_not_work(client):
    headers = client.get("/widget.js", headers=as_page_of(EVIL)).headers
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["access-control-allow-origin"] == "*"
    assert client.get("/ui/page.js").headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "origins",
    [
        "",
        "*",
        "null",
        "blog.example.org",
        "https://",
        "https://*.example.org",
        "https://blog.example.org/",
        "https://blog.example.org/page",
        "https://blog.example.org?x",
        "https://me@blog.example.org",
        "https://blog.example.org:",
        "https://blog.example.org:65536",
        "https://blög.example.org",
        "https://[blog]",
        "ftp://blog.example.org",
        " https://blog.example.org",
        '["https://blog.example.org", "*"]',
        "[7]",
        "[oops",
    ],
)
def test_what_no_origin_can_be_stops_the_start_with_one_line(origins):
    with pytest.raises(SettingsError, match="ARTICLE_QA_ALLOWED_ORIGINS") as caught:
        load_settings(allowed_origins=origins)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("origins", "kept"),
    [
        ("[]", ()),
        ("https://Blog.example.org", (BLOG,)),
        ("https://blog.example.org:443", (BLOG,)),
        ("http://blog.example.org:80", ("http://blog.example.org",)),
        ("https://blog.example.org:8443", (f"{BLOG}:8443",)),
        ('["HTTP://localhost:3000", "http://[::1]:80"]', ("http://localhost:3000", "http://[::1]")),
        ("https://xn--blg-sna.example.org", ("https://xn--blg-sna.example.org",)),
    ],
)
def test_origins_are_kept_as_browsers_send_them(monkeypatch, origins, kept):
    monkeypatch.setenv("ARTICLE_QA_ALLOWED_ORIGINS", origins)
    assert load_settings().allowed_origins == kept
