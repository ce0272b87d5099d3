"""What the guard refuses, and the headers it puts on everything."""

import pytest

from qa.web.guard import API_BODY, PAGE_BODY

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
    "/docs",
    "/redoc",
    "//gradio_api/upload",
    "/assets/../gradio_api/upload",
    "/queue/status",
]


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
@pytest.mark.parametrize("path", ["/", "/config", "/healthz", "/api/v1/articles", "/gradio_api/info"])
@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "null"])
def test_no_other_origin_may_read(client, host, path, origin):
    headers = client.get(path, headers={"host": host, "origin": origin}).headers
    assert "access-control-allow-origin" not in headers
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize("path", ["/api/v1/ask", "/gradio_api/queue/join"])
def test_a_preflight_from_another_origin_is_refused(client, path):
    headers = {"origin": "https://evil.example", "access-control-request-method": "POST", "host": "qa.example.org"}
    response = client.options(path, headers=headers)
    assert response.status_code == 400
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_page_may_not_post(client, site):
    response = client.post("/api/v1/ask", json={"question": "Mars?"}, headers={"sec-fetch-site": site})
    assert response.status_code == 403


def test_a_body_without_a_length_is_refused(client):
    response = client.post("/api/v1/ask", content=iter([b'{"question": "Mars?"}']))
    assert response.status_code == 411


@pytest.mark.parametrize(("path", "limit"), [("/api/v1/ask", API_BODY), ("/gradio_api/queue/join", PAGE_BODY)])
def test_a_body_over_the_limit_is_refused_unread(client, path, limit):
    assert client.post(path, content=b"x" * (limit + 1)).status_code == 413
    assert client.post(path, content=b"x" * limit).status_code != 413
