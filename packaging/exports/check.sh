#!/usr/bin/env bash
# Feeds exports of many designs to the tools that they are for: `make test-exports`. Needs the network once, to fetch the tools into
# a cache folder. A target without its tool on this machine is reported as not checked, never as passed.
set -euo pipefail
here="$(cd -- "$(dirname -- "$0")" && pwd -P)"
root="$(cd -- "$here/../.." && pwd -P)"
pgcascade="${PGCASCADE:-$root/target/debug/pgcascade}"
# Patroni runs as postgres, who reads nothing below /root.
cache="${XDG_CACHE_HOME:-$HOME/.cache}"
[[ $(id -u) != 0 ]] || cache=/var/cache
tools="${PGCASCADE_EXPORT_TOOLS:-$cache/pgcascade/export-tools}"
python="$(PATH=/usr/bin:/bin command -v python3 || command -v python3)"
work="$(mktemp -d)"
trap 'rm -rf -- "$work"' EXIT
checked=0 failed=0
declare -A missing=()

say() { printf '%s\n' "$*"; }
bad() { failed=$((failed + 1)); say "FAILED $*"; }
good() { checked=$((checked + 1)); }

if [[ ! -x $tools/bin/ansible-playbook ]]; then
    if ! "$python" -m venv "$tools" || ! "$tools/bin/pip" install -q ansible-core 'patroni[etcd3,psycopg3]' jsonschema pyyaml; then
        say "The Python tools cannot be installed in $tools"
    fi
fi

scripts() { # NAME FOLDER
    local file
    while IFS= read -r file; do
        if bash -n "$file" && { ! command -v shellcheck >/dev/null || shellcheck -S warning "$file" >"$work/said"; }; then
            good
        else
            bad "$1: ${file#"$2"/}"
            cat -- "$work/said" 2>/dev/null || true
        fi
    done < <(find "$2" -type f -perm -u+x)
}

check_systemd() { # NAME FOLDER
    command -v systemd-analyze >/dev/null || { missing[systemd]=systemd-analyze; return; }
    local unit target units="$work/units"
    rm -rf -- "$units" && cp -R -- "$2/units" "$units"
    unit="$(cd "$units" && echo pgcascade-*@.service)"
    target="${unit%@.service}.target"
    cp -- "$units/$unit" "$units/${unit%.service}x.service"
    # An unknown key or a bad value is a line, and no failure. Programs of another version are not on this machine.
    if (cd "$units" && systemd-analyze verify --man=no "./${unit%.service}x.service" "./$target" 2>&1) | grep -v 'is not executable' | grep .; then
        bad "$1 systemd"
    else
        good
    fi
}

check_compose() { # NAME FOLDER
    local compose
    if docker compose version >/dev/null 2>&1; then compose=(docker compose); elif command -v docker-compose >/dev/null; then compose=(docker-compose); else
        missing[compose]=docker-compose
        return
    fi
    mkdir -p -- "$2/secrets"
    if (cd "$2" && touch secrets/superuser secrets/replication && "${compose[@]}" config -q); then good; else bad "$1 compose"; fi
}

check_ansible() { # NAME FOLDER
    [[ -x $tools/bin/ansible-playbook ]] || { missing[ansible]=ansible-core; return; }
    if (cd "$2" && ANSIBLE_LOCAL_TEMP="$work/ansible" "$tools/bin/ansible-playbook" --syntax-check site.yml >/dev/null &&
        "$tools/bin/ansible-inventory" --list >"$work/inventory.json" && python3 -m json.tool "$work/inventory.json" >/dev/null); then
        good
    else
        bad "$1 ansible"
    fi
    # With every host on this machine: --check must change nothing and need no server, on hosts that have nothing yet.
    if (cd "$2" && secrets "$2" "$work/drawn" && ANSIBLE_LOCAL_TEMP="$work/ansible" "$tools/bin/ansible-playbook" --check site.yml \
        -e ansible_connection=local -e ansible_python_interpreter="$python" -e pg_secrets="$work/drawn" -e pg_base="$work/nowhere") >"$work/said" 2>&1 && [[ ! -e $work/nowhere ]]; then
        good
    else
        bad "$1 ansible --check: $(grep -E 'fatal|ERROR' "$work/said")"
    fi
}

secrets() { # EXPORT FOLDER
    local script
    rm -rf -- "$2"
    mkdir -p -- "$2"
    for script in passwords certificates; do
        if [[ -x $1/$script ]]; then "$1/$script" "$2" >/dev/null 2>&1; fi
    done
}

