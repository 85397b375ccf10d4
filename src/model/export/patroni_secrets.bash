#!/usr/bin/env bash
# Writes Patroni's files with passwords into FOLDER (mode 0600): ./secrets-into FOLDER SECRETS
# SECRETS is the folder that ./passwords made; the rewind role's password is drawn there too. Nothing of it stays in the export.
set -euo pipefail
umask 077
here="$(cd -- "$(dirname -- "$0")" && pwd -P)"
target="${1:?say where to: ./secrets-into FOLDER SECRETS}"
secrets="${2:?say where the passwords are: ./secrets-into FOLDER SECRETS}"
mkdir -p -- "$target"
chmod 700 -- "$target"
target="$(cd -- "$target" && pwd -P)"
if [[ $target/ == "$here/"* ]]; then
    echo "$target is inside the export: choose a folder outside" >&2
    exit 1
fi
if [[ ! -e $secrets/rewind ]]; then
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$secrets/rewind"
fi
read_one() { # NAME
    if [[ -e $secrets/$1 ]]; then head -n 1 -- "$secrets/$1"; fi
}
superuser="$(read_one superuser)" replication="$(read_one replication)" rewind="$(read_one rewind)"
for word in "$superuser" "$replication" "$rewind"; do
    # In double quotes of YAML these would end the text or begin an escape.
    if [[ $word == *[\"\\]* ]]; then
        echo "a password holds a quote or a backslash, which this script does not escape: draw others with ./passwords" >&2
        exit 1
    fi
done
for file in "$here"/patroni/*.yml; do
    # Without its first line, which says that the passwords are not in it.
    text="$(tail -n +2 -- "$file")"
    text="${text//@SUPERUSER_PASSWORD@/"$superuser"}"
    text="${text//@REPLICATION_PASSWORD@/"$replication"}"
    text="${text//@REWIND_PASSWORD@/"$rewind"}"
    printf '%s\n' "$text" >"$target/${file##*/}"
    echo "wrote $target/${file##*/}"
done
