show() { # SERVER ROLE FOLDER PORT
    local name="$1" role="$2" folder="$3" port="$4" pid rows
    if ! pid="`postmaster_of "$folder"`"; then
        say "$name ($role, port $port): down"
        return
    fi
    say "$name ($role, port $port): running, pid $pid"
    [[ -n $psql ]] || return 0
    if ! rows="`rows_of "$port"`"; then
        say "    does not answer"
        unanswered=yes
    elif [[ -n $rows ]]; then
        while IFS='|' read -r standby state priority sync; do
            say "    $standby: $state, sync_priority $priority, sync_state $sync"
        done <<<"$rows"
    fi
}

unanswered=""