check_patroni() { # NAME FOLDER
    [[ -x $tools/bin/patroni ]] || { missing[patroni]=patroni; return; }
    mkdir -p -- "$work/secrets"
    printf 'x\n' >"$work/secrets/superuser"
    printf 'x\n' >"$work/secrets/replication"
    (cd "$2" && ./secrets-into "$work/patroni" "$work/secrets" >/dev/null)
    if "$tools/bin/python" "$here/patroni.py" "$tools/bin/patroni" "$work"/patroni/*.yml; then good; else bad "$1 patroni"; fi
    rm -rf -- "$work/patroni"
}

check_repmgr() { # NAME FOLDER
    command -v repmgr >/dev/null || { missing[repmgr]=repmgr; return; }
    local file code said
    for file in "$2"/repmgr/*.conf; do
        code=0
        # 6: the file is good, and the database does not answer; 1: the file is bad.
        said="$(repmgr_as_somebody -f "$file" cluster show 2>&1)" || code=$?
        if [[ $code == 6 && $said != *"unknown name/value pair"* ]]; then good; else bad "$1 repmgr ${file##*/}: $code: $said"; fi
    done
}

# repmgr refuses root.
repmgr_as_somebody() {
    if [[ $(id -u) == 0 ]]; then chmod -R a+rX "$work" && runuser -u nobody -- repmgr "$@"; else repmgr "$@"; fi
}

check_cloudnativepg() { # NAME FOLDER
    local crd="${PGCASCADE_CNPG_CRD:-$tools/clusters.yaml}"
    if [[ ! -e $crd ]]; then
        curl -fsSLo "$crd" https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg/main/config/crd/bases/postgresql.cnpg.io_clusters.yaml 2>/dev/null || rm -f -- "$crd"
    fi
    [[ -e $crd && -x $tools/bin/python ]] || { missing[cloudnativepg]="the operator's CRD"; return; }
    if "$tools/bin/python" "$here/cloudnativepg.py" "$crd" "$2"/*.yaml; then good; else bad "$1 cloudnativepg"; fi
}

for design in "$root"/assets/templates/*.toml "$here"/*.toml; do
    name="$(basename -- "$design" .toml)"
    for target in hosts systemd compose ansible patroni repmgr cloudnativepg; do
        folder="$work/$name/$target"
        "$pgcascade" export "$design" --to "$target" --losses --json >"$work/losses.json"
        python3 -m json.tool "$work/losses.json" >/dev/null || bad "$name $target: the losses are not JSON"
        if ! "$pgcascade" export "$design" --to "$target" -o "$folder" 2>"$work/said"; then
            if grep -q 'works with PostgreSQL' "$work/said"; then continue; fi
            bad "$name $target: $(cat "$work/said")"
            continue
        fi
        scripts "$name $target" "$folder"
        [[ $target == hosts ]] || "check_$target" "$name" "$folder"
    done
    # So that a long run can be followed.
    say "$name: $checked checks passed so far, $failed failed, after $SECONDS s"
done
# Random designs, read by the parsers of YAML and of INI files.
if [[ -n ${PGCASCADE_EXPORTS:-} ]]; then
    if (cd "$root" && PGCASCADE_EXPORTS_KEEP="$work/random" cargo test --quiet --locked --test suite random_designs >"$work/said" 2>&1) &&
        "$tools/bin/python" "$here/parse.py" "$work/random"; then good; else bad "random designs"; cat -- "$work/said"; fi
fi

# What runs here runs: on hosts of their own, which are namespaces.
runs() { # NAME COMMAND…
    local name="$1"
    shift
    if [[ $(id -u) != 0 ]]; then missing[$name]="root"; return; fi
    if PATH="$tools/bin:$PATH" "$@" >"$work/said" 2>&1; then
        good
        sed "s|^|$name: |" "$work/said"
    else
        bad "$name"
        cat -- "$work/said"
    fi
}
if command -v sshd >/dev/null || [[ -x /usr/sbin/sshd ]]; then
    for design in "$here"/designs/hosts-*.toml; do
        for layout in folder debian rhel; do
            runs "hosts $layout $(basename -- "$design" .toml)" "$here/follow.sh" "$pgcascade" "$design" "$layout"
        done
    done
    runs "hosts load" "$here/load.sh" "$pgcascade" "$root"/assets/templates/*.toml "$here"/*.toml "$here"/designs/*.toml
    if [[ -x $tools/bin/ansible-playbook ]]; then runs "ansible run" "$here/ansible.sh" "$pgcascade"; fi
else
    missing[hosts]="openssh-server"
fi
if command -v etcd >/dev/null && [[ -x $tools/bin/patroni ]]; then
    runs "patroni run" "$here/patroni.sh" "$pgcascade" "$tools"
else
    missing["patroni run"]="etcd"
fi
if command -v repmgr >/dev/null; then runs "repmgr run" "$here/repmgr.sh" "$pgcascade"; fi

say "$checked checks passed, $failed failed"
for target in "${!missing[@]}"; do
    say "not checked: $target (needs ${missing[$target]})"
done
((failed == 0))
