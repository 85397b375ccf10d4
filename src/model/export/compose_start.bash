#!/bin/bash
# shellcheck disable=SC1091,SC2154
# start.sh: the first start builds the server (the primary) or copies its upstream (a standby); later starts only run it.
set -euo pipefail
umask 077
home=/var/lib/postgresql
data="$home/server"
# Which server this is: name, upstream, slot and the like.
. /pgcascade/conf/server.env
PATH="$PATH:$(ls -d /usr/lib/postgresql/*/bin /usr/local/bin 2>/dev/null | tail -n 1)"
export PATH

if [ "$(id -u)" = 0 ]; then # secrets are readable by root only
    install -d -m 755 -o postgres -g postgres "$home" /var/run/postgresql
    if [ -d /archive ]; then install -d -o postgres -g postgres /archive; fi
    if [ -r /run/secrets/superuser_password ]; then
        install -m 600 -o postgres -g postgres /run/secrets/superuser_password "$home/superuser.password"
        printf '*:*:*:postgres:%s\n' "$(cat /run/secrets/superuser_password)" >"$home/superuser.pgpass"
        printf '*:*:*:%s:%s\n' "$role" "$(cat /run/secrets/replication_password)" >"$home/pgpass"
        chown postgres:postgres "$home/superuser.pgpass" "$home/pgpass"
    fi
    if [ -n "$sslmode" ]; then
        install -d -m 700 -o postgres -g postgres "$home/tls"
        for file in ca.crt:ca.crt "$certificate.crt:server.crt" "$certificate.key:server.key"; do
            [ ! -r "/pgcascade/secrets/${file%%:*}" ] ||
                install -m 600 -o postgres -g postgres "/pgcascade/secrets/${file%%:*}" "$home/tls/${file#*:}"
        done
    fi
    exec setpriv --reuid postgres --regid postgres --init-groups bash "$0"
fi

export PGPASSFILE="$home/superuser.pgpass"
sql() { psql -qXAt -v ON_ERROR_STOP=1 -h /var/run/postgresql -p 5432 -U postgres -d postgres "$@"; }

if [ ! -s "$data/PG_VERSION" ]; then
    rm -rf "$data.new"
    if [ -z "$upstream" ]; then
        options=("${initdb_options[@]}")
        if [ "$auth" != trust ]; then options+=(--pwfile="$home/superuser.password"); fi
        initdb -D "$data.new" -U postgres -A "$auth" "${options[@]}" >/dev/null
    else
        options=()
        if [ -n "$slot" ] && [ -n "$reserves" ]; then options+=(-S "$slot"); fi
        if [ -n "$sslmode" ]; then
            export PGSSLMODE="$sslmode" PGSSLCERT="$home/tls/server.crt" PGSSLKEY="$home/tls/server.key"
            if [ -e "$home/tls/ca.crt" ]; then export PGSSLROOTCERT="$home/tls/ca.crt"; fi
        fi
        # The upstream may start later than this: it is asked until it answers, and the container's health says that it waits.
        until PGAPPNAME="${name}_clone" PGPASSFILE="$home/pgpass" \
            pg_basebackup -D "$data.new" -X stream -c fast -w -h "$upstream" -p 5432 -U "$role" "${options[@]+"${options[@]}"}"; do
            rm -rf "$data.new"
            sleep 1
        done
        if [ -e "$data.new/postgresql.auto.conf" ]; then : >"$data.new/postgresql.auto.conf"; fi
    fi
    mv "$data.new" "$data"
fi
for file in postgresql.conf pg_hba.conf pg_ident.conf $standby_file; do
    [ ! -e "/pgcascade/conf/$file" ] || cat "/pgcascade/conf/$file" >"$data/$file"
done

( # beside the server, after its start
    until sql -c 'SELECT 1' >/dev/null 2>&1; do sleep 1; done
    if [ -z "$upstream" ] && [ "$(sql -c "SELECT count(*) FROM pg_roles WHERE rolname = '$role'")" = 0 ]; then
        password=""
        if [ -n "$has_password" ]; then password=" PASSWORD '$(cut -d: -f5- "$home/pgpass" | sed "s/'/''/g")'"; fi
        { # Commits would wait for standbys that come later.
            printf 'SET log_statement = none; SET synchronous_commit = local;\n'
            printf 'CREATE ROLE %s LOGIN REPLICATION%s;\n' "$role" "$password"
        } | sql >/dev/null
    fi
    for one in "${slots[@]+"${slots[@]}"}"; do
        [ "$(sql -c "SELECT count(*) FROM pg_replication_slots WHERE slot_name = '$one'")" != 0 ] ||
            sql -c "SELECT pg_create_physical_replication_slot('$one'${reserves:+, true})" >/dev/null
    done
) &
if [ -z "$has_passfile" ]; then export PGPASSFILE="$home/pgpass"; fi
exec postgres -D "$data"
