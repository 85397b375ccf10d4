trap 'cancelled=129' HUP
trap 'cancelled=130' INT
trap 'cancelled=143' TERM
trap prove_done EXIT

sum_of() { # FILE
    if type -P sha256sum >/dev/null; then
        sha256sum <"$1"
    else
        shasum -a 256 <"$1"
    fi
}

# Every file of the bundle must be as it was made.
check_manifest() {
    local sum path actual changed=()
    [[ -f $here/MANIFEST.sha256 ]] || fail "MANIFEST.sha256 is missing"
    while read -r sum path; do
        if [[ ! -f $here/$path ]]; then
            changed+=("$path is missing")
        elif ! actual="`sum_of "$here/$path" 2>/dev/null`"; then
            fail "neither sha256sum nor shasum was found, or $path cannot be read"
        elif [[ ${actual%% *} != "$sum" ]]; then
            changed+=("$path was changed")
        fi
    done <"$here/MANIFEST.sha256"
    if ((${#changed[@]} > 0)); then
        for path in "${changed[@]}"; do
            say "$path" >&2
        done
        fail "the bundle was changed (MANIFEST.sha256)"
    fi
    say "All files of the bundle are unchanged"
}

# Only a server that is proved to be ours is asked: another one may have its port by now.
check_runs() { # SERVER FOLDER
    postmaster_of "$2" >/dev/null || fail "$1 is not running"
}

check_rows() { # SERVER PORT ROWS
    deadline=$((SECONDS + 30))
    wait_rows "$@"
    say "$1 shows exactly the drawn downstreams"
}
