#!/usr/bin/env bash
# Follows the README of `export --to hosts` word for word on hosts of their own: every ```sh block of "Build it", line by line, and
# nothing else. Then looks whether the cluster is what is drawn.
#
#   follow.sh PGCASCADE DESIGN [LAYOUT]    hosts of the design: 10.77.0.11 …
#
# Needs what net.sh needs, sudo, and PostgreSQL of the design's version. Exit code 0: as drawn.
set -euo pipefail
here="$(cd -- "$(dirname -- "$0")" && pwd -P)"
pgcascade="$(realpath -- "$1")" design="$(realpath -- "$2")" layout="${3:-folder}"
work="$(mktemp -d)"
net="$work/net"
chmod 755 -- "$work"

cleanup() {
    local code=$?
    if ((code != 0)); then for log in "$net"/*/log; do tail -n 3 -- "$log" >&2 || true; done; fi
    "$here/net.sh" down "$net" || true
    rm -rf -- "$work" 2>/dev/null || true
    exit "$code"
}
trap cleanup EXIT
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Each address is a host, in the order of the design; a server that the design has twice on one host shares it.
mapfile -t addresses < <(sed -n 's/^host = "\(10\.77\.0\.[0-9]*\)"$/\1/p' "$design" | sort -u)
((${#addresses[@]} > 0)) || fail "$design has no host 10.77.0.N"
"$here/net.sh" up "$net" "${#addresses[@]}"
hosts=()
for ((k = 1; k <= ${#addresses[@]}; k++)); do hosts+=("$k"); done

# What the person who follows has: ssh that knows the hosts.
mkdir -p -- "$work/bin"
printf '#!/bin/sh\nexec /usr/bin/ssh -F %q "$@"\n' "$net/ssh_config" >"$work/bin/ssh"
chmod 755 -- "$work/bin/ssh"
export PATH="$work/bin:$PATH"

"$pgcascade" export "$design" --to hosts --layout "$layout" -o "$work/export" 2>/dev/null
if grep -rqE '^(host|password) .*[0-9a-f]{48}' "$work/export"; then fail "the export holds a password"; fi

# What the distribution's package leaves: an empty cluster on Debian, whose hosts these are (this machine may have none: setup.sh
# installs without), and on RHEL its folders, of which one is the data directory, empty.
major="$(sed -n 's/^postgres = "\{0,1\}\([0-9.]*\).*/\1/p' "$design")"
for k in "${hosts[@]}"; do
    case $layout in
        debian)
            "$here/net.sh" at "$net" "$k" bash -c "[[ -e /etc/postgresql/$major/main ]] || pg_createcluster $major main >/dev/null"
            # A person does what is written before the blocks, too: the empty cluster goes.
            "$here/net.sh" at "$net" "$k" pg_dropcluster --stop "$major" main
            ;;
        rhel)
            "$here/net.sh" at "$net" "$k" install -d -o postgres -g postgres -m 700 /var/lib/pgsql "/var/lib/pgsql/$major"{,/data}
            "$here/net.sh" at "$net" "$k" ln -s "/usr/lib/postgresql/$major" "/usr/pgsql-$major"
            ;;
    esac
done

# The blocks of step 1 and 2: every line, in order, as it stands there.
awk '/^## /{inside = ($0 == "## Build it")} inside && /^ *```sh$/{block = 1; next} /^ *```$/{block = 0} inside && block' "$work/export/README.md" |
    sed 's/^ *//' >"$work/lines"
superuser="$(tail -n 1 -- "$work/lines")"
[[ $superuser == *psql* ]] || fail "the README does not say how the superuser gets in: $superuser"
while IFS= read -r line; do
    begun=$SECONDS
    (cd "$work/export" && "$here/net.sh" from "$net" bash -c "$line" </dev/null >"$work/said" 2>&1) ||
        fail "this line of the README fails: $line: $(cat -- "$work/said")"
    if grep -iE 'error|fatal|warning|denied' "$work/said"; then fail "this line of the README complains: $line"; fi
    # Seconds on a quiet machine; this is only there so that a hang ends.
    ((SECONDS - begun < 600)) || fail "this line of the README takes longer than ten minutes: $line"
done < <(sed '$d' "$work/lines")
grep -c . "$work/lines" | sed 's/$/ lines of the README were followed/'

# What it is: streams as predicted, on every server.
"$pgcascade" predict "$design" --json >"$work/expected.json"
base="$(sed -n 's/^base=//p' "$work/export/send")"
python3 "$here/shown.py" "$work/expected.json" "$design" "$here/net.sh" "$net" "$layout" "$base"

# The superuser gets in by the README's own line, on the first host, and writes with the drawn synchronous commits.
"$here/net.sh" at "$net" 1 bash -c "$superuser -qXAt -v ON_ERROR_STOP=1 -c 'CREATE TABLE IF NOT EXISTS proof AS SELECT 42 AS answer; SELECT answer FROM proof'" >"$work/said" 2>&1 ||
    fail "the superuser does not get in: $superuser: $(cat -- "$work/said")"

# Passwords lie in files that their user alone reads, on every host, and nowhere else.
places=(/var/lib/postgresql /etc/postgresql)
if [[ $layout == rhel ]]; then places+=(/var/lib/pgsql); fi
for k in "${hosts[@]}"; do
    "$here/net.sh" at "$net" "$k" find "${places[@]}" -xdev \
        \( -name "*.pgpass" -o -name superuser -o -name replication -o -name "*.key" \) -printf "%m %u %p\n" </dev/null >"$work/modes"
    if grep -vE '^600 postgres ' "$work/modes"; then fail "others can read the files above on host $k"; fi
done
echo "as drawn: $(basename -- "$design" .toml), layout $layout, ${#addresses[@]} hosts"
