"""What pg_stat_replication shows on every host beside what `pgcascade predict --json` says: equal, or the difference.

shown.py EXPECTED DESIGN NET.SH NET LAYOUT BASE
"""

import json
import subprocess
import sys
import time
import tomllib

expected_file, design_file, net, place, layout, base = sys.argv[1:]
with open(expected_file) as file:
    expected = {server["name"]: server for server in json.load(file)["servers"]}
with open(design_file, "rb") as file:
    design = tomllib.load(file)
HOSTS = sorted({server["host"] for server in design["server"] if not server.get("receiver")})
# Seconds on a quiet machine.
DEADLINE = time.monotonic() + 300
QUERY = (
    "select coalesce(json_agg(json_build_array(application_name, state, sync_priority, sync_state)"
    " order by application_name), '[]') from pg_stat_replication"
)


def ask(server, query):
    """As the superuser, through the socket, with the password file that the export made."""
    host = str(HOSTS.index(server["host"]) + 1)
    script = (
        'for file in "$0"/*/superuser.pgpass; do export PGPASSFILE="$file"; '
        'for run in "${file%/*}/run" /var/run/postgresql; do '
        '[ -S "$run/.s.PGSQL.$1" ] && exec psql -XqAt -h "$run" -p "$1" -U postgres -d postgres -c "$2"; done; done; exit 9'
    )
    command = [net, "at", place, host, "setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    command += ["sh", "-c", script, base, str(server["port"]), query]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        return None, done.stderr.strip() or f"exit code {done.returncode}"
    return done.stdout.strip(), ""


def difference():
    for server in design["server"]:
        if server.get("receiver"):
            continue
        shown, error = ask(server, QUERY)
        if shown is None:
            return f"{server['name']} does not answer: {error}"
        drawn = [
            [row["application_name"], row["state"], row["sync_priority"], row["sync_state"]]
            for row in expected[server["name"]]["replication"]
        ]
        if sorted(json.loads(shown)) != sorted(drawn):
            return f"{server['name']} shows {shown}, and {json.dumps(drawn)} is drawn"
    return ""


def leaves_read():
    """A row of the primary is read on every standby, but one that applies it later."""
    primary = next(server for server in design["server"] if "follows" not in server)
    made, error = ask(primary, "create table if not exists shown as select 42 as answer")
    if made is None:
        return f"the primary takes no row: {error}"
    for server in design["server"]:
        if server.get("receiver") or server.get("apply_delay") or server.get("by"):
            continue
        while True:
            read, error = ask(server, "select answer from shown")
            if read == "42":
                break
            if time.monotonic() > DEADLINE:
                return f"{server['name']} does not have the primary's row: {error or read}"
            time.sleep(0.2)
    return ""


while True:
    what = difference()
    if not what:
        break
    if time.monotonic() > DEADLINE:
        sys.exit(what)
    time.sleep(0.5)
if what := leaves_read():
    sys.exit(what)
print(f"{len(expected)} servers show what is drawn, and every standby has the primary's row")
