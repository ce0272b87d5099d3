"""Fetching, from a server on this machine: what is taken, what is refused, and that nothing takes longer than it may."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.errors import ArticleError
from index.sources.fetch import USER_AGENT, Limits, fetch_page, fetch_pages, is_public
from index.sources.kept import Kept
from tests.index.sources.making import PAGE, pdf
from tests.index.sources.serving import Served, reply, serving

LOCAL = Limits(seconds=120, size=2**20, allow_private=True)
BRIEF = Limits(seconds=0.5, size=2**30, allow_private=True)


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as found:
        yield found


def body(url: str, limits: Limits = LOCAL) -> bytes:
    fetched = fetch_page(url, limits)
    assert fetched is not None
    return fetched[1]


def test_a_page_is_taken_as_it_was_sent_with_what_the_server_says_of_it(served: Served) -> None:
    raw = PAGE.encode("cp1252", "xmlcharrefreplace")
    served.replies["/mars"] = reply(raw, kind="text/html; charset=windows-1252", ETag='"1"', Last_Modified="yesterday")
    fetched = fetch_page(served.url("/mars"), LOCAL)
    assert fetched is not None
    page, got = fetched
    assert got == raw
    assert (page.url, page.kind, page.charset) == (served.url("/mars"), "html", "windows-1252")
    assert (page.etag, page.modified) == ('"1"', "yesterday")
    (asked,) = served.asked
    assert f"User-Agent: {USER_AGENT}\r\n" in asked
    assert "Accept-Encoding: identity\r\n" in asked
    assert f"Host: {served.address}\r\n" in asked
    assert "article-qa" in USER_AGENT


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        ("application/pdf", "pdf"),
        ("text/plain; charset=utf-8", "text"),
        ("TEXT/HTML", "html"),
        ("application/xhtml+xml", "html"),
        ("image/png", None),
        ("application/octet-stream", None),
        ("application/json", None),
        (None, None),
    ],
)
def test_only_pages_of_text_are_taken(served: Served, kind: str | None, taken: str | None) -> None:
    served.replies["/x"] = reply(pdf([["One."]]), kind=kind)
    if taken is None:
        with pytest.raises(ArticleError, match=r"the server calls it .*; expected HTML, plain text or PDF"):
            fetch_page(served.url("/x"), LOCAL)
    else:
        fetched = fetch_page(served.url("/x"), LOCAL)
        assert fetched is not None and fetched[0].kind == taken


def test_a_charset_that_does_not_exist_is_no_reason_to_fail(served: Served) -> None:
    served.replies["/x"] = reply(b"Words.", kind='text/html; charset="no such; \xff"')
    assert body(served.url("/x")) == b"Words."


def test_redirects_are_followed_and_the_last_address_is_the_pages(served: Served) -> None:
    served.replies["/1"] = reply(status="301 Moved", Location="/2?a=b")
    served.replies["/2?a=b"] = reply(status="302 Found", Location=served.url("/3"))
    served.replies["/3"] = reply(b"Words.")
    fetched = fetch_page(served.url("/1"), LOCAL)
    assert fetched is not None and fetched[0].url == served.url("/3")


def test_redirects_in_a_circle_and_too_many_are_refused(served: Served) -> None:
    served.replies["/a"] = reply(status="302 Found", Location="/b")
    served.replies["/b"] = reply(status="302 Found", Location="/a")
    with pytest.raises(ArticleError, match="in a circle"):
        fetch_page(served.url("/a"), LOCAL)
    for n in range(20):
        served.replies[f"/{n}"] = reply(status="302 Found", Location=f"/{n + 1}")
    served.asked.clear()
    with pytest.raises(ArticleError, match="leads on more than 5 times"):
        fetch_page(served.url("/0"), LOCAL)
    assert len(served.asked) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "data:text/html,x"])
def test_redirects_lead_to_http_only(served: Served, target: str) -> None:
    served.replies["/x"] = reply(status="302 Found", Location=target)
    with pytest.raises(ArticleError, match="expected an address that begins with https:// or http://"):
        fetch_page(served.url("/x"), LOCAL)


@pytest.mark.parametrize(
    "url", ["http://user:secret@127.0.0.1/", "http://", "http://[", "http://a..b/", "http://x:99999/"]
)
def test_addresses_that_cannot_be_fetched_are_refused(url: str) -> None:
    with pytest.raises(ArticleError) as caught:
        fetch_page(url, LOCAL)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_refused_however_it_is_written(served: Served, host: str) -> None:
    port = served.address.rpartition(":")[2]
    served.replies["/x"] = reply(b"Words.")
    with pytest.raises(ArticleError, match=r"no public address.*--allow-private|no host"):
        fetch_page(f"http://{host}:{port}/x", Limits())
    assert served.asked == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:4700::6810:85e5", True),
        *(
            (one, False)
            for one in (
                *("10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "127.0.0.1", "0.0.0.0", "100.64.0.1"),
                *("224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),
                *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1"),
                *("::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
                *("192.0.0.192", "192.88.99.1", "168.63.129.16", "::ffff:168.63.129.16"),  # metadata of clouds, relays
                *("fec0::1", "3fff::1", "64:ff9b:1::7f00:1", "2001:470::5efe:7f00:1", "2001:470::200:5efe:a00:1"),
            )
        ),
        *(
            (one, True)
            for one in (*("192.0.1.1", "192.88.100.1", "168.63.129.17", "2001:470::1", "2001:470::5efe:5db8:d70e"),)
        ),
    ],
)
def test_addresses_that_are_not_the_internets_own_are_known(address: str, public: bool) -> None:
    assert is_public(address) is public


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Each look-up of a name gives the next of `answers`, the last one for ever; returns the names as they are asked."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, port: Any, *arguments: Any, **options: Any) -> Any:
        if host.replace(".", "").isdecimal():
            return real(host, port, *arguments, **options)
        asked.append(host)
        address = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_a_redirect_to_a_private_address_is_refused(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first hop is let pass as if it were public, the second is this machine by another name."""
    port = served.address.rpartition(":")[2]
    served.replies["/x"] = reply(status="302 Found", Location=f"http://inside.example:{port}/secret")
    served.replies["/secret"] = reply(b"Secret.")
    monkeypatch.setattr("index.sources.fetch.is_public", lambda address: address == "127.0.0.1")
    resolving(monkeypatch, "127.0.0.1", "127.0.0.2")
    with pytest.raises(ArticleError, match=r"inside\.example is 127\.0\.0\.2, which is no public address"):
        fetch_page(f"http://outside.example:{port}/x", Limits())
    assert [asked.split()[1] for asked in served.asked] == ["/x"]


