"""The whole product, built, asked, evaluated and served, with every way out shut: nothing is sent, nothing is missed.

Two bolts. Python's own sockets are watched by an audit hook in each process, which refuses to leave the machine and writes
down who tried. What is below Python, as the telemetry of a library in C++, is caught by a network namespace that has
loopback and nothing else, whose kernel counts what found no route; a machine that gives none to tests does without it.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

HOOK = """
import os, sys

def _refuse(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        place = args[1] if len(args) > 1 else None
        host = place[0] if isinstance(place, tuple) else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host in (None, "", "localhost", "::1") or str(host).startswith("127."):
        return
    with open(os.environ["OUTBOUND_LOG"], "a") as file:
        file.write(f"{event} {host} {sys.argv}\\n")
    raise PermissionError(f"no way out: {event} {host}")

sys.addaudithook(_refuse)
"""

INSIDE = """
import json, re, socket, subprocess, sys, urllib.request
from pathlib import Path

index, out = sys.argv[1:]
page = Path(out).parent / "page.html"
page.write_text("<html><title>A page</title><article><h1>A page</h1>" + "<p>Ice was found on the Moon in 2031.</p>" * 9)
qa = [sys.executable, "-m", "qa"]

def run(*arguments):
    subprocess.run([*qa, *arguments], check=True, capture_output=True, text=True, timeout=500)

run("build", str(page), "--store", out + ".db")
run("build", "seeds/article.md", str(page), "--index", index)
run("calibrate", "seeds/questions.jsonl", "--index", index)
run("ask", "When could humans first land on Mars?", "--json", "--index", index)
run("evaluate", "seeds/questions.jsonl", "--limit", "2", "--out", out)
command = [sys.executable, "app.py", "--port", "0", "--index", index]
with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
    try:
        place = next(found[0] for line in server.stdout if (found := re.search(r"http://127[.]0[.]0[.]1:[0-9]+", line)))
        body = json.dumps({"question": "When could humans first land on Mars?"}).encode()
        asked = urllib.request.Request(place + "/api/v1/ask", body, {"Content-Type": "application/json"})
        print(json.load(urllib.request.urlopen(asked, timeout=300))["citations"][0]["quote"])
        vote = json.dumps({"question": "When could humans first land on Mars?", "vote": "up"}).encode()
        voted = urllib.request.Request(place + "/api/v1/feedback", vote, {"Content-Type": "application/json"})
        assert urllib.request.urlopen(voted, timeout=300).status == 204
        for path in ("/", "/config", "/widget", "/docs", "/readyz"):
            urllib.request.urlopen(place + path, timeout=300).read()
        listening = Path("/proc/net/tcp").read_text().splitlines()[1:] if Path("/proc/net/tcp").exists() else []
        port = int(place.rpartition(":")[2])
        rows = [row.split() for row in listening]
        print("LISTENS", {row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port})
    finally:
        server.terminate()
        server.wait(60)
counted = Path("/proc/net/snmp")
lines = counted.read_text().splitlines() if counted.exists() else ["Ip:", "Ip:"]
names, values = [line.split() for line in lines if line.startswith("Ip:")]
print("NO_ROUTE", dict(zip(names, values)).get("OutNoRoutes", "0"))
"""

ALONE = ["unshare", "--net", "--map-root-user", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
"""Runs a command where there is loopback and nothing else."""


def namespaces() -> bool:
    """Whether this machine lets its tests have one."""
    try:
        return subprocess.run([*ALONE, "true"], capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def test_the_hook_refuses_what_leaves_the_machine(tmp_path: Path) -> None:
    """Or the test below would prove nothing."""
    environment = hooked(tmp_path)
    command = [sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.1', 9), 1)"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "no way out" in done.stderr
    assert "192.0.2.1" in (tmp_path / "outbound.log").read_text()


@pytest.mark.timeout(1_200)
def test_the_whole_product_runs_with_every_way_out_shut(tmp_path: Path) -> None:
    alone = namespaces()
    command = [sys.executable, "-c", INSIDE, str(tmp_path / "index"), str(tmp_path / "out")]
    done = subprocess.run(
        [*(ALONE if alone else []), *command],
        cwd=ROOT,
        env=hooked(tmp_path),
        capture_output=True,
        text=True,
        timeout=1_100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    assert "2029" in done.stdout
    assert not (tmp_path / "outbound.log").exists(), (tmp_path / "outbound.log").read_text()
    assert re.search(r"LISTENS (\{'0100007F'\}|set\(\))", done.stdout), done.stdout
    assert not alone or "NO_ROUTE 0" in done.stdout, done.stdout
    assert (tmp_path / "out" / "metrics.json").exists()


def hooked(folder: Path) -> dict[str, str]:
    """The environment of a process whose Python is watched; nothing in it turns any telemetry off."""
    (folder / "hook").mkdir()
    (folder / "hook" / "sitecustomize.py").write_text(HOOK)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ARTICLE_QA_", "ORT_", "GRADIO_", "HF_")) and "proxy" not in name.lower()
    }
    kept["ARTICLE_QA_FEEDBACK"] = str(folder / "feedback.db")
    return kept | {"PYTHONPATH": str(folder / "hook"), "OUTBOUND_LOG": str(folder / "outbound.log")}
