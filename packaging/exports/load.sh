#!/usr/bin/env bash
# Lets a real server load the postgresql.conf and the pg_hba.conf that `export --to hosts` makes for every server of many designs, in
# every layout, at the paths that are written in them:
#   load.sh PGCASCADE DESIGN|EXPORT…    EXPORT: the folder of an export that is made already
# On one host that stands for all: `install` runs as on the server's own, with a copy of an empty cluster instead of its upstream's, so
# that a standby starts and does not stream. Needs what net.sh needs, and PostgreSQL; designs of other versions are made ones of its
# version where they are without errors then.
set -euo pipefail
here="$(cd -- "$(dirname -- "$0")" && pwd -P)"
pgcascade="$(realpath -- "$1")"
shift
work="$(mktemp -d)"
net="$work/net"
chmod 755 -- "$work"
trap '"$here/net.sh" down "$net" || true; rm -rf -- "$work" 2>/dev/null || true' EXIT
major="$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | tail -n 1)"
place="$net/shared/load"

"$here/net.sh" up "$net" 1
mkdir -p -- "$place/exports"
number=0
for given; do
    number=$((number + 1))
    if [[ -d $given ]]; then
        # Folders with servers of this version; others cannot be loaded here.
        if grep -qE "^postgres = \"?$major(\"|\$)" "$given/design.toml"; then cp -R -- "$given" "$place/exports/$number-${given##*/}"; fi
        continue
    fi
    sed "s/^postgres = .*/postgres = $major/" "$given" >"$work/design.toml"
    for layout in folder debian rhel; do
        folder="$place/exports/$number-$(basename -- "$given" .toml)-$layout"
        if ! "$pgcascade" export "$work/design.toml" --to hosts --layout "$layout" -o "$folder" 2>"$work/said"; then
            echo "not loaded: $(basename -- "$given"): $(grep -m 1 error "$work/said")"
            break
        fi
    done
done
# The same passwords for all, so that one empty cluster serves for all copies.
mkdir -p -- "$place/secrets"
printf '%s\n' 0123456789abcdef | tee "$place/secrets/superuser" >"$place/secrets/replication"
for folder in "$place"/exports/*; do
    if [[ -x $folder/certificates ]]; then "$folder/certificates" "$folder/secrets" >/dev/null 2>&1; fi
    if [[ -x $folder/passwords ]]; then mkdir -p -- "$folder/secrets" && cp -- "$place"/secrets/* "$folder/secrets/"; fi
done
chown -R postgres: "$place"
find "$place" -path '*/secrets/*' -type f -exec chmod 600 {} +

# shellcheck disable=SC2016  # it is expanded by the shell that runs it
"$here/net.sh" at "$net" 1 bash -s -- "$major" <<'INSIDE'
set -euo pipefail
major="$1" place=/srv/shared/load real="/usr/lib/postgresql/$1/bin" loaded=0 failed=0
install -d -o postgres -g postgres -m 700 /var/lib/pgsql "/var/lib/pgsql/$major"
rm -rf -- "/etc/postgresql/$major" "/var/lib/postgresql/$major"
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@" </dev/null; }
mkdir -p "$place/bin"
for program in initdb pg_ctl postgres psql; do ln -s "$real/$program" "$place/bin/$program"; done
as_postgres "$real/initdb" -N -A scram-sha-256 -U postgres --pwfile="$place/secrets/superuser" -D "$place/empty" >/dev/null
printf '#!/bin/sh\n[ "$1" = -D ] && exec cp -a %s "$2"\n' "$place/empty" >"$place/bin/pg_basebackup"
chmod 755 "$place/bin/pg_basebackup"
wrong="select 'pg_hba.conf, line ' || line_number || ': ' || error from pg_hba_file_rules where error is not null
  union all select 'postgresql.conf: ' || name || ': ' || error from pg_file_settings where error is not null"

for folder in "$place"/exports/*/hosts/*; do
    export="${folder%/hosts/*}" name="${folder#"$place"/exports/}"
    install="$folder/install"
    # What it streams from is not here.
    sed -i 's/^streams=.*/streams=/' "$install"
    eval "$(grep -E '^(layout|cluster|port|default_root|archive)=' "$install")"
    case $archive in /*) install -d -o postgres -g postgres -- "$archive" ;; esac
    install -d -o postgres -g postgres -m 700 -- "$(dirname -- "$(dirname -- "$default_root")")" "$(dirname -- "$default_root")"
    sockets=/var/run/postgresql data="/var/lib/postgresql/$major/$cluster"
    if [[ $layout == folder ]]; then sockets="$default_root/run" data="$default_root/data"; fi
    if [[ $layout == rhel ]]; then data="/var/lib/pgsql/$major/$cluster"; fi
    if as_postgres env PGBIN="$place/bin" SECRETS="$export/secrets" DEADLINE=120 "$install" >"$place/said" 2>&1; then
        said="$(as_postgres env PGPASSFILE="$default_root/superuser.pgpass" "$real/psql" -XqAt -h "$sockets" -p "$port" -U postgres -d postgres -c "$wrong" 2>&1)"
        if [[ -z $said ]]; then loaded=$((loaded + 1)); else failed=$((failed + 1)) && printf '%s: %s\n' "$name" "$said"; fi
    else
        failed=$((failed + 1))
        printf '%s: %s\n' "$name" "$(tail -n 8 "$place/said")"
    fi
    as_postgres "$real/pg_ctl" -s -D "$data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf -- "$(dirname -- "$default_root")" "$data" "/etc/postgresql/$major"
done
echo "$loaded servers loaded their postgresql.conf and pg_hba.conf, $failed did not"
((loaded > 0 && failed == 0))
INSIDE
