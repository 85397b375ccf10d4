#!/usr/bin/env bash
# Traces what pgcascade does as root with a cluster in a folder of another user: `make test-strace`, as root.
#   run.sh PGCASCADE USER
# A deployment, a change, a stop, a start, a fault and its repair, a switchover, a teardown: none of it may write by path below the
# user's home as root (look.py).
set -euo pipefail
here="$(cd -- "$(dirname -- "$0")" && pwd -P)"
work="$(mktemp -d)"
chmod 755 -- "$work"
# The servers' user has to run it, too.
pgcascade="$work/pgcascade"
cp -- "$1" "$pgcascade"
user="$2" home="$(getent passwd "$2" | cut -d: -f6)"
dir="$home/pgcascade-traced"
calls=chown,lchown,fchown,fchownat,chmod,fchmod,fchmodat,open,openat,openat2,creat,unlink,unlinkat,rename,renameat,renameat2
calls+=,mkdir,mkdirat,rmdir,symlink,symlinkat,link,linkat,truncate,clone,clone3,fork,vfork,setuid,setresuid,setreuid
trap '"$pgcascade" teardown "$dir" >/dev/null 2>&1 || true; rm -rf -- "$work"' EXIT

"$pgcascade" new --template seed -o "$work/seed.toml" >/dev/null 2>&1
{
    cat -- "$work/seed.toml"
    printf '\n[[server]]\nname = "slave13"\nport = 16497\nfollows = "slave1"\n'
} >"$work/more.toml"
seen=0
traced() {
    rm -f -- "$work/code"
    # shellcheck disable=SC2016 # The inner shell's own words.
    strace -f -y -qq -s 300 -e trace="$calls" -o "$work/trace" bash -c '"${@:2}"; echo $? >"$1"' _ "$work/code" "$pgcascade" "$@" \
        >"$work/said" 2>&1 </dev/null &
    local tracer=$! tries=600
    # It would wait for servers that were started: those go on untraced.
    while [[ ! -s $work/code ]] && ((tries-- > 0)); do sleep 0.1; done
    kill -9 "$tracer" 2>/dev/null || true
    wait "$tracer" 2>/dev/null || true
    [[ $(cat -- "$work/code") == 0 ]] || { echo "FAILED pgcascade $*"; tail -n 5 -- "$work/said"; exit 1; }
    python3 "$here/look.py" "$work/trace" "$home" >"$work/looked" || { cat -- "$work/looked"; exit 1; }
    echo "pgcascade $1: $(cat -- "$work/looked")"
    seen=$((seen + 1))
}
traced deploy "$work/seed.toml" --dir "$dir" --run-as "$user"
traced status "$dir"
traced apply "$work/more.toml" --dir "$dir"
traced verify "$dir"
traced stop "$dir"
traced start "$dir"
traced fail "$dir" "crash slave1"
traced repair "$dir"
traced switchover "$dir" slave1
traced adopt "$dir" --plan
traced teardown "$dir"
echo "$seen commands wrote nothing by path as root below $home"