def test_the_connection_is_made_to_the_address_that_was_looked_at(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that says one address when it is checked and another when it is connected to (DNS rebinding)."""
    port = served.address.rpartition(":")[2]
    served.replies["/x"] = reply(b"Words.")
    asked = resolving(monkeypatch, "127.0.0.1", "127.0.0.9")
    assert body(f"http://rebound.example:{port}/x") == b"Words."
    assert asked == ["rebound.example"]
    assert f"Host: rebound.example:{port}\r\n" in served.asked[0]


def test_a_page_that_is_too_large_is_cut_off_whatever_it_says(served: Served) -> None:
    sent: list[int] = []

    def endless(connection: socket.socket) -> None:
        connection.sendall(reply(length=False))
        while True:
            sent.append(connection.send(b"x" * 65_536))

    served.replies["/x"] = endless
    with pytest.raises(ArticleError, match="larger than 1 MiB"):
        fetch_page(served.url("/x"), LOCAL)


def test_a_compressed_page_is_refused_unread(served: Served) -> None:
    served.replies["/x"] = reply(b"\x1f\x8b" + b"0" * 99, Content_Encoding="gzip")
    with pytest.raises(ArticleError, match="compressed"):
        fetch_page(served.url("/x"), LOCAL)


@pytest.mark.parametrize("where", ["before", "headers", "body"])
def test_what_drips_is_cut_off_in_time(served: Served, where: str) -> None:
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        whole = reply(b"x" * 1_000_000)
        if where == "body":
            head, _, whole = whole.partition(b"\r\n\r\n")
            connection.sendall(head + b"\r\n\r\n")
        for n in range(len(whole)):
            if over.wait(0.05):
                return
            if where != "before":
                connection.sendall(whole[n : n + 1])

    served.replies["/x"] = drip
    began = time.monotonic()
    with pytest.raises(ArticleError, match=r"longer than 0|cannot be fetched"):
        fetch_page(served.url("/x"), BRIEF)
    over.set()
    assert time.monotonic() - began < 60  # far less than the hours that it would drip


def test_headers_without_end_are_cut_off(served: Served) -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X: " + b"x" * 1_000 + b"\r\n")

    served.replies["/x"] = endless
    with pytest.raises(ArticleError, match="cannot be fetched"):
        fetch_page(served.url("/x"), LOCAL)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (reply(status="404 Not Found"), "the server answered 404"),
        (reply(status="500 Oh"), "the server answered 500"),
        (reply(status="302 Found"), "the server answered 302"),
        (reply(status="304 Not Modified"), "the server answered 304"),
        (b"", "cannot be fetched"),
        (b"SSH-2.0-OpenSSH\r\n", "cannot be fetched"),
        (reply(b"Words.")[:-3], "cannot be fetched"),
    ],
)
def test_an_answer_that_is_no_page_is_told(served: Served, sent: bytes, said: str) -> None:
    served.replies["/x"] = sent
    with pytest.raises(ArticleError, match=said):
        fetch_page(served.url("/x"), LOCAL)


def test_a_redirect_to_what_is_no_address_is_told(served: Served) -> None:
    served.replies["/x"] = reply(status="302 Found", Location="http://[::1")
    with pytest.raises(ArticleError, match=r"cannot be fetched: Invalid IPv6 URL"):
        fetch_page(served.url("/x"), LOCAL)


def test_an_address_that_is_too_long_is_refused_in_a_short_line(served: Served) -> None:
    served.replies["/x"] = reply(status="302 Found", Location="/" + "y" * 9_000)
    for url in (served.url("/x"), served.url("/" + "z" * 9_000)):
        with pytest.raises(ArticleError, match="longer than 8,000 characters") as caught:
            fetch_page(url, LOCAL)
        assert len(str(caught.value)) < 200
    assert len(served.asked) == 1


@pytest.mark.parametrize("kind", [f"text/html; charset*{'1' * 5_000}=x", f"text/html; charset={'x' * 70_000}"])
def test_a_content_type_that_cannot_be_understood_whole_still_names_its_kind(
    served: Served, tmp_path: Path, kind: str
) -> None:
    kept, url = Kept(tmp_path), served.url("/x")
    served.replies["/x"] = reply(b"Words.", kind=kind)
    assert fetch_pages([url], kept, LOCAL) == {}
    page = kept.page(url)
    assert page is not None and page.kind == "html"
    assert len(page.charset or "") <= 1_000


def test_one_page_that_cannot_be_fetched_costs_no_other(served: Served, tmp_path: Path) -> None:
    """Neither what a server answers nor what an owner's list holds ends the fetching of the others."""
    served.replies |= {
        "/leads": reply(status="302 Found", Location="http://[::1"),
        "/kind": reply(b"Words.", kind=f"text/html; charset*{'1' * 5_000}=x"),
        "/good": reply(b"Words."),
    }
    kept, urls = Kept(tmp_path), [served.url(path) for path in ("/leads", "/kind", "/good")]
    odd = ["http://[", "http://ex℀mple.org/", "http://", f"{served.url('/half')}\udcff"]
    failed = fetch_pages([*odd, *urls], kept, LOCAL)
    assert set(failed) == {*odd, urls[0]}
    assert not any("\n" in reason for reason in failed.values())
    assert kept.page(urls[2]) is not None


@pytest.mark.parametrize("sent", [b'"caf\xe9"', '"café ☕"'.encode()])
def test_a_validator_beyond_ascii_is_sent_back_as_it_came(served: Served, tmp_path: Path, sent: bytes) -> None:
    kept, url = Kept(tmp_path), served.url("/mars")
    served.replies["/mars"] = reply(b"Words.", ETag="E-TAG", Last_Modified="M\u00e4rz").replace(b"E-TAG", sent)
    assert fetch_pages([url], kept, LOCAL) == {}
    served.replies["/mars"] = reply(status="304 Not Modified")
    assert fetch_pages([url], kept, LOCAL) == {}
    assert f"If-None-Match: {sent.decode('latin-1')}\r\n" in served.asked[1]


def test_a_validator_that_is_too_long_to_be_sent_back_is_not_kept(served: Served, tmp_path: Path) -> None:
    """It would be in every later request, which servers refuse as too large, and fills the head of what is kept."""
    kept, url = Kept(tmp_path), served.url("/mars")
    served.replies["/mars"] = reply(b"Words.", ETag=f'"{"x" * 70_000}"', Last_Modified="y" * 1_001)
    assert fetch_pages([url], kept, LOCAL) == {}
    page = kept.page(url)
    assert page is not None and (page.etag, page.modified) == (None, None)
    assert fetch_pages([url], kept, LOCAL) == {}
    assert "If-" not in served.asked[1]


def test_a_server_that_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ArticleError, match="cannot be fetched"):
        fetch_page(f"http://127.0.0.1:{port}/", LOCAL)


