# Prints the pid of the server whose data directory is servers/$1/data, if it is proved to be that server:
# postmaster.pid names this directory, the process lives, and (where that can be seen) works in it.
postmaster_of() {
    local data pid="" where=""
    data="`pwd -P`/servers/$1/data"
    [[ -s $data/postmaster.pid ]] || return 1
    {
        IFS= read -r pid
        IFS= read -r where
    } <"$data/postmaster.pid" || return 1
    [[ $pid =~ ^[1-9][0-9]*$ && $where == "$data" ]] || return 1
    kill -0 "$pid" 2>/dev/null || return 1
    if [[ -d /proc/self ]]; then
        [[ /proc/$pid/cwd -ef $data ]] || return 1
    fi
    printf '%s' "$pid"
}
