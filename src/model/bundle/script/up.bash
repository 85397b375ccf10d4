undo=()
complete=""
number=0
deadline=0

trap 'cancelled=129' HUP
trap 'cancelled=130' INT
trap 'cancelled=143' TERM

# Rolls back everything that was done, last first, unless the cluster is complete.
finish() {
    local code=$? index
    trap - EXIT
    trap '' HUP INT TERM
    set +e
    if [[ -n $complete ]]; then exit "$code"; fi
    if ((code == 0)); then code=1; fi
    if ((cancelled != 0)); then code=$cancelled; fi
    if ((${#undo[@]} > 0)); then
        say "Rolling back …"
        for ((index = ${#undo[@]} - 1; index >= 0; index--)); do
            # The first word is the function, the rest is its one argument.
            case "${undo[index]}" in
            *" "*) "${undo[index]%% *}" "${undo[index]#* }" ;;
            *) "${undo[index]}" ;;
            esac
        done
        if ((${#left[@]} > 0)); then say_left; else say "Nothing is left."; fi
    fi
    exit "$code"
}
trap finish EXIT

# Announces a step. Its undo is recorded first, so that a half-done step is rolled back too.
step() { # SECONDS TITLE [UNDO]
    stop_if_cancelled
    number=$((number + 1))
    say "[$number/$steps] $2"
    deadline=$((SECONDS + $1))
    if (($# > 2)); then undo+=("$3"); fi
}

# Runs a program; shows what it said only if it fails.
quietly() { # PROGRAM…
    local said
    said="`"$@" 2>&1 </dev/null`" && return 0
    printf '%s\n' "$said" >&2
    return 1
}

port_is_free() { # PORT
    ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && ! (exec 3<>"/dev/tcp/::1/$1") 2>/dev/null
}

require_port() { # SERVER PORT
    port_is_free "$2" || fail "port $2, which \"$1\" needs, is already in use"
}

require_folder() {
    local file parent="${cluster%/*}"
    if [[ -e $cluster/.pgcascade ]]; then
        fail "$cluster already contains a cluster; take it down first (./down)"
    elif [[ -d $cluster ]]; then
        for file in "$cluster"/* "$cluster"/.[!.]* "$cluster"/..?*; do
            [[ ! -e $file && ! -L $file ]] || fail "the folder $cluster is not empty; choose another one"
        done
        [[ -w $cluster ]] || fail "the folder $cluster cannot be written to"
    elif [[ -e $cluster || -L $cluster ]]; then
        fail "$cluster is not a folder"
    else
        [[ -d ${parent:-/} && -w ${parent:-/} ]] || fail "the folder $cluster cannot be created: ${parent:-/} does not exist or is not writable"
    fi
}

claim_folder() {
    local made="found folder"
    if [[ ! -d $cluster ]]; then
        mkdir -- "$cluster" || fail "the folder $cluster cannot be created"
        made="made folder"
    fi
    cd -P -- "$cluster"
    # Two builders cannot both make it.
    mkdir .pgcascade || fail "$cluster already contains a cluster"
    printf '%s\n' "$made" >.pgcascade/bundle
    undo+=(release_folder)
}

make_folder() { # PATH
    mkdir -- "$1" || fail "the folder $1 cannot be created"
}

draw() {
    local hex
    hex="`od -An -N24 -tx1 /dev/urandom`"
    hex="${hex//[[:space:]]/}"
    ((${#hex} == 48)) || fail "no random bytes can be drawn from /dev/urandom"
    printf '%s' "$hex"
}

make_secrets() { # PORT…
    local superuser replication port
    superuser="`draw`"
    replication="`draw`"
    printf '%s\n' "$superuser" >secrets/superuser
    printf '%s\n' "$replication" >secrets/replication
    for port in "$@"; do
        printf '*:%s:*:postgres:%s\n' "$port" "$superuser"
    done >secrets/pgpass
    for port in "$@"; do
        printf '*:%s:*:replicator:%s\n' "$port" "$replication"
    done >secrets/replication.pgpass
}

make_data() { # DATA METHOD OPTION…
    local data="$1" method="$2"
    shift 2
    quietly "$bin/initdb" -D "$data" -U postgres -E UTF8 --no-locale -A "$method" "$@" || fail "initdb failed"
}

create_role() { # DATA ROLE PASSWORD_FILE SETTING…
    local data="$1" role="$2" file="$3" statement said setting settings=()
    shift 3
    for setting in "$@"; do
        settings+=(-c "$setting")
    done
    statement="CREATE ROLE $role LOGIN REPLICATION"
    if [[ -n $file ]]; then statement+=" PASSWORD '`<"$file"`'"; fi
    # An error ends it, and the statement, which holds the password, is not logged.
    said="`printf '%s;\n' "$statement" | "$bin/postgres" --single -D "$data" \
        -c exit_on_error=on -c log_min_error_statement=panic "${settings[@]}" postgres 2>&1`" || {
        printf '%s\n' "$said" >&2
        fail "the replication role cannot be created"
    }
}

copy_data() { # FROM TO
    [[ ! -e $1/postmaster.pid ]] || fail "$1 is running: only a stopped server can be copied"
    quietly cp -R -- "$1" "$2" || fail "$1 cannot be copied"
    rm -rf -- "$2/postmaster.opts" "$2/pg_replslot/"*
    chmod -- 700 "$2"
}

# Puts a file of the bundle in its place, whole or not at all; a setting that is held back is left out.
install_file() { # FROM TO [HELD_BACK]
    local text="" line setting="${3:-}"
    while IFS= read -r line || [[ -n $line ]]; do
        if [[ -n $setting && $line =~ ^[[:space:]]*"$setting"[[:space:]]*= ]]; then continue; fi
        text+="$line"$'\n'
    done <"$here/$1" || fail "the bundle's file $1 cannot be read"
    if ! printf '%s' "$text" >"$2.part" || ! mv -f -- "$2.part" "$2"; then
        fail "$2 cannot be written"
    fi
}

show_log() { # FOLDER
    say "The last lines of its log:" >&2
    tail -n 12 -- "servers/$1/log" >&2 || true
}

has_begun() { # FOLDER
    local said=""
    postmaster_of "$1" >/dev/null && return 0
    if [[ -f servers/$1/log ]]; then said="`<"servers/$1/log"`"; fi
    [[ $said == *FATAL:* ]]
}

start() { # FOLDER [PASSWORD_FILE]
    local folder="$1"
    (
        # Ctrl-C is for this script, not for the server: it is stopped in its turn.
        trap '' HUP INT TERM
        if (($# > 1)); then export PGPASSFILE="$PWD/$2"; fi
        "$bin/pg_ctl" -D "servers/$folder/data" -l "servers/$folder/log" -W start >/dev/null 2>&1 </dev/null
    ) || {
        show_log "$folder"
        fail "the server in servers/$folder cannot be started"
    }
    # Not before its postmaster.pid is there can it be proved to be ours, and stopped.
    while ! has_begun "$folder"; do
        if ((SECONDS >= deadline)); then
            show_log "$folder"
            fail "the server in servers/$folder does not start"
        fi
        nap 0.02
    done
}

is_ready() { # FOLDER PORT
    local line last=""
    if [[ -n $reports_ready ]]; then
        while IFS= read -r line || [[ -n $line ]]; do
            last="$line"
        done <"servers/$1/data/postmaster.pid"
        # "standby" is what a standby with hot_standby off says: it applies WAL, and accepts no connections.
        [[ $last == ready* || $last == standby* ]]
    else
        [[ "`sql "$2" "SELECT 1"`" == 1 ]]
    fi
}

wait_ready() { # SERVER FOLDER PORT
    until is_ready "$2" "$3" 2>/dev/null; do
        stop_if_cancelled
        if ! postmaster_of "$2" >/dev/null; then
            # It may be writing its postmaster.pid just now.
            nap 0.2
            if ! postmaster_of "$2" >/dev/null; then
                show_log "$2"
                fail "$1 has stopped"
            fi
        fi
        if ((SECONDS >= deadline)); then
            show_log "$2"
            fail "$1 does not accept connections"
        fi
        nap 0.05
    done
}

create_slot() { # PORT SLOT
    sql "$1" "SELECT pg_create_physical_replication_slot('$2')" >/dev/null || fail "the replication slot $2 cannot be created"
}

streams() { # PORT STANDBY_AS_LITERAL
    [[ "`sql "$1" "SELECT count(*) > 0 FROM pg_stat_replication WHERE state = 'streaming' AND application_name = $2"`" == t ]]
}

reload() { # FOLDER
    quietly "$bin/pg_ctl" -D "servers/$1/data" reload || fail "the server in servers/$1 cannot be reloaded"
}
