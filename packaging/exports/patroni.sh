#!/usr/bin/env bash
# Runs the Patroni export of a design on one machine with a local etcd, and compares `patronictl list` with the drawing.
#   patroni.sh PGCASCADE TOOLS    TOOLS: a virtual environment with Patroni
# Needs root, PostgreSQL 15, etcd. Ports and addresses are in a network namespace of its own.
set -euo pipefail
pgcascade="$(realpath -- "$1")" tools="$2"
if [[ -z ${PGCASCADE_ALONE:-} ]]; then
    # Everything that runs in here ends with the first process of the namespace.
    exec env PGCASCADE_ALONE=yes unshare --net --pid --mount --mount-proc --fork --kill-child bash "$0" "$pgcascade" "$tools"
fi
work="$(mktemp -d)"
trap '[[ -n ${KEEP:-} ]] || rm -rf -- "$work"' EXIT
chmod 755 -- "$work"
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
ip link set lo up
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }

"$pgcascade" new --template seed -o "$work/seed.toml" 2>/dev/null
sed -i 's/^postgres = .*/postgres = 15/' "$work/seed.toml"
"$pgcascade" export "$work/seed.toml" --to patroni -o "$work/export" 2>/dev/null
(cd "$work/export" && ./passwords ../secrets >/dev/null && ./secrets-into ../patroni ../secrets >/dev/null)
mkdir -p -- "$work/etcd" /var/lib/postgresql
mount -t tmpfs -o mode=755 mem /var/lib/postgresql
mount -t tmpfs -o mode=755 mem /run/postgresql
chown postgres: /run/postgresql
chown -R postgres: "$work/etcd" "$work/patroni" /var/lib/postgresql
as_postgres etcd --data-dir "$work/etcd" --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 >"$work/etcd.log" 2>&1 &
for file in "$work"/patroni/*.yml; do
    folder="$(sed -n 's/^ *data_dir: *//p' "$file" | tr -d '"')"
    as_postgres mkdir -p -- "$(dirname -- "$folder")"
done
# The README: the primary's member first, since only its file may create the cluster.
files=("$work"/patroni/*.yml)
start() { as_postgres "$tools/bin/patroni" "$1" >"$1.log" 2>&1 & }
start "$work/patroni/$(grep -l '^bootstrap:' "${files[@]}" | head -n 1 | xargs basename)"
first="$(grep -l '^bootstrap:' "${files[@]}" | head -n 1)"
for file in "${files[@]}"; do [[ $file == "$first" ]] || start "$file"; done

"$pgcascade" predict "$work/seed.toml" --json >"$work/expected.json"
python3 - "$work/expected.json" "$tools/bin/patronictl" "$first" <<'PYTHON' || fail "Patroni does not show the drawn tree"
import json, subprocess, sys, time
expected = {server["name"]: server for server in json.load(open(sys.argv[1]))["servers"]}
deadline = time.monotonic() + 600
said = ""
while time.monotonic() < deadline:
    time.sleep(2)
    done = subprocess.run([sys.argv[2], "-c", sys.argv[3], "list", "-f", "json"], capture_output=True, text=True)
    said = done.stdout + done.stderr
    try:
        members = {member["Member"]: member for member in json.loads(done.stdout)}
    except (json.JSONDecodeError, KeyError):
        continue
    wanted = {name: "running" if server["upstream"] is None else "streaming" for name, server in expected.items()}
    if {name: member["State"] for name, member in members.items()} != wanted:
        continue
    tree = {name: (member.get("Tags") or {}).get("replicatefrom") for name, member in members.items()}
    primary = next(name for name, server in expected.items() if server["upstream"] is None)
    drawn = {name: server["upstream"] if server["upstream"] != primary else None for name, server in expected.items()}
    if {name: upstream if upstream != primary else None for name, upstream in tree.items()} != drawn:
        sys.exit(f"patronictl list shows {tree}, and {drawn} is drawn")
    print(f"patronictl list shows the drawn tree of {len(members)} members")
    sys.exit(0)
sys.exit(said)
PYTHON
# The tags are a promise; the rows are the proof.
python3 - "$work" "$pgcascade" <<'PYTHON' || fail "pg_stat_replication is not as drawn"
import glob, json, os, re, subprocess, sys, time
work = sys.argv[1]
expected = {server["name"]: server for server in json.load(open(work + "/expected.json"))["servers"]}
query = "select coalesce(json_agg(json_build_array(application_name, state, sync_priority, sync_state) order by 1), '[]') from (select * from pg_stat_replication order by application_name) r"
password = open(work + "/secrets/superuser").read().strip()
deadline = time.monotonic() + 300
while True:
    wrong = ""
    for file in glob.glob(work + "/patroni/*.yml"):
        text = open(file).read()
        name = re.search(r'^name: "?([^"\n]*)', text, re.M).group(1)
        host, port = re.search(r'^  connect_address: "?([^"\n]*):(\d+)', text.split("\npostgresql:")[1], re.M).groups()
        done = subprocess.run(["psql", "-XqAt", "-h", host, "-p", port, "-U", "postgres", "-d", "postgres", "-c", query], capture_output=True, text=True, env={**os.environ, "PGPASSWORD": password})
        rows = sorted([row["application_name"], row["state"], row["sync_priority"], row["sync_state"]] for row in expected[name]["replication"])
        if done.returncode or sorted(json.loads(done.stdout)) != rows:
            wrong = f"{name}: {done.stdout}{done.stderr}, and {rows} is drawn"
    if not wrong:
        print("pg_stat_replication of every member is as drawn")
        sys.exit(0)
    if time.monotonic() > deadline:
        sys.exit(wrong)
    time.sleep(1)
PYTHON
