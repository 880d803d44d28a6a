"""Finds, or installs where it may, the system programs the tests need: Chromium and a PostgreSQL server.

Never skips: what is missing and cannot be installed here is named, and the command stops.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HEADLESS_SHELL = "chromium-headless-shell"


def chromium() -> str | None:
    """A browser on this machine, Debian's first; ``CHROMIUM`` names another."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).is_file() else None
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None) or playwright_chromium()


def headless_chromium() -> str | None:
    """A browser that only looks at pages: Debian's shell without windows, which takes half the processor time, if it is
    here, else `chromium`. It has no extensions."""
    return os.environ.get("CHROMIUM") or shutil.which(HEADLESS_SHELL) or chromium()


def playwright_chromium() -> str | None:
    """The browser Playwright downloaded, if it did."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where no system browser is

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if path and Path(path).is_file() else None


def postgresql_bin() -> Path | None:
    """The folder with ``initdb`` and ``postgres``: the newest Debian keeps, else the PATH's."""
    kept = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    if kept:
        return kept[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def apt_install(package: str) -> bool:
    """Install a Debian package if this is root on a machine with apt; says what it does."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print(f"Installing the system package {package}…", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = {"stdout": subprocess.DEVNULL, "env": environment}
    subprocess.run(["apt-get", "update", "-q"], check=False, **quiet)
    return subprocess.run(["apt-get", "install", "-q", "-y", package], check=False, **quiet).returncode == 0


def main() -> int:
    missing = []
    if chromium() is None:
        installed = apt_install("chromium")
        if not installed and shutil.which("apt-get") is None:
            print("Downloading Playwright's own Chromium…", flush=True)
            subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
        if chromium() is None:
            missing.append("Chromium (Debian package: chromium)")
    if shutil.which(HEADLESS_SHELL) is None and not apt_install(HEADLESS_SHELL):
        print(f"Without {HEADLESS_SHELL} the tests of pages take longer: {chromium()} opens them.")
    if postgresql_bin() is None:
        apt_install("postgresql")
        if postgresql_bin() is None:
            missing.append("a PostgreSQL server (Debian package: postgresql)")
    if missing:
        print(f"The tests need {' and '.join(missing)}; install what is missing and run this again.", file=sys.stderr)
        return 1
    print(f"Chromium: {chromium()}, {headless_chromium()}   PostgreSQL: {postgresql_bin()}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
