"""What the guard refuses, and the headers it puts on everything."""

import pytest
from fastapi.testclient import TestClient

from index.errors import SettingsError
from qa.settings import load_settings
from qa.web.server import create_app
from tests.web.conftest import in_a_loop

CLOSED = [
    "/gradio_api/upload",
    "/gradio_api/upload_progress?upload_id=x",
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/file/etc/passwd",
    "/gradio_api/proxy=https://example.org",
    "/gradio_api/component_server",
    "/gradio_api/run/predict",
    "/gradio_api/run/ask",
    "/gradio_api/heartbeat/abc",
    "/gradio_api/monitoring/summary",
    "/gradio_api/deep_link",
    "/gradio_api/openapi.json",
    "/gradio_api/mcp/",
    "/gradio_api/login",
    "/monitoring",
    "/monitoring/summary",
    "/upload",
    "/file=/etc/passwd",
    "/proxy=https://example.org",
    "/login",
    "/token",
    "/redoc",
    "//gradio_api/upload",
    "/assets/../gradio_api/upload",
    "/queue/status",
]


@pytest.fixture(scope="module")
def public(pipeline):
    """A server that listens for other machines too, and lists no names: it answers to every one."""
    app = in_a_loop(lambda: create_app(pipeline, load_settings(host="0.0.0.0")))
    with TestClient(app, base_url="https://qa.example.org", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def proxied(pipeline):
    """A server on loopback, behind a proxy whose name is listed."""
    app = in_a_loop(lambda: create_app(pipeline, load_settings(hosts=("QA.example.org", "[2001:db8::1]"))))
    with TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_gradios_other_paths_do_not_exist(client, path, method):
    response = client.request(method, path, content=b"" if method == "POST" else None)
    assert response.status_code == 404, response.text
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/articles", "/nothing", "/ui/page.js", "/openapi.json"])
def test_every_response_has_the_security_headers(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "object-src 'none'" in policy and "frame-ancestors 'self'" in policy
    assert "http:" not in policy and "https:" not in policy and "*" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "qa.example.org"])
@pytest.mark.parametrize("path", ["/", "/config", "/healthz", "/openapi.json", "/gradio_api/info"])
@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "null"])
def test_no_other_origin_may_read(public, host, path, origin):
    response = public.get(path, headers={"host": host, "origin": origin})
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/healthz", "/openapi.json"])
def test_a_preflight_from_another_origin_is_refused(public, path):
    headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    response = public.options(path, headers=headers)
    assert response.status_code == 400
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_page_may_not_post(client, site):
    response = client.post("/api/v1/ask", json={"question": "Mars?"}, headers={"sec-fetch-site": site})
    assert response.status_code == 403


def test_a_body_without_a_length_is_refused(client):
    response = client.post("/api/v1/ask", content=iter([b'{"question": "Mars?"}']))
    assert response.status_code == 411


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/api/v1/ask", "body_bytes"), ("/api/v1/ask:batch", "batch_bytes"), ("/gradio_api/queue/join", "page_bytes")],
)
def test_a_body_over_the_limit_is_refused_unread(client, settings, path, limit):
    limit = getattr(settings, limit)
    assert client.post(path, content=b"x" * (limit + 1)).status_code == 413
    assert client.post(path, content=b"x" * limit).status_code != 413


def post(client, **headers: str):
    return client.post("/api/v1/ask", json={"question": "Mars?"}, headers=headers)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:7860", "http://evil.example"),
        ("127.0.0.1:7860", "http://127.0.0.1:3000"),
        ("127.0.0.1:7860", "http://127.0.0.1"),
        ("127.0.0.1:7860", "http://localhost:7860"),
        ("127.0.0.1:7860", "null"),
        ("127.0.0.1:7860", "file://"),
        ("127.0.0.1:7860", "http://user@127.0.0.1:7860"),
        ("qa.example.org", "https://qa.example.org:8443"),
        ("qa.example.org", "https://qa.example.org.evil.example"),
    ],
)
def test_another_origins_page_may_not_post_whatever_else_it_sends(public, host, origin):
    response = post(public, host=host, origin=origin)
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    assert host in response.json()["detail"] and origin in response.json()["detail"]


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:7860", "http://127.0.0.1:7860"),
        ("[::1]:7860", "http://[::1]:7860"),
        ("localhost", "http://localhost"),
        ("qa.example.org", "https://qa.example.org"),  # a proxy ended TLS, so the server saw http
        ("qa.example.org:443", "https://qa.example.org"),
        ("QA.example.org:80", "http://qa.example.org"),
    ],
)
def test_its_own_page_may_post(public, host, origin):
    assert post(public, host=host, origin=origin).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/", "/config", "/healthz", "/api/v1/ask", "/gradio_api/queue/join", "/nothing"])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "192.0.2.7", "", "a@b"])
