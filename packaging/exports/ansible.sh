#!/usr/bin/env bash
# Runs `deploy --via ansible` and `apply --via ansible` against hosts of their own, over ssh:
#   ansible.sh PGCASCADE
# A first run builds, a second changes nothing, --check is clean, a run that is interrupted half-way continues, and a standby that
# moves is applied with its own host and its upstreams touched. Needs what net.sh needs, and ansible-playbook in the PATH.
set -euo pipefail
here="$(cd -- "$(dirname -- "$0")" && pwd -P)"
pgcascade="$(realpath -- "$1")"
work="$(mktemp -d)"
net="$work/net"
chmod 755 -- "$work"
trap '"$here/net.sh" down "$net" || true; rm -rf -- "$work" 2>/dev/null || true' EXIT
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Hosts with these addresses were others a minute ago: no connection of theirs may be taken up again.
export ANSIBLE_SSH_CONTROL_PATH_DIR="$work/cp" ANSIBLE_HOST_KEY_CHECKING=False ANSIBLE_LOCAL_TEMP="$work/tmp"
export ANSIBLE_SSH_ARGS="-F $net/ssh_config -o ControlMaster=auto -o ControlPersist=30s"

sed 's/^name = "four hosts"/name = "five hosts"/' "$here/designs/hosts-plain.toml" >"$work/five.toml"
cat >>"$work/five.toml" <<'DESIGN'

[[server]]
name = "{{ leaf }}"
port = 5432
host = "10.77.0.15"
follows = "slave1"
DESIGN
cat >"$work/who.yml" <<'INVENTORY'
all:
  vars: {ansible_user: root, ansible_python_interpreter: /usr/bin/python3}
INVENTORY
run() { # VERB FILE…
    "$here/net.sh" from "$net" "$pgcascade" "$1" "${@:2}" --via ansible --inventory "$work/who.yml" --dir "$work/five.ansible" --json
}
changed() { # what the recap of the last run says: HOST COUNT
    python3 - "$work/events" <<'PYTHON'
import json, sys
hosts = {}
steps = {}
for line in open(sys.argv[1]):
    event = json.loads(line)
    if event["event"] == "started":
        steps = {step["step"]: step["server"] for step in event["steps"]}
    if event["event"] == "output":
        hosts[steps[event["step"]]] = hosts.get(steps[event["step"]], 0) + 1
print(" ".join(sorted(hosts)))
PYTHON
}

"$here/net.sh" up "$net" 5

# Interrupted half-way: the first level is there, the second is being copied.
run deploy "$work/five.toml" >"$work/events" 2>"$work/said" &
child=$!
copies() { grep -q '"step":1,"what":"Copy the upstream"' "$work/events"; }
# 20 s on a quiet machine.
SECONDS=0
until copies || ((SECONDS > 400)) || ! kill -0 "$child" 2>/dev/null; do sleep 0.1; done
copies || fail "nothing was copied within $SECONDS s: $(cat "$work/said" "$work/events")"
kill -TERM "$(pgrep -P "$child")"
code=0
wait "$child" || code=$?
[[ $code == 130 ]] || fail "an interrupted run ended with $code: $(tail -n 3 "$work/events")"
grep -q '"outcome":"cancelled"' "$work/events" || fail "it does not say that it was cancelled: $(tail -n 1 "$work/events")"
echo "interrupted: $(tail -n 1 "$work/events")"

SECONDS=0
run deploy "$work/five.toml" >"$work/events" 2>"$work/said" || fail "the deployment failed: $(cat "$work/said"; tail -n 4 "$work/events")"
echo "continued and built in $SECONDS s"
"$pgcascade" predict "$work/five.toml" --json >"$work/expected.json"
python3 "$here/shown.py" "$work/expected.json" "$work/five.toml" "$here/net.sh" "$net" folder /var/lib/postgresql/pgcascade/five-hosts

SECONDS=0
run deploy "$work/five.toml" >"$work/events" 2>"$work/said" || fail "the second run failed: $(cat "$work/said")"
[[ -z $(changed) ]] || fail "the second run changed: $(changed): $(grep '"output"' "$work/events")"
echo "second run in $SECONDS s: changed=0"

(cd "$work/five.ansible/project" && "$here/net.sh" from "$net" ansible-playbook -i inventory.yml -i "$work/who.yml" --check site.yml) >"$work/said" 2>&1 ||
    fail "--check fails: $(tail -n 20 "$work/said")"
if grep -E 'changed=[1-9]|failed=[1-9]' "$work/said"; then fail "--check would change something"; fi
echo "--check is clean"

# The fifth server moves below slave2: its host, slave1's and slave2's are touched, and no other.
python3 - "$work/five.toml" <<'PYTHON'
import sys
text = open(sys.argv[1]).read()
head, tail = text.rsplit('follows = "slave1"', 1)
open(sys.argv[1], "w").write(head + 'follows = "slave2"' + tail)
PYTHON
run apply "$work/five.toml" --plan >"$work/plan.json"
run apply "$work/five.toml" >"$work/events" 2>"$work/said" || fail "the change failed: $(cat "$work/said"; tail -n 4 "$work/events")"
[[ $(changed) == "slave1 slave2 {{ leaf }}" ]] || fail "other hosts were touched: $(changed)"
"$pgcascade" predict "$work/five.toml" --json >"$work/expected.json"
python3 "$here/shown.py" "$work/expected.json" "$work/five.toml" "$here/net.sh" "$net" folder /var/lib/postgresql/pgcascade/five-hosts
echo "a moved standby: changed $(changed)"

# Without its other slot: the one at slave1 went with the move.
left="$("$here/net.sh" at "$net" 2 runuser -u postgres -- env PGPASSFILE=/var/lib/postgresql/pgcascade/five-hosts/slave1/superuser.pgpass \
    psql -XqAt -h /var/lib/postgresql/pgcascade/five-hosts/slave1/run -U postgres postgres -c 'select count(*) from pg_replication_slots')"
[[ $left == 1 ]] || fail "slave1 has $left slots, and one is drawn"

# Secrets: in files of mode 0600, in no event, in no log of Ansible.
secret="$(cat "$work/five.ansible/secrets/replication")"
if grep -rlF "$secret" "$work/five.ansible" --include='*.log' --include='*.json' --include='*.yml' "$work/events"; then fail "a password is in the files above"; fi
if find "$work/five.ansible/secrets" -type f ! -perm 600 | grep .; then fail "others can read the secrets above"; fi
echo "as drawn: five hosts by Ansible"
