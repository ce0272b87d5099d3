"""Claiming the port, and what is imported before it is needed."""

import socket
import subprocess
import sys

import pytest

from index.errors import SettingsError
from qa.web.serve import address, claim_port


def test_port_0_takes_a_free_one():
    with claim_port("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert port > 0
        assert address("127.0.0.1", listener) == f"http://127.0.0.1:{port}"
        assert address("0.0.0.0", listener) == f"http://127.0.0.1:{port}"
        assert address("::1", listener) == f"http://[::1]:{port}"


def test_a_taken_port_is_one_clear_line():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=f"Port {port} .* in use.*--port") as caught:
            claim_port("127.0.0.1", port)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_a_host_that_is_not_ours_is_one_clear_line(host):
    with pytest.raises(SettingsError, match="--host") as caught:
        claim_port(host, 0)
    assert "\n" not in str(caught.value)


def test_the_port_is_claimed_before_anything_heavy_is_imported():
    heavy = "{'gradio', 'torch', 'fastapi', 'uvicorn', 'numpy'} & set(sys.modules)"
    command = f"import sys, qa.web.serve; print({heavy})"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