def test_on_loopback_a_name_that_another_site_pointed_here_is_refused(client, method, path, host):
    """DNS rebinding: to the browser this page is of the server's own origin."""
    response = client.request(method, path, headers={"host": host, "origin": f"http://{host}"})
    assert response.status_code == 421
    assert response.headers["content-type"] == "application/problem+json"
    assert repr(host) in response.json()["detail"] and "ARTICLE_QA_HOSTS" in response.json()["detail"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:7860"])
def test_on_loopback_every_loopback_name_is_answered(client, host):
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("qa.example.org", 200),
        ("Qa.Example.org:443", 200),
        ("[2001:db8::1]:7860", 200),
        ("localhost:7860", 200),
        ("other.example.org", 421),
        ("qa.example.org.evil.example", 421),
    ],
)
def test_a_proxys_name_is_answered_when_it_is_listed(proxied, host, status):
    assert proxied.get("/healthz", headers={"host": host}).status_code == status
    assert post(proxied, host=host, origin=f"https://{host}").status_code == status


def test_listed_names_are_the_only_ones_on_any_address(pipeline):
    settings = load_settings(host="192.0.2.1", hosts="qa.example.org")
    app = in_a_loop(lambda: create_app(pipeline, settings))
    client = TestClient(app)
    for host, status in {"qa.example.org": 200, "192.0.2.1:7860": 200, "localhost": 200, "evil.example": 421}.items():
        assert client.get("/healthz", headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    "hosts", ["", "https://qa.example.org", "qa.example.org:443", "*.example.org", '["a", "b/c"]', "[qa", "[::1", "[7]"]
)
def test_a_name_that_no_host_can_be_stops_the_start(hosts):
    with pytest.raises(SettingsError, match=r"ARTICLE_QA_HOSTS.*") as caught:
        load_settings(hosts=hosts)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("hosts", "names"),
    [("[]", ()), ("qa.example.org", ("qa.example.org",)), ('["A.b", "[::1]"]', ("a.b", "::1")), ("::1", ("::1",))],
)
def test_names_come_from_the_environment(monkeypatch, hosts, names):
    monkeypatch.setenv("ARTICLE_QA_HOSTS", hosts)
    assert load_settings().hosts == names


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/api/v1/articles",
        "/api/v1/articles/article",
        "/api/v1/articles/nope",
        "/ui/page.js",
        "/nothing",
    ],
)
def test_head_is_get_without_the_body(client, path):
    head, get = client.head(path), client.get(path)
    assert head.status_code == get.status_code
    assert head.content == b"" and get.content != b""
    assert head.headers["content-length"] == get.headers["content-length"]
    assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", "GET, HEAD"),
        ("/healthz", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
        ("/api/v1/articles", "GET, HEAD"),
        ("/api/v1/articles/article", "GET, HEAD"),
        ("/ui/page.js", "GET, HEAD"),
        ("/config", "GET, HEAD"),
        ("/api/v1/ask", "POST"),
        ("/gradio_api/queue/join", "POST"),
        ("/gradio_api/queue/data", "GET"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
def test_a_method_that_a_path_does_not_answer_is_told_the_ones_it_does(client, method, path, allowed):
    if method in allowed:
        return
    response = client.request(method, path)  # without a body, so without Content-Length
    assert response.status_code == 405
    assert response.headers["allow"] == allowed
    assert response.headers["content-type"] == "application/problem+json"
    if method != "HEAD":
        assert method in response.json()["detail"] and allowed in response.json()["detail"]
