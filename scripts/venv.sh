# Sourced by the other scripts: a virtual environment with recdata in it, from nothing but Python and a package index.

# Print the first Python here that is new enough and really runs: a shim on the PATH may lead nowhere.
find_python() {
    local candidate
    for candidate in "${RECDATA_PYTHON:-}" python3.13 python3.12 python3.11 python3.10 python3 python; do
        if [ -n "$candidate" ] &&
            "$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then
            command -v "$candidate"
            return
        fi
    done
    echo "No Python of version 3.10 or newer that can make virtual environments was found." >&2
    echo "Install one (on Debian and Ubuntu: python3 and python3-venv), or set RECDATA_PYTHON to it." >&2
    return 1
}

# make_venv ROOT FOLDER WHAT: install WHAT ("." or ".[extra]") of the checkout ROOT, editable, into FOLDER.
# What was installed is kept in a stamp, so that pip runs again only when pyproject.toml or the place has changed.
make_venv() {
    local root=$1 folder=$2 what=$3 python wanted
    unset PYTHONHOME PYTHONPATH
    wanted="$root $what $(cksum <"$root/pyproject.toml")"
    if [ "$(cat "$folder/recdata-stamp" 2>/dev/null)" = "$wanted" ] && "$folder/bin/python" -c '' 2>/dev/null; then
        return
    fi
    python=$(find_python) || return
    echo "Installing recdata into $folder (some minutes the first time) ..." >&2
    rm -f "$folder/recdata-stamp" || return
    # Moved with its checkout, or its Python gone: an environment does not survive that.
    if ! "$folder/bin/python" -m pip --version >/dev/null 2>&1 || ! grep -qsxF "$root" "$folder/recdata-root"; then
        "$python" -m venv --clear "$folder" || return
        printf '%s\n' "$root" >"$folder/recdata-root"
    fi
    (cd "$root" && "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -e "$what") || return
    printf '%s\n' "$wanted" >"$folder/recdata-stamp"
}
