"""Connections over real sockets: slow and silent clients, endless headers and bodies, too many at a time."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
import uvicorn

from qa.pipeline import QAPipeline
from qa.settings import load_settings
from qa.web.connections import BoundedProtocol
from qa.web.serve import claim_port, server_config
from qa.web.server import create_app

SECONDS = 1.0
"""That a transfer may take here."""

MOST = 8
"""Connections at a time."""

PATIENCE = 60.0
"""Seconds that a test waits for what has to come, on a busy machine."""

BODY = json.dumps({"question": "hello"}).encode()
HEAD = b"POST /api/v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Server:
    """The application but for the chat page, which Gradio needs long to make, on a free port, in a thread."""

    def __init__(self, pipeline: QAPipeline) -> None:
        self.listener = claim_port("127.0.0.1", 0)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)  # so that it is soon full
        self.listener.listen(128)
        self.place = self.listener.getsockname()
        settings = load_settings(
            transfer_limit=SECONDS,
            connections=MOST,
            streams=MOST,
            header_bytes=2_048,
            page=False,
            body_bytes=8_192,
            page_bytes=8_192,
        )
        app = create_app(pipeline, settings)
        self.metrics = app.state.workers.metrics

        async def run() -> None:
            config = server_config(app, settings, self.metrics, log_level="critical")
            self.protocol: type[BoundedProtocol] = config.http
            self.uvicorn = uvicorn.Server(config)
            await self.uvicorn.serve(sockets=[self.listener])

        self.thread = threading.Thread(target=asyncio.run, args=(run(),))
        self.uvicorn: uvicorn.Server | None = None
        self.thread.start()
        self.until(lambda: not self.thread.is_alive() or (self.uvicorn is not None and self.uvicorn.started))
        assert self.exchange(HEALTH).startswith(b"HTTP/1.1 200")

    def close(self) -> None:
        self.uvicorn.should_exit = True
        self.thread.join(PATIENCE)
        self.listener.close()

    def connect(self) -> socket.socket:
        """A connection that the server has taken."""
        return socket.create_connection(self.place, timeout=PATIENCE)

    def exchange(self, sent: bytes) -> bytes:
        """What is answered to that, until the server closes the connection, or one whole answer is here."""
        with closing(self.connect()) as client:
            client.sendall(sent)
            return answer(client)

    def refused(self, status: int) -> int:
        """How often connections have answered so, by the metrics."""
        start = f'article_qa_http_responses_total{{route="connection",method="other",status="{status}"}} '
        return next((int(line[len(start) :]) for line in self.metrics.lines() if line.startswith(start)), 0)

    def until(self, true) -> None:
        """Wait for it."""
        ends = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < ends
            time.sleep(0.01)


def answer(client: socket.socket) -> bytes:
    """One answer, or what comes before the end of the connection."""
    got = b""
    while True:
        head, found, body = got.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), None
        )
        if found and length is not None and len(body) >= length:
            return got
        try:
            part = client.recv(65_536)
        except ConnectionResetError:
            return got
        if not part:
            return got
        got += part


def ended(client: socket.socket) -> bool:
    """Whether the server has closed it; waits until it does."""
    try:
        while client.recv(65_536):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return True


def problem(told: bytes, status: int) -> dict:
    head, _, body = told.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), told[:500]
    assert b"content-type: application/problem+json" in head.lower()
    assert b"connection: close" in head.lower()
    found = json.loads(body)
    assert found["status"] == status and found["instance"].startswith("urn:uuid:")
    return found


@pytest.fixture(scope="module")
def server(toy_index, toy_encoder, toy_reader) -> Iterator[Server]:
    server = Server(QAPipeline(toy_index, toy_encoder, load_settings(), reader=toy_reader))
    yield server
    server.close()


def test_a_request_in_pieces_is_answered_as_one_at_once(server):
    with closing(server.connect()) as client:
        for part in (HEAD, b"Content-Length: %d\r\n" % len(BODY), b"\r\n", BODY[:5], BODY[5:]):
            client.sendall(part)
        assert answer(client).startswith(b"HTTP/1.1 200")
        client.sendall(HEALTH)  # and the connection goes on
        assert answer(client).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("drip", [b"X-A: b\r\n", b"x"])
def test_headers_that_drip_are_cut_off_after_the_time_that_they_may_take(server, drip):
    started = time.monotonic()
    with closing(server.connect()) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        client.settimeout(0.1)
        told = b""
        while not told and time.monotonic() - started < PATIENCE:
            try:
                client.sendall(drip)
                told = client.recv(65_536)
            except TimeoutError:
                continue
        client.settimeout(PATIENCE)
        assert f"within {SECONDS:g} seconds" in problem(told, 408)["detail"]
        assert time.monotonic() - started >= SECONDS
        assert ended(client)


def test_a_connection_that_says_nothing_is_closed(server):
    with closing(server.connect()) as client:
        assert ended(client)


def test_a_second_request_on_a_connection_may_not_drip_either(server):
    with closing(server.connect()) as client:
        client.sendall(HEALTH)
        assert answer(client).startswith(b"HTTP/1.1 200")
        client.sendall(HEALTH[:-2])
        problem(answer(client), 408)


def test_a_body_that_drips_is_told_so_and_cut_off(server):
    started = time.monotonic()
    with closing(server.connect()) as client:
        client.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY[:3])
        found = problem(answer(client), 408)
        assert "body did not arrive within 1 seconds" in found["detail"]
        assert time.monotonic() - started >= SECONDS
        assert ended(client)


def test_a_body_that_nobody_reads_may_not_drip_for_ever(server):
    """The guard has refused the request before its body was here, and the client goes on sending it."""
    with closing(server.connect()) as client:
        client.sendall(HEAD.replace(b"/ask ", b"/no ") + b"Content-Length: 50\r\n\r\n")
        assert answer(client).startswith(b"HTTP/1.1 404")
        client.settimeout(0.1)
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            try:
                client.sendall(b"x")
                if not client.recv(1):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert time.monotonic() < ends


@pytest.mark.parametrize("pieces", [1, 40])
def test_headers_that_are_too_long_are_a_clean_431_in_one_piece_or_in_many(server, pieces):
    whole = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + b"x" * 200_000
    with closing(server.connect()) as client:
        for start in range(0, len(whole), -(-len(whole) // pieces)):
            try:
                client.sendall(whole[start : start + -(-len(whole) // pieces)])
            except ConnectionError:
                break
        assert "2,048" in problem(answer(client), 431)["detail"]


def test_long_headers_that_are_whole_are_told_the_same(server):
    told = server.exchange(HEALTH[:-2] + b"X-Long: " + b"x" * 2_000 + b"\r\n\r\n")
    assert "at most 2,048 are read" in problem(told, 431)["detail"]


@pytest.mark.parametrize(
    ("sent", "status"), [(b"GET /" + b"a" * 4_000, 431), (b"HELO there\r\n\r\n", 400), (HEALTH[:-2], 408)]
)
def test_what_a_connection_refuses_is_counted_and_told_with_its_id(server, caplog, sent, status):
    caplog.set_level("INFO", "qa.web.recording")
    before = server.refused(status)
    found = problem(server.exchange(sent), status)
    assert server.refused(status) == before + 1
    (told,) = [fields for one in caplog.records if (fields := getattr(one, "fields", {})).get("route") == "connection"]
    identity = found["instance"].removeprefix("urn:uuid:")
    assert told == {"request_id": identity, "client": "127.0.0.1", "route": "connection", "status": status}


@pytest.mark.parametrize("size", [4_000, 100_000])
def test_an_endless_request_line_is_a_clean_431_as_soon_as_it_is_too_long(server, size):
    problem(server.exchange(b"GET /" + b"a" * size), 431)


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01\x00", b"HELO there\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\x00" * 50]
)
def test_what_is_no_http_is_a_clean_400(server, sent):
    problem(server.exchange(sent + b"\r\n\r\n"), 400)


def test_a_chunked_body_is_measured_whatever_length_it_declares(server):
    """Were the declared length believed, the chunks beside it would be read without end."""
    chunk = b"%x\r\n" % 4_096 + b" " * 4_096 + b"\r\n"
    with closing(server.connect()) as client:
        client.sendall(HEAD + b"Content-Length: 20\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 3)
        problem(answer(client), 413)


def test_a_broken_chunk_is_a_clean_400_while_the_body_is_awaited(server):
    told = server.exchange(HEAD + b'Content-Length: 20\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"que\r\nzz\r\n')
    problem(told, 400)


def test_a_client_that_takes_nothing_of_its_answer_is_cut_off(server):
    """Its answers are more than the sockets' buffers hold."""
    with closing(socket.socket()) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.settimeout(PATIENCE)
        client.connect(server.place)
        page = b"GET /docs HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        assert len(server.exchange(page)) > 20_000
        server.until(lambda: len(server.protocol.held.open) == 1)
        (connection,) = server.protocol.held.open
        client.setblocking(False)
        for _ in range(20):
            try:
                client.send(page)
            except BlockingIOError:
                break
        server.until(lambda: connection.flow.write_paused)
        assert connection in server.protocol.held.arriving  # and meanwhile a newcomer may have its place
        server.until(lambda: not server.protocol.held.open)


