# Sets psql: the one beside the other programs, else any (empty, if there is none).
find_psql() {
    if [[ -x $bin/psql ]]; then
        psql="$bin/psql"
    else
        psql="`type -P psql`" || psql=""
    fi
}

# What a design may set by hand for people's sessions, and these must not heed.
readonly SESSION="-c search_path=public -c default_transaction_read_only=off -c default_tablespace= \
-c standard_conforming_strings=on -c statement_timeout=0"

# Asks a server; prints the answer, one row a line, columns separated by |.
sql() { # PORT STATEMENT
    # "localhost" is where every server of one machine listens; the socket's path could be too long.
    PGPASSFILE="`pwd -P`/secrets/pgpass" PGCONNECT_TIMEOUT=5 PGOPTIONS="$SESSION" \
        "$psql" -X -A -t -q -w -v ON_ERROR_STOP=1 -h localhost -p "$1" -U postgres -d postgres -c "$2" 2>/dev/null
}

cancelled=0
stop_if_cancelled() {
    ((cancelled == 0)) || exit "$cancelled"
}

# Ctrl-C ends a sleep, but not what was being waited for.
nap() { # SECONDS
    sleep "$1" || true
}

# Looks again and again until a command succeeds; fails when the step's time is over.
wait_until() { # WHAT COMMAND…
    local what="$1"
    shift
    until "$@"; do
        stop_if_cancelled
        ((SECONDS < deadline)) || fail "timed out waiting until $what"
        nap 0.1
    done
}

# Runs a command that could hang, such as a commit without its synchronous standby; ends it when time is over.
within_deadline() { # COMMAND…
    local child
    "$@" &
    child=$!
    while kill -0 "$child" 2>/dev/null; do
        if ((SECONDS >= deadline || cancelled != 0)); then
            kill "$child" 2>/dev/null || true
            wait "$child" 2>/dev/null || true
            stop_if_cancelled
            return 1
        fi
        nap 0.05
    done
    wait "$child"
}

rows_of() { # PORT
    sql "$1" "SELECT application_name, state, sync_priority, sync_state FROM pg_stat_replication ORDER BY 1"
}

rows_are() { # PORT ROWS
    local rows
    rows="`rows_of "$1"`" && [[ $rows == "$2" ]]
}

# Waits until pg_stat_replication shows exactly these rows.
wait_rows() { # SERVER PORT ROWS
    local name="$1" port="$2" rows="$3"
    until rows_are "$port" "$rows"; do
        stop_if_cancelled
        if ((SECONDS >= deadline)); then
            say "$name should show:" "" "$rows" "" "and shows:" "" "`rows_of "$port" || true`" >&2
            fail "$name is not as designed"
        fi
        nap 0.1
    done
}

token=""
row_is_there() { # PORT
    # The catalog is asked first: a table that is not there yet would be an error in the server's log.
    [[ "`sql "$1" "SELECT count(*) FROM pg_class WHERE relname = 'pgcascade_proof'"`" == 1 ]] &&
        [[ "`sql "$1" "SELECT count(*) FROM pgcascade_proof WHERE token = '$token'"`" == 1 ]]
}

wal_is_there() { # PORT LSN
    [[ "`sql "$1" "SELECT $received_lsn() >= '$2'"`" == t ]]
}

# Writes a row on the primary, in a table of its own; prove_done removes the table.
write_row() { # PORT
    token="`od -An -N8 -tx1 /dev/urandom`"
    token="${token//[[:space:]]/}"
    proof_port="$1"
    within_deadline sql "$1" "CREATE TABLE IF NOT EXISTS pgcascade_proof (token text)" ||
        fail "the primary did not accept a table"
    within_deadline sql "$1" "INSERT INTO pgcascade_proof VALUES ('$token')" ||
        fail "the primary did not accept a row: a commit waits for a synchronous standby that does not answer"
}

proof_port=""
prove_done() {
    [[ -n $proof_port ]] || return 0
    within_deadline sql "$proof_port" "DROP TABLE IF EXISTS pgcascade_proof" || true
    proof_port=""
}

read_row() { # SERVER PORT
    wait_until "the row is read on $1" row_is_there "$2"
}

# A delayed standby has the WAL of the row, and applies it later.
receive_row() { # SERVER PORT
    local lsn
    lsn="`sql "$proof_port" "SELECT $current_lsn()"`" || fail "the primary does not answer"
    wait_until "the row's WAL is on $1" wal_is_there "$2" "$lsn"
}
