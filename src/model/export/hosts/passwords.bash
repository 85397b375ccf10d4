#!/usr/bin/env bash
# Draws the two passwords of the cluster into FOLDER, which is not part of the export: ./passwords FOLDER
set -euo pipefail
umask 077
here="$(cd -- "$(dirname -- "$0")" && pwd -P)"
target="${1:?say the folder: ./passwords FOLDER}"
mkdir -p -- "$target"
chmod 700 -- "$target"
target="$(cd -- "$target" && pwd -P)"
if [[ $target/ == "$here/"* ]]; then
    echo "$target is inside the export, which is copied to every host: choose a folder outside" >&2
    exit 1
fi
for name in superuser replication; do
    if [[ -e $target/$name ]]; then
        echo "$target/$name is already there and stays as it is"
        continue
    fi
    hex="$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
    printf '%s\n' "$hex" >"$target/$name"
    echo "drew $target/$name"
done
