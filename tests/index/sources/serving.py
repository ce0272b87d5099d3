"""A server on this machine that sends what a test tells it to, byte for byte, and remembers what it was asked."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Reply = Callable[[socket.socket], None]


def reply(
    body: bytes = b"", status: str = "200 OK", kind: str | None = "text/html", length: bool = True, **headers: str
) -> bytes:
    """A response; `headers` with `_` for `-`."""
    lines = [f"HTTP/1.1 {status}", "Connection: close"]
    if kind is not None:
        lines.append(f"Content-Type: {kind}")
    if length:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Served:
    """What a running server answers, by path, and the requests that it got, in order."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.replies: dict[str, bytes | Reply] = {}
        self.asked: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()

    def url(self, path: str) -> str:
        return f"http://{self.address}{path}"

    def answer(self, connection: socket.socket) -> None:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            request = b""
            while b"\r\n\r\n" not in request and (more := connection.recv(65_536)):
                request += more
            if not request:
                return
            with self._lock:
                self.asked.append(request.decode("latin-1"))
            path = request.split(b" ")[1].decode()
            sent = self.replies.get(path, reply(b"nothing", "404 Not Found"))
            if callable(sent):
                sent(connection)
            else:
                connection.sendall(sent)
        finally:
            with self._lock:
                self.at_once -= 1


@contextmanager
def serving() -> Iterator[Served]:
    """A server on a free port of loopback, for as long as the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served = Served(f"127.0.0.1:{listener.getsockname()[1]}")

        def handle(connection: socket.socket) -> None:
            with connection, suppress(OSError):  # who asked may hang up
                served.answer(connection)

        def accept() -> None:
            with suppress(OSError):  # closed: the end
                while True:
                    connection, _ = listener.accept()
                    connection.settimeout(30)
                    threading.Thread(target=handle, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
