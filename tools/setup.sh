#!/bin/sh
# Makes .venv hold one lock file and this package; says and does nothing when it already does.
# usage: tools/setup.sh requirements.txt | requirements-test.txt
# PYTHON names the interpreter; without it the first one that is new enough is taken.
set -eu
cd "$(dirname "$0")/.."
lock=$1
venv=.venv/bin/python
stamp=.venv/lab-stamp

die() {
    printf '%s\n' "$@" >&2
    exit 1
}

new_enough() {
    command -v "$1" >/dev/null && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

release() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'
}

version() {
    command -v "$1" >/dev/null && "$1" -V 2>/dev/null || echo "not to be run"
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" && command -v "$PYTHON" && return
        die "Python 3.11 or newer is needed; PYTHON=$PYTHON is $(version "$PYTHON")."
    fi
    for name in python3 python3.13 python3.12 python3.11 python3.14; do
        new_enough "$name" && command -v "$name" && return
    done
    die "Python 3.11 or newer is needed; python3 is $(version python3)." \
        "Install one, or name it: make lab PYTHON=python3.12"
}

usable() {
    [ -x "$venv" ] && new_enough "$venv" && "$venv" -c 'import pip' 2>/dev/null || return 1
    # A PYTHON that does not run is complained about in find_python.
    [ -z "${PYTHON:-}" ] || { new_enough "$PYTHON" && [ "$(release "$PYTHON")" = "$(release "$venv")" ]; }
}

fingerprint() {
    # The folder is part of it: a moved checkout must be installed again.
    { cat "$1" pyproject.toml; pwd; "$venv" -V; } | cksum | sed "s|^|$1 |"
}

create() {
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        die "$python cannot make a virtual environment: its venv module is not whole." \
            "On Debian and Ubuntu: sudo apt-get install python$(release "$python")-venv" \
            "Or name another one: make lab PYTHON=python3.12"
    fi
    echo "Creating .venv with $("$python" -V)"
    rm -rf .venv
    "$python" -m venv .venv
}

usable || create
if [ -f "$stamp" ] && grep -qxF "$(fingerprint "$lock")" "$stamp"; then
    exit 0
fi

echo "Installing $lock into .venv; the first time takes a minute or two"
rm -f "$stamp"
"$venv" -m pip install --quiet --disable-pip-version-check --requirement "$lock"
"$venv" -m pip install --quiet --disable-pip-version-check --no-deps --editable .
# Otherwise JupyterLab's first act is to ask the learner about its newsletter.
"$venv" -m jupyter labextension disable --level=sys_prefix \
    "@jupyterlab/apputils-extension:announcements" >/dev/null 2>&1 || true

# requirements-test.txt holds every pin of requirements.txt (tests/test_packaging.py).
fingerprint requirements.txt >"$stamp.new"
[ "$lock" = requirements.txt ] || fingerprint "$lock" >>"$stamp.new"
mv "$stamp.new" "$stamp"