def test_a_newcomer_takes_the_place_of_the_one_that_has_kept_the_server_waiting_longest(server):
    server.until(lambda: not server.protocol.held.open)
    with ExitStack() as stack:
        slow = [stack.enter_context(closing(server.connect())) for _ in range(MOST)]
        for client in slow:
            client.sendall(HEALTH[:-2])
        server.until(lambda: len(server.protocol.held.arriving) == MOST)
        started = time.monotonic()
        assert server.exchange(HEALTH).startswith(b"HTTP/1.1 200")
        if time.monotonic() - started < SECONDS / 2:  # else all of them have been cut off by now
            assert ended(slow[0])
            slow[-1].sendall(b"\r\n")
            assert answer(slow[-1]).startswith(b"HTTP/1.1 200")


def test_where_all_wait_for_an_answer_a_newcomer_is_told_to_come_back(server, monkeypatch):
    server.until(lambda: not server.protocol.held.open)
    release = threading.Event()
    monkeypatch.setattr(QAPipeline, "answer", lambda *_, **__: release.wait(PATIENCE))
    with ExitStack() as stack:
        waiting = [stack.enter_context(closing(server.connect())) for _ in range(MOST)]
        for client in waiting:
            client.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
        server.until(lambda: len(server.protocol.held.open) == MOST and not server.protocol.held.arriving)
        before = server.refused(503)
        told = server.exchange(b"")
        assert server.refused(503) == before + 1
        assert "Too many connections" in problem(told, 503)["detail"] and b"Retry-After: 1" in told
        release.set()
    server.until(lambda: not server.protocol.held.open)
    assert server.exchange(HEALTH).startswith(b"HTTP/1.1 200")


def test_slow_clients_by_the_hundred_leave_room_for_everybody_else(server):
    with ExitStack() as stack:
        for number in range(30 * MOST):
            client = stack.enter_context(closing(server.connect()))
            client.sendall(HEALTH[:-2])
            if number % 20 == 0:
                assert server.exchange(HEALTH).startswith(b"HTTP/1.1 200")
            assert len(server.protocol.held.open) <= MOST + 30  # those that were let go are closed a moment later
        server.until(lambda: len(server.protocol.held.open) <= MOST)
    server.until(lambda: not server.protocol.held.open)
    assert not server.protocol.held.arriving


def test_nobody_but_a_trusted_proxy_names_clients(server):
    """uvicorn would believe whoever asks from this machine."""
    config = server_config(lambda *_: None, load_settings())
    assert config.proxy_headers is False and config.http.header_bytes == 16_384


def test_no_protocol_but_the_bounded_one_is_ever_taken(server):
    config = server_config(lambda *_: None, load_settings())
    config.load()
    assert issubclass(config.http_protocol_class, BoundedProtocol)
    assert config.ws_protocol_class is None
