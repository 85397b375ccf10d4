#!/usr/bin/env bash
# Builds the repmgr export of the seed on one machine by its README, registers it, and compares `repmgr cluster show` with the drawing.
#   repmgr.sh PGCASCADE
# Needs root, sudo, PostgreSQL 15 and its repmgr. Everything is in namespaces of its own.
set -euo pipefail
here="$(cd -- "$(dirname -- "$0")" && pwd -P)"
pgcascade="$(realpath -- "$1")"
if [[ -z ${PGCASCADE_ALONE:-} ]]; then
    exec env PGCASCADE_ALONE=yes unshare --net --pid --mount --mount-proc --fork --kill-child bash "$here/repmgr.sh" "$pgcascade"
fi
work="$(mktemp -d)"
trap '[[ -n ${KEEP:-} ]] || rm -rf -- "$work"' EXIT
chmod 755 -- "$work"
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
ip link set lo up
mount -t tmpfs -o mode=755 mem /var/lib/postgresql
chown postgres: /var/lib/postgresql

"$pgcascade" new --template seed -o "$work/seed.toml" 2>/dev/null
sed -i 's/^postgres = .*/postgres = 15/' "$work/seed.toml"
"$pgcascade" export "$work/seed.toml" --to repmgr -o "$work/export" 2>/dev/null
awk '/^## /{inside = ($0 == "## Build it")} inside && /^ *```sh$/{block = 1; next} /^ *```$/{block = 0} inside && block' "$work/export/README.md" |
    sed 's/^ *//' | grep -v '^sudo .* psql \|register' >"$work/lines"
while IFS= read -r line; do
    (cd "$work/export" && bash -c "$line" </dev/null >"$work/said" 2>&1) || fail "this line of the README fails: $line: $(cat -- "$work/said")"
done <"$work/lines"

# What the README says then: the role's password in a file, and beside each server for repmgr.
(umask 077; od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$work/password")
base=/var/lib/postgresql/pgcascade/seed
(umask 077; printf '*:*:*:repmgr:%s\n' "$(cat "$work/password")" >"$base/repmgr.pgpass")
chown postgres: "$base/repmgr.pgpass"
chown postgres: "$work/password"
chmod -R a+rX "$work/export"
cd /
runuser -u postgres -- env REPMGR_PASSWORD_FILE="$work/password" "$work/export/register.sh" >"$work/said" 2>&1 || fail "register.sh: $(cat -- "$work/said")"
"$pgcascade" predict "$work/seed.toml" --json >"$work/expected.json"
runuser -u postgres -- repmgr -f "$work/export/repmgr/master.conf" cluster show >"$work/shown" 2>"$work/said" || fail "repmgr cluster show: $(cat "$work/shown" "$work/said")"
python3 - "$work/expected.json" "$work/shown" <<'PYTHON' || fail "$(cat "$work/shown")"
import json, sys
expected = {server["name"]: server for server in json.load(open(sys.argv[1]))["servers"]}
shown = {}
for line in open(sys.argv[2]):
    cells = [cell.strip() for cell in line.split("|")]
    if len(cells) > 5 and cells[0].isdigit():
        shown[cells[1]] = (cells[2], cells[3].strip("* "), cells[4] or None)
drawn = {name: (server["role"], "running", server["upstream"]) for name, server in expected.items()}
if shown != drawn:
    sys.exit(f"repmgr shows {shown}, and {drawn} is drawn")
print(f"repmgr cluster show equals the drawing: {len(shown)} nodes")
PYTHON