def test_pages_are_kept_and_one_that_has_not_changed_stays(served: Served, tmp_path: Path) -> None:
    kept, url = Kept(tmp_path), served.url("/mars")
    served.replies["/mars"] = reply(b"Words.", ETag='"1"', Last_Modified="yesterday")
    assert fetch_pages([url], kept, LOCAL) == {}
    page = kept.page(url)
    assert page is not None and kept.path(url).read_bytes()[page.skip :] == b"Words."
    served.replies["/mars"] = reply(status="304 Not Modified")
    assert fetch_pages([url], kept, LOCAL) == {}
    assert 'If-None-Match: "1"\r\n' in served.asked[1] and "If-Modified-Since: yesterday\r\n" in served.asked[1]
    assert kept.page(url) == page
    served.replies["/mars"] = reply(b"", "500 Oh")
    assert fetch_pages([url], kept, LOCAL) == {url: "the server answered 500; expected 200"}
    assert kept.page(url) == page


def test_a_host_is_asked_one_page_at_a_time_and_progress_is_told(served: Served, tmp_path: Path) -> None:
    urls = [served.url(f"/{n}") for n in range(12)]
    served.replies |= {f"/{n}": reply(b"Words.") for n in range(12)}
    told: list[tuple[int, int]] = []
    assert fetch_pages(urls, Kept(tmp_path), LOCAL, lambda done, total: told.append((done, total))) == {}
    assert served.most_at_once == 1
    assert [asked.split()[1] for asked in served.asked] == [f"/{n}" for n in range(12)]
    assert told == [(n, 12) for n in range(1, 13)]


def test_what_is_kept_of_other_addresses_is_forgotten(served: Served, tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    served.replies |= {"/a": reply(b"A."), "/b": reply(b"B.")}
    fetch_pages([served.url("/a"), served.url("/b")], kept, LOCAL)
    kept.forget_others([served.url("/b")])
    assert kept.page(served.url("/a")) is None
    assert kept.page(served.url("/b")) is not None


WHOLE = '{"url": "u", "kind": "html", "charset": null, "etag": null, "modified": null}'


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]\nx", b'{"url": 1}\n', b'{"url": "u", "kind": "exe"}\n', b"\xff" * 99),
        *(WHOLE.replace(f'"{name}": null', f'"{name}": 1').encode() for name in ("charset", "etag", "modified")),
    ],
)
def test_a_damaged_kept_page_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    kept = Kept(tmp_path)
    kept.path("http://x/").parent.mkdir()
    kept.path("http://x/").write_bytes(content)
    assert kept.page("http://x/") is None
