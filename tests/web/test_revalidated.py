"""What may be kept: articles and the OpenAPI document have strong tags, and are not sent again while they hold."""

import gzip

import pytest
from fastapi.testclient import TestClient

KEPT = ["/api/v1/articles", "/api/v1/articles/article", "/openapi.json", "/docs"]


def get(client: TestClient, path: str, **headers: str):
    return client.get(path, headers={"accept-encoding": "identity", **headers})


@pytest.mark.parametrize("path", KEPT)
def test_what_is_known_is_not_sent_again(client, path):
    first = get(client, path)
    tag = first.headers["etag"]
    assert first.status_code == 200 and tag.startswith('"') and tag.endswith('"')
    assert first.headers["cache-control"] == "no-cache"
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = get(client, path, **{"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["x-request-id"] and "content-type" not in again.headers
    for unknown in ('"other"', tag.strip('"'), ""):
        assert get(client, path, **{"if-none-match": unknown}).status_code == 200


@pytest.mark.parametrize("path", KEPT)
def test_the_compressed_form_has_another_tag_since_a_strong_one_is_of_the_bytes(client, path):
    plain, packed = get(client, path), get(client, path, **{"accept-encoding": "gzip"})
    if len(plain.content) < 1_000:
        assert "content-encoding" not in packed.headers and packed.headers["etag"] == plain.headers["etag"]
        return
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.content == plain.content  # the client unpacks
    assert "Accept-Encoding" in packed.headers["vary"] and "Accept-Encoding" in plain.headers["vary"]
    assert int(packed.headers["content-length"]) < len(plain.content)
    tag = packed.headers["etag"]
    assert get(client, path, **{"accept-encoding": "gzip", "if-none-match": tag}).status_code == 304
    assert get(client, path, **{"if-none-match": tag}).status_code == 200


def test_the_same_bytes_are_sent_every_time(client):
    with client.stream("GET", "/api/v1/articles/article", headers={"accept-encoding": "gzip"}) as first:
        once = b"".join(first.iter_raw())
    with client.stream("GET", "/api/v1/articles/article", headers={"accept-encoding": "gzip"}) as second:
        assert b"".join(second.iter_raw()) == once
    assert gzip.decompress(once).startswith(b'{"id"')


def test_what_depends_on_the_origin_says_so(client):
    for path in ("/api/v1/articles", "/api/v1/articles/article", "/api/v1/articles/nope"):
        assert "Origin" in client.get(path).headers["vary"]


def test_head_gets_the_tag_too(client):
    head = client.head("/api/v1/articles/article")
    assert head.headers["etag"] == client.get("/api/v1/articles/article").headers["etag"]
