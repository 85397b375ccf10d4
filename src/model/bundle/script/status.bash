show() { # SERVER ROLE FOLDER PORT [ANSWERS_NO_QUERY]
    local name="$1" role="$2" folder="$3" port="$4" pid rows row priority sync
    if ! pid="`postmaster_of "$folder"`"; then
        say "$name ($role, port $port): down"
        return
    fi
    say "$name ($role, port $port): running, pid $pid"
    [[ -n $psql && -z ${5:-} ]] || return 0
    if ! rows="`rows_of "$port"`"; then
        say "    does not answer"
        unanswered=yes
    elif [[ -n $rows ]]; then
        # From the end: a name may hold the | between the columns.
        while IFS= read -r row; do
            sync="${row##*|}" row="${row%|*}"
            priority="${row##*|}" row="${row%|*}"
            say "    ${row%|*}: ${row##*|}, sync_priority $priority, sync_state $sync"
        done <<<"$rows"
    fi
}

unanswered=""
