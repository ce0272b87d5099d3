"""Whose request it is: told by trusted proxies, and by nobody else."""

import pytest

from qa.settings import load_settings
from qa.web.clients import Clients, client_address, client_key

PROXIES = '["10.0.0.0/8", "2001:db8:ffff::/48", "127.0.0.1"]'


def scope(peer: str | None, *forwarded: str, **headers: str) -> dict:
    named = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    named += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "scheme": "http", "client": None if peer is None else (peer, 4711), "headers": named}


def clients(proxies: str = PROXIES) -> Clients:
    return Clients.of(load_settings(trusted_proxies=proxies))


@pytest.mark.parametrize("proxies", ["[]", "192.0.2.99"])
@pytest.mark.parametrize("peer", ["203.0.113.7", "127.0.0.1", "::1"])
@pytest.mark.parametrize(
    "told",
    [
        {"x_forwarded_for": "198.51.100.1"},
        {"x_forwarded_for": "127.0.0.1, 192.0.2.99"},
        {"forwarded": "for=198.51.100.1"},
        {"x_real_ip": "198.51.100.1"},
        {"x_forwarded_proto": "https", "x_forwarded_host": "evil.example"},
        {"x_gradio_server": "https://evil.example"},
    ],
)
def test_from_a_peer_that_is_not_trusted_no_header_changes_anything(proxies, peer, told):
    given = scope(peer, **told)
    begun = clients(proxies).begin(given)
    assert begun["client"] == (peer, 4711) and begun["scheme"] == "http"
    assert client_address() == peer
    kept = {"forwarded", "x-forwarded-for", "x-real-ip"}  # which nothing reads but /metrics, to see that they are there
    assert {name.decode() for name, _ in begun["headers"]} <= kept


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("10.1.2.3", ("203.0.113.7",), "203.0.113.7"),
        ("10.1.2.3", ("198.51.100.1, 203.0.113.7",), "203.0.113.7"),  # the left one is the client's own word
        ("10.1.2.3", ("203.0.113.7, 10.9.9.9, 127.0.0.1",), "203.0.113.7"),  # through three proxies
        ("10.1.2.3", ("198.51.100.1", "203.0.113.7"), "203.0.113.7"),  # two headers are one list
        ("10.1.2.3", (), "10.1.2.3"),
        ("10.1.2.3", ("10.9.9.9",), "10.9.9.9"),  # a proxy that asks for itself
        ("10.1.2.3", ("203.0.113.7, unknown",), "10.1.2.3"),
        ("10.1.2.3", ("203.0.113.7, unknown, 10.9.9.9",), "10.9.9.9"),
        ("10.1.2.3", ("",), "10.1.2.3"),
        ("10.1.2.3", (", ,",), "10.1.2.3"),
        ("10.1.2.3", ("203.0.113.7:4711",), "203.0.113.7"),
        ("10.1.2.3", ("[2001:db8::7]:4711",), "2001:db8::7"),
        ("10.1.2.3", ("[2001:db8::7]",), "2001:db8::7"),
        ("10.1.2.3", ("2001:0DB8:0::7",), "2001:db8::7"),
        ("10.1.2.3", ("::ffff:203.0.113.7",), "203.0.113.7"),
        ("::ffff:10.1.2.3", ("203.0.113.7",), "203.0.113.7"),  # an IPv4 peer of a server that listens on IPv6
        ("2001:db8:ffff::1", ("203.0.113.7",), "203.0.113.7"),
        ("10.1.2.3", ("203.0.113.7\n",), "203.0.113.7"),
        ("10.1.2.3", ("203.0.113.7\r\nX: y",), "10.1.2.3"),
        ("10.1.2.3", (", ".join(["10.9.9.9"] * 500),), "10.9.9.9"),
        ("fe80::1%eth0", (), "fe80::1"),
        ("testclient", ("203.0.113.7",), "testclient"),
        (None, ("203.0.113.7",), "unknown"),
    ],
)
def test_of_what_trusted_proxies_pass_on_the_rightmost_other_is_the_client(peer, forwarded, found):
    given = scope(peer, *forwarded)
    assert clients().address(given) == found
    assert clients().begin(given)["client"][0] == found
    assert client_address() == found


def test_a_server_of_gradios_in_front_is_believed_of_nobody():
    begun = clients().begin(scope("10.1.2.3", "203.0.113.7", x_gradio_server="https://evil.example"))
    assert "x-gradio-server" not in {name.decode() for name, _ in begun["headers"]}


def test_a_trusted_proxy_tells_the_scheme_and_the_name_too():
    told = {"x_forwarded_proto": "https", "x_forwarded_host": "qa.example.org"}
    begun = clients().begin(scope("10.1.2.3", "203.0.113.7", **told))
    assert begun["scheme"] == "https"
    assert (b"x-forwarded-host", b"qa.example.org") in begun["headers"]
    assert clients().begin(scope("10.1.2.3", x_forwarded_proto="javascript"))["scheme"] == "http"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("x" * 100, "x" * 1_000, True),  # no address: bounded all the same
    ],
)
def test_one_client_is_one_address_or_one_ipv6_network(one, other, same):
    assert (client_key(one) == client_key(other)) is same


def test_a_proxy_that_nobody_has_named_is_told_of_once(caplog):
    unnamed = clients("[]")
    for _ in range(3):
        unnamed.begin(scope("127.0.0.1", "203.0.113.7"))
    unnamed.begin(scope("8.8.8.8", "203.0.113.7"))
    (told,) = caplog.messages
    assert "ARTICLE_QA_TRUSTED_PROXIES=127.0.0.1" in told and "203.0.113.7" not in told


def test_neither_strangers_nor_named_proxies_nor_plain_clients_are_told_of(caplog):
    clients("[]").begin(scope("8.8.8.8", "203.0.113.7"))
    clients("[]").begin(scope("127.0.0.1"))
    clients().begin(scope("127.0.0.1", "203.0.113.7"))
    assert caplog.messages == []
