
set -euo pipefail
umask 077
here="$(cd -- "$(dirname -- "$0")" && pwd -P)"
# Not where this was called from, which the servers' user may not be able to enter.
cd /
case $layout in
    folder)
        root="${ROOT:-$default_root}"
        data="$root/data" conf="$root/data" sockets="$root/run" log="$root/log"
        ;;
    debian)
        root="$default_root"
        data="/var/lib/postgresql/$major/$cluster" conf="/etc/postgresql/$major/$cluster"
        sockets=/var/run/postgresql log="/var/log/postgresql/postgresql-$major-$cluster.log"
        ;;
    rhel)
        root="$default_root"
        data="/var/lib/pgsql/$major/$cluster" conf="/var/lib/pgsql/$major/$cluster"
        sockets=/var/run/postgresql log="$root/log"
        ;;
esac
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
    "$bin/psql" -XqAt -v ON_ERROR_STOP=1 -h "$sockets" -p "$port" -U postgres -d postgres "$@"
}

wait_for() { # WHAT COMMAND…
    local what="$1" deadline=$((SECONDS + ${DEADLINE:-120}))
    shift
    until "$@" >/dev/null 2>&1; do
        if ((SECONDS >= deadline)); then
            tail -n 12 -- "$log" >&2 || true
            fail "$name $what: waited ${DEADLINE:-120} s; the last lines of $log are above"
        fi
        sleep 0.2
    done
}

is_empty_folder() { [[ -d $1 && -r $1 && -z $(ls -A -- "$1") ]]; }

# Where the server reads a file of this folder.
place_of() { # NAME
    case $layout:$1 in
        *:standby.signal | *:recovery.conf) printf '%s' "$data/$1" ;;
        debian:postgresql.conf) printf '%s' "$conf/conf.d/pgcascade.conf" ;;
        *) printf '%s' "$conf/$1" ;;
    esac
}

install_file() { # NAME [WITHOUT_SETTING]
    local to
    to="$(place_of "$1")"
    mkdir -p -- "$(dirname -- "$to")"
    if [[ -n ${2:-} ]]; then
        grep -v "^$2 = " -- "$here/$1" >"$to.new"
    else
        cat -- "$here/$1" >"$to.new"
    fi
    mv -f -- "$to.new" "$to"
}

# As libpq reads it in a password file.
escaped() { printf '%s' "$1" | sed 's/[:\\]/\\&/g'; }

make_folders() {
    mkdir -p -- "$root"
    chmod 700 -- "$root"
    if [[ $layout == folder ]]; then mkdir -p -- "$sockets"; fi
    [[ -d $sockets && -w $sockets ]] || fail "$sockets is not there, or $(id -un) may not write to it: PostgreSQL's package makes it"
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
    # Under another name until it is whole: what an interrupted run leaves is never taken for a server.
    local new="$data.building"
    rm -rf -- "$new"
    mkdir -p -- "$(dirname -- "$data")"
    if [[ -z $upstream_host ]]; then make_primary "$new"; else copy_upstream "$new"; fi
    # RHEL's package brings the data directory along, empty.
    if [[ -d $data ]]; then rmdir -- "$data"; fi
    if [[ $layout == debian ]]; then integrate "$new"; else mv -- "$new" "$data"; fi
    : >"$root/built"
}

make_primary() { # DIRECTORY
    local options=("${initdb_options[@]}") path
    if [[ $auth != trust ]]; then options+=("--pwfile=$secrets/superuser"); fi
    "$bin/initdb" -D "$1" -U postgres -A "$auth" "${options[@]}" >/dev/null
    for path in "${tablespaces[@]+"${tablespaces[@]}"}"; do
        mkdir -p -- "$path"
    done
}

copy_upstream() { # DIRECTORY
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
        "$bin/pg_basebackup" -D "$1" -X stream -c fast -w -h "$upstream_host" -p "$upstream_port" -U "$role" "${options[@]+"${options[@]}"}"
    ) || fail "the copy of the upstream at $upstream_host:$upstream_port failed: is it installed, and does its pg_hba.conf let this host in?"
    # What the upstream has in it is the upstream's own.
    if [[ -e $1/postgresql.auto.conf ]]; then : >"$1/postgresql.auto.conf"; fi
}

# Makes the data directory a cluster of Debian's, whose configuration lies in /etc/postgresql.
integrate() { # DIRECTORY
    local file
    # A copy of a cluster of Debian's has no configuration in it; pg_createcluster moves these to where Debian has them.
    for file in postgresql.conf pg_hba.conf pg_ident.conf; do
        if [[ ! -e $1/$file ]]; then : >"$1/$file"; fi
    done
    mv -- "$1" "$data"
    pg_createcluster -p "$port" "$major" "$cluster" -d "$data" >/dev/null ||
        fail "pg_createcluster could not take $data over: remove it, and run this again"
    grep -q '^ *include_dir' -- "$conf/postgresql.conf" ||
        printf "include_dir = 'conf.d'\n" >>"$conf/postgresql.conf"
}

# start, reload, status: as the layout does it.
control() { # VERB
    case $layout:$1 in
        debian:status) "$bin/pg_ctl" -D "$data" status ;;
        debian:*) pg_ctlcluster "$major" "$cluster" "$1" ;;
        *:start) "$bin/pg_ctl" -D "$data" -l "$log" -W start ;;
        *) "$bin/pg_ctl" -D "$data" "$1" ;;
    esac
}

start() {
    if control status >/dev/null 2>&1; then
        control reload >/dev/null
        return
    fi
    if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        fail "something else listens on port $port of this host, perhaps a cluster that came with the package: pg_lsclusters lists those of Debian. Stop it, or draw another port"
    fi
    (
        if [[ -z $has_passfile && $auth != trust ]]; then export PGPASSFILE="$root/replication.pgpass"; fi
        # pg_ctlcluster complains on the way if it has no password to look with; what counts is how it ends.
        control start >"$root/start.log" 2>&1
    ) || { cat -- "$root/start.log" >&2; fail "$name does not start: see $log"; }
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
    control reload >/dev/null
    "$bin/psql" -X -h "$sockets" -p "$port" -U postgres -d postgres \
        -c 'SELECT application_name, state, sync_priority, sync_state FROM pg_stat_replication ORDER BY 1'
    exit 0
fi

make_folders
if [[ $layout != folder && -e $data && ! -e $root/built ]] && ! is_empty_folder "$data"; then
    how="move it away"
    if [[ $layout == debian ]]; then how="sudo pg_dropcluster --stop $major $cluster"; fi
    fail "$data is already there, and this script did not make it. If it holds nothing that you need, remove it: $how"
fi
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
say "$name runs on port $port; ask it with: psql -h $sockets -p $port -U postgres postgres"
