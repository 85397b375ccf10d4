
set -euo pipefail
umask 077
here="$(cd -- "$(dirname -- "$0")" && pwd -P)"
root="${ROOT:-$default_root}"
data="$root/data"
secrets="${SECRETS:-$(dirname -- "$root")/secrets}"

say() { printf '%s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

[[ $(id -u) != 0 ]] || fail "PostgreSQL refuses to run as root: run this as the servers' user, such as: sudo -u postgres $0"

bin="${PGBIN:-}"
if [[ -z $bin ]]; then
    for bin in "/usr/lib/postgresql/$major/bin" "/usr/pgsql-$major/bin" "$(dirname -- "$(command -v initdb || echo /nowhere/initdb)")"; do
        [[ ! -x $bin/initdb ]] || break
    done
fi
for program in initdb pg_ctl postgres psql pg_basebackup; do
    [[ -x $bin/$program ]] || fail "$bin/$program is not there: install PostgreSQL $major, or say where it is with PGBIN"
done
version="$("$bin/postgres" --version | sed 's/.* \([0-9][0-9.]*\).*/\1/')"
[[ $version == "$major" || $version == "$major".* ]] || fail "$bin is PostgreSQL $version, and the design is for $major"

password() { # NAME
    [[ -r $secrets/$1 ]] || fail "$secrets/$1 is not there: draw the passwords with ./passwords FOLDER on your machine, and copy the folder to $secrets"
    local mode
    mode="$(stat -c %a -- "$secrets/$1" 2>/dev/null || stat -f %Lp -- "$secrets/$1")"
    [[ $mode == ?00 ]] || fail "others can read $secrets/$1: chmod 600 it"
    cat -- "$secrets/$1"
}

# Our own questions go through the server's socket, as the superuser.
export PGPASSFILE="$root/superuser.pgpass" PGCONNECT_TIMEOUT=10
sql() { # SQL…
    "$bin/psql" -XqAt -v ON_ERROR_STOP=1 -h "$root/run" -p "$port" -U postgres -d postgres "$@"
}

wait_for() { # WHAT COMMAND…
    local what="$1" deadline=$((SECONDS + ${DEADLINE:-120}))
    shift
    until "$@" >/dev/null 2>&1; do
        if ((SECONDS >= deadline)); then
            tail -n 12 -- "$root/log" >&2 || true
            fail "$name $what: waited ${DEADLINE:-120} s; the last lines of $root/log are above"
        fi
        sleep 0.2
    done
}

install_file() { # NAME [WITHOUT_SETTING]
    if [[ -n ${2:-} ]]; then
        grep -v "^$2 = " -- "$here/$1" >"$data/$1.new"
    else
        cat -- "$here/$1" >"$data/$1.new"
    fi
    mv -f -- "$data/$1.new" "$data/$1"
}

# As libpq reads it in a password file.
escaped() { printf '%s' "$1" | sed 's/[:\\]/\\&/g'; }

make_folders() {
    mkdir -p -- "$root/run"
    chmod 700 -- "$root"
    if [[ $auth != trust ]]; then
        printf '*:*:*:postgres:%s\n' "$(escaped "$(password superuser)")" >"$root/superuser.pgpass"
        if [[ $streams_by != cert ]]; then
            printf '*:*:*:%s:%s\n' "$role" "$(escaped "$(password replication)")" >"$root/replication.pgpass"
        fi
    fi
    if [[ $tls == made ]]; then
        mkdir -p -- "$root/tls"
        for file in "ca.crt:ca.crt" "server-$folder.crt:server.crt" "server-$folder.key:server.key"; do
            [[ -r $secrets/${file%%:*} ]] || fail "$secrets/${file%%:*} is not there: make the certificates with ./certificates FOLDER on your machine, and copy these files"
            cat -- "$secrets/${file%%:*}" >"$root/tls/${file#*:}"
        done
    elif [[ $tls == own ]]; then
        for file in "$tls_ca" "$tls_cert" "$tls_key"; do
            [[ -z $file || -r $file ]] || fail "$file is not there, or $(id -un) may not read it: the design names it for TLS"
        done
    fi
    case $archive in
        /*) [[ -d $archive && -w $archive ]] || fail "the archive $archive is not there, or $(id -un) may not write to it: mount it first" ;;
        ?*) mkdir -p -- "$root/$archive" ;;
    esac
}

build() {
    if [[ -z $upstream_host ]]; then
        local options=("${initdb_options[@]}")
        if [[ $auth != trust ]]; then options+=("--pwfile=$secrets/superuser"); fi
        "$bin/initdb" -D "$data" -U postgres -A "$auth" "${options[@]}" >/dev/null
        for path in "${tablespaces[@]+"${tablespaces[@]}"}"; do
            mkdir -p -- "$path"
        done
        return
    fi
    local options=() mapping
    for mapping in "${tablespaces[@]+"${tablespaces[@]}"}"; do
        options+=(-T "$mapping")
        mkdir -p -- "${mapping##*=}"
    done
    if [[ -n $slot && -n $reserves ]]; then options+=(-S "$slot"); fi
    (
        # Another name than the server's: a commit must not wait for a copy that is being made.
        export PGAPPNAME="${folder}_clone" PGPASSFILE="$root/replication.pgpass"
        if [[ -n $sslmode ]]; then
            export PGSSLMODE="$sslmode"
            if [[ $tls == made ]]; then
                export PGSSLROOTCERT="$root/tls/ca.crt" PGSSLCERT="$root/tls/server.crt" PGSSLKEY="$root/tls/server.key"
            else
                export PGSSLCERT="$tls_cert" PGSSLKEY="$tls_key"
                if [[ -n $tls_ca ]]; then export PGSSLROOTCERT="$tls_ca"; fi
            fi
        fi
        "$bin/pg_basebackup" -D "$data" -X stream -c fast -w -h "$upstream_host" -p "$upstream_port" -U "$role" "${options[@]+"${options[@]}"}"
    ) || fail "the copy of the upstream at $upstream_host:$upstream_port failed: is it installed, and does its pg_hba.conf let this host in?"
    # What the upstream has in it is the upstream's own.
    if [[ -e $data/postgresql.auto.conf ]]; then : >"$data/postgresql.auto.conf"; fi
}

start() {
    if "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; then
        "$bin/pg_ctl" -D "$data" reload >/dev/null
        return
    fi
    (
        if [[ -z $has_passfile && $auth != trust ]]; then export PGPASSFILE="$root/replication.pgpass"; fi
        "$bin/pg_ctl" -D "$data" -l "$root/log" -W start >/dev/null
    ) || fail "$name does not start: see $root/log"
    wait_for "does not accept connections" sql -c 'SELECT 1'
}

make_role() {
    [[ $(sql -c "SELECT count(*) FROM pg_roles WHERE rolname = '$role'") == 0 ]] || return 0
    local clause=""
    if [[ $streams_by != cert && $auth != trust ]]; then clause=" PASSWORD '$(password replication | sed "s/'/''/g")'"; fi
    # From standard input, so that no command line has the password; logged is none of it.
    {
        printf 'SET log_statement = none; SET log_min_duration_statement = -1; SET log_min_error_statement = panic;\n'
        printf 'SET synchronous_commit = local;\n'
        printf "CREATE ROLE %s LOGIN REPLICATION%s;\n" "$role" "$clause"
    } | sql >/dev/null
    say "made the role $role"
}

make_slots() {
    local one reserve=""
    if [[ -n $reserves ]]; then reserve=", true"; fi
    for one in "${slots[@]+"${slots[@]}"}"; do
        if [[ $(sql -c "SELECT count(*) FROM pg_replication_slots WHERE slot_name = '$one'") == 0 ]]; then
            sql -c "SELECT pg_create_physical_replication_slot('$one'$reserve)" >/dev/null
            say "made the slot $one"
        fi
    done
}

receives() { [[ $(sql -c "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'") == 1 ]]; }

if [[ ${1:-} == finish ]]; then
    [[ -z $upstream_host ]] || fail "finish is for the primary"
    install_file postgresql.conf
    : >"$root/finished"
    "$bin/pg_ctl" -D "$data" reload >/dev/null
    "$bin/psql" -X -h "$root/run" -p "$port" -U postgres -d postgres \
        -c 'SELECT application_name, state, sync_priority, sync_state FROM pg_stat_replication ORDER BY 1'
    exit 0
fi

make_folders
if [[ ! -s $data/PG_VERSION ]]; then
    build
    say "built $data"
fi
for file in postgresql.conf pg_hba.conf pg_ident.conf $standby_file; do
    [[ -e $here/$file ]] || continue
    # Commits would wait for standbys that are not there yet: `finish` switches that on.
    if [[ $file == postgresql.conf && -z $upstream_host && ! -e $root/finished ]]; then
        install_file "$file" synchronous_standby_names
    else
        install_file "$file"
    fi
done
start
if [[ -z $upstream_host ]]; then make_role; fi
make_slots
if [[ -n $streams && -n $has_wal_receiver ]]; then wait_for "does not stream" receives; fi
say "$name runs on port $port; ask it with: psql -h $root/run -p $port -U postgres postgres"
