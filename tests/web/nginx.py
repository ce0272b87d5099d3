"""Finds the nginx that the proxy's example is tested with, and installs Debian's where there is none.

    python -m tests.web.nginx     prints its path, after installing it if it can

It is never started as a service: each test runs one of its own, as a user would from a terminal, and ends it. Where there
is none, and it cannot be had, those tests are skipped with a reason.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SHIPPED: Final = ROOT / "docs" / "deploy" / "nginx.conf"
COMMAND: Final = "python -m tests.web.nginx"
NAME: Final = "qa.example.org"

_PATIENCE: Final = 30.0

_MAIN: Final = """
daemon off;
{user}
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u;
    scgi_temp_path {folder}/s;
    include {folder}/site.conf;
}}
"""


def find() -> str | None:
    """The path of nginx, None where there is none."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


def install() -> str | None:
    """Install Debian's, as root and where there is apt; its path, or None."""
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # which starts no service
    apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    for command in (["update"], ["install", "-y", "--no-install-recommends", "nginx-light"]):
        sys.stderr.write(f"Installing nginx: {' '.join((*apt, *command))}\n")
        if subprocess.run([*apt, *command], env=environment, stdout=sys.stderr, check=False).returncode:
            return None
    return find()


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def site(places: Mapping[str, str]) -> str:
    """The shipped file, with each of `places` in it replaced: what its first lines tell the owner to change.

    :raises AssertionError: one of them is not in it.
    """
    text = SHIPPED.read_text(encoding="utf-8")
    for found, wanted in places.items():
        assert found in text, f"{found!r} is not in {SHIPPED}"
        text = text.replace(found, wanted)
    return text


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for `NAME` that nobody has signed, and its key."""
    chain, key = folder / "chain.pem", folder / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    made += ["-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(key), "-out", str(chain)]
    subprocess.run(made, check=True, capture_output=True)
    return chain, key


@contextmanager
def running(folder: Path, configuration: str, port: int) -> Iterator[None]:
    """nginx over the site's configuration, within the block.

    :param port: one that it listens on.
    :raises RuntimeError: it does not start; the message is its own.
    """
    program = find()
    assert program is not None
    (folder / "site.conf").write_text(configuration, encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""  # its workers read and write in the folder
    (folder / "main.conf").write_text(_MAIN.format(folder=folder, user=user), encoding="utf-8")
    command = [program, "-p", str(folder), "-c", str(folder / "main.conf"), "-e", str(folder / "error.log")]
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
    try:
        _await(process, port, folder)
        yield
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _await(process: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    log = folder / "error.log"
    raise RuntimeError((folder / "said").read_text() + (log.read_text() if log.exists() else ""))


if __name__ == "__main__":
    sys.stdout.write(f"{find() or install() or 'No nginx: the tests of the proxy example will be skipped.'}\n")
