#!/bin/sh
# Makes the virtual environment, or says in one line what is missing.
set -u
if ! command -v "$PYTHON" >/dev/null 2>&1; then
    echo "make: Python 3.11 or newer is needed, but '$PYTHON' was not found; install it or run: make PYTHON=/path/to/python3" >&2
    exit 1
fi
if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "make: Python 3.11 or newer is needed; '$PYTHON' is $("$PYTHON" -V 2>&1); run: make PYTHON=/path/to/python3.11" >&2
    exit 1
fi
echo "Making $VENV with $("$PYTHON" -V 2>&1)…"
if "$PYTHON" -m venv "$VENV" 2>/dev/null; then
    exit 0
fi
rm -rf "$VENV"
package="python$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Python's venv module is missing: installing the system package $package…"
    apt-get update -q >/dev/null && apt-get install -q -y "$package" >/dev/null && exec "$PYTHON" -m venv "$VENV"
fi
echo "make: Python's venv module is missing; install the system package $package and try again" >&2
exit 1
