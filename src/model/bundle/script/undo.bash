# Files that stay because they are not ours, or cannot be removed.
left=()

# True unless it is certain that no server works in the data directory, also if the folder was moved meanwhile.
may_run_in() { # DATA
    local pid=""
    [[ -s $1/postmaster.pid ]] || return 1
    IFS= read -r pid <"$1/postmaster.pid" || true
    [[ $pid =~ ^[1-9][0-9]*$ ]] && kill -0 "$pid" 2>/dev/null || return 1
    [[ ! -d /proc/self || /proc/$pid/cwd -ef $1 ]]
}

stop() { # FOLDER
    local pid
    pid="`postmaster_of "$1"`" || return 0
    # Fast: clients are sent away. It takes long only where a standby does not answer.
    "$bin/pg_ctl" -D "servers/$1/data" -m fast -w -t 60 stop >/dev/null 2>&1 || true
    if postmaster_of "$1" >/dev/null; then
        "$bin/pg_ctl" -D "servers/$1/data" -m immediate -w -t 30 stop >/dev/null 2>&1 || true
    fi
    if postmaster_of "$1" >/dev/null; then
        left+=("servers/$1/data (its server, pid $pid, does not stop)")
    fi
}

# Removes what ./up makes in one folder, then the folder if nothing else is in it.
remove_folder() { # PATH
    local path="$1" parent="$1" file cluster_wal
    while [[ $parent == */* ]]; do
        parent="${parent%/*}"
        [[ ! -L $parent ]] || return 0
    done
    [[ -d $path && ! -L $path ]] || return 0
    case "$path" in
    secrets)
        rm -f -- secrets/superuser secrets/replication secrets/pgpass secrets/replication.pgpass
        ;;
    run)
        for file in run/.s.PGSQL.*; do
            if [[ -S $file || $file == *.lock ]]; then rm -f -- "$file"; fi
        done
        ;;
    servers/*/data)
        if may_run_in "$path"; then
            left+=("$path (a server seems to run in it)")
        else
            rm -rf -- "$path"
        fi
        return 0
        ;;
    servers/*)
        rm -f -- "$path/log"
        ;;
    servers) ;;
    *)
        # The archive: the archive_command makes a folder in it, called by the system identifier.
        for cluster_wal in "$path"/*; do
            [[ ${cluster_wal##*/} =~ ^[0-9]{1,20}$ && -d $cluster_wal && ! -L $cluster_wal ]] || continue
            for file in "$cluster_wal"/*; do
                if [[ ${file##*/} =~ ^[0-9A-F]{8}([0-9A-F]{16})?(\.[0-9A-F]{8}\.backup|\.history|\.partial)?(\.[A-Za-z0-9._-]+\.part)?$ ]]; then
                    rm -f -- "$file"
                fi
            done
            rmdir -- "$cluster_wal" 2>/dev/null || true
        done
        ;;
    esac
    rmdir -- "$path" 2>/dev/null || list_left "$path"
}

# Notes what is still in a folder, unless something inside it is noted already.
list_left() { # FOLDER
    local file inside noted
    for file in "$1"/* "$1"/.[!.]* "$1"/..?*; do
        [[ -e $file || -L $file ]] || continue
        file="${file#./}"
        noted=""
        for inside in ${left[@]+"${left[@]}"}; do
            if [[ $inside == "$file" || $inside == "$file"/* || $inside == "$file ("* ]]; then noted=yes; fi
        done
        [[ -n $noted ]] || left+=("$file")
    done
}

# Removes the marker and, if ./up made the cluster's folder, the folder.
release_folder() {
    local made="" data
    IFS= read -r made <.pgcascade/bundle || true
    rm -f -- README.md.part design.toml.part
    if [[ -f .pgcascade/complete ]]; then
        rm -f -- README.md design.toml
    fi
    for data in servers/*/data; do
        # A server that does not stop: the marker stays, so that ./down can be tried again.
        [[ ! -d $data ]] || return 0
    done
    rm -f -- .pgcascade/bundle .pgcascade/complete
    rmdir -- .pgcascade 2>/dev/null || true
    list_left .
    if [[ $made == "made folder" ]]; then
        rmdir -- "`pwd -P`" 2>/dev/null || true
    fi
}

say_left() {
    local file
    ((${#left[@]} > 0)) || return 0
    say "Left in `pwd -P`, since ./up did not make it or could not stop it:"
    for file in "${left[@]}"; do
        say "  $file"
    done
}
