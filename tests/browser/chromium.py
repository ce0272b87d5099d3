"""Finds the Chromium that the browser tests drive, and installs one where there is none.

    python -m tests.browser.chromium     prints its path, after installing it if need be

In this order: on PATH, what an earlier `playwright install` left, apt as root, `playwright install`. Tests never install
and never skip: without a browser they fail with the command above.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
COMMAND = "python -m tests.browser.chromium"


def find() -> str | None:
    """The path of a browser, None when there is none."""
    found = [path for name in NAMES if (path := shutil.which(name)) is not None]
    return next((path for path in found if _starts(path)), None) or _playwrights_own()


def install() -> str:
    """Install a browser and return its path.

    :raises SystemExit: neither apt nor Playwright could; the message says what was tried.
    """
    tried: list[str] = []
    for commands in _ways():
        tried.append(" && ".join(" ".join(command) for command in commands))
        sys.stderr.write(f"Installing a Chromium: {tried[-1]}\n")
        if all(_run(command) for command in commands) and (path := find()) is not None:
            return path
    raise SystemExit(f"found no Chromium and could not install one; tried: {'; '.join(tried)}. Put a chromium on PATH.")


def _ways() -> list[list[list[str]]]:
    playwright = [sys.executable, "-m", "playwright"]
    ways = [[[*playwright, "install", "chromium"]]]
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
        ways.insert(
            0, [[*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", "chromium", "fonts-liberation"]]
        )
        ways[-1].append([*playwright, "install-deps", "chromium"])
    return ways


def _run(command: list[str]) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(command, env=environment, stdout=sys.stderr, check=False).returncode == 0
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return False


def _starts(path: str) -> bool:
    """Whether it is a browser: Ubuntu puts a `chromium-browser` on PATH that only says to install a snap."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


if __name__ == "__main__":
    sys.stdout.write(f"{find() or install()}\n")
