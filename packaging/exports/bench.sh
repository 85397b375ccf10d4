#!/usr/bin/env bash
# Builds one design of many servers on hosts of their own, by Ansible and by the floor: `make bench-hosts`.
#   bench.sh PGCASCADE [SERVERS]    40, of four levels: 1, 3, 9 and the rest
# The floor is the same work by plain ssh: for each host one connection that brings its folder and its secrets and runs its `install`,
# all hosts of a level at once. Both end with every server showing what is drawn. Needs what net.sh needs, ansible-playbook,
# and 4 GB of memory, since the hosts' files are there.
set -euo pipefail
here="$(cd -- "$(dirname -- "$0")" && pwd -P)"
pgcascade="$(realpath -- "$1")" servers="${2:-40}"
work="$(mktemp -d)"
net="$work/net"
chmod 755 -- "$work"
trap '"$here/net.sh" down "$net" || true; rm -rf -- "$work" 2>/dev/null || true' EXIT
# Where check.sh puts the tools.
export PATH="${PGCASCADE_EXPORT_TOOLS:-/var/cache/pgcascade/export-tools}/bin:$PATH"
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
now() { date +%s%N; }
seconds() { printf '%d.%d' $((($2 - $1) / 1000000000)) $((($2 - $1) / 100000000 % 10)); }

# Each server's upstream is the one at a third of its place: 1, 3, 9, 27 servers a level.
{
    printf 'format = 1\nname = "many hosts"\npostgres = 15\n\n[settings]\nshared_buffers = "16MB"\n'
    for ((k = 1; k <= servers; k++)); do
        printf '\n[[server]]\nname = "s%d"\nport = 5432\nhost = "10.77.0.%d"\n' "$k" $((10 + k))
        if ((k > 1)); then printf 'follows = "s%d"\n' $(((k + 1) / 3)); fi
    done
} >"$work/many.toml"
"$pgcascade" predict "$work/many.toml" --json >"$work/expected.json"
export ANSIBLE_SSH_CONTROL_PATH_DIR="$work/cp" ANSIBLE_HOST_KEY_CHECKING=False ANSIBLE_LOCAL_TEMP="$work/tmp" ANSIBLE_FORKS="${FORKS:-8}"
export ANSIBLE_SSH_ARGS="-F $net/ssh_config -o ControlMaster=auto -o ControlPersist=60s"
printf 'all:\n  vars: {ansible_user: root, ansible_python_interpreter: /usr/bin/python3}\n' >"$work/who.yml"
proved() {
    python3 "$here/shown.py" "$work/expected.json" "$work/many.toml" "$here/net.sh" "$net" folder /var/lib/postgresql/pgcascade/many-hosts >/dev/null ||
        fail "$1: the servers do not show what is drawn"
}

# The floor.
"$here/net.sh" up "$net" "$servers"
"$pgcascade" export "$work/many.toml" --to hosts -o "$work/export" 2>/dev/null
"$work/export/passwords" "$work/secrets" >/dev/null
cat >"$work/floor" <<'FLOOR'
set -euo pipefail
work="$1" net="$2" base="$3"
build() { # FOLDER HOST
    tar -c -f - -C "$work/export/hosts" "$1" -C "$work" secrets |
        ssh -F "$net/ssh_config" "$2" "set -e; umask 077; mkdir -p $base; tar -x -o -f - -C $base; chown -R postgres: ${base%/*}; \
            runuser -u postgres -- $base/$1/install" >"$work/$1.log" 2>&1 || { cat "$work/$1.log"; exit 1; }
}
for ((level = 0, from = 1, many = 1; from <= $4; level++, from += many, many *= 3)); do
    running=()
    for ((k = from; k < from + many && k <= $4; k++)); do
        build "$(printf '%s\n' "$work"/export/hosts/*-"s$k" | head -n 1 | xargs basename)" "10.77.0.$((10 + k))" &
        running+=($!)
    done
    for one in "${running[@]}"; do wait "$one"; done
done
FLOOR
begun=$(now)
"$here/net.sh" from "$net" bash "$work/floor" "$work" "$net" /var/lib/postgresql/pgcascade/many-hosts "$servers" || fail "the floor does not build"
proved "the floor"
floor=$(seconds "$begun" "$(now)")
"$here/net.sh" down "$net"
rm -rf -- "$net" 2>/dev/null || true

"$here/net.sh" up "$net" "$servers"
deploy() {
    "$here/net.sh" from "$net" "$pgcascade" deploy "$work/many.toml" --via ansible --inventory "$work/who.yml" --dir "$work/many.ansible" --json >"$work/events" 2>"$work/said" ||
        fail "ansible: $(cat "$work/said"; tail -n 2 "$work/events")"
}
begun=$(now)
deploy
proved "ansible"
built=$(seconds "$begun" "$(now)")
begun=$(now)
deploy
again=$(seconds "$begun" "$(now)")
printf '| %d servers, %d hosts | seconds |\n| --- | --- |\n| the floor: plain ssh, a level at once | %s |\n| deploy --via ansible, %s forks | %s |\n| the second run, changed=0 | %s |\n' \
    "$servers" "$servers" "$floor" "$ANSIBLE_FORKS" "$built" "$again"
