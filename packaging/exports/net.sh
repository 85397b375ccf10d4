#!/usr/bin/env bash
# Hosts for the tests of exports: each is a network namespace with processes, mounts and a name of its own, whose files are this
# machine's with a layer of its own above them (in memory), and an sshd. Needs root, overlayfs, iproute2, openssh-server.
#
#   net.sh up DIR N        make hosts 10.77.0.11 … for N hosts, and what reaches them: DIR/ssh_config, DIR/key
#   net.sh at DIR K CMD…   run a command on host K (1 … N) as root
#   net.sh from DIR CMD…   run a command beside the hosts, in their network: `ssh 10.77.0.11` works there
#   net.sh down DIR        end the hosts and what runs on them
# All hosts share /srv/shared, as a mounted archive: DIR/shared.
set -euo pipefail

verb="${1:?up, at, from or down}"
dir="$(realpath -m -- "${2:?a folder}")"
shift 2
# Namespaces have names of their own for each folder, so that several networks can be there at once.
tag="pgx$(printf %s "$dir" | cksum | cut -d' ' -f1)"

up() { # N
    local n="$1" k
    mkdir -p -- "$dir/shared/archive"
    chmod 755 -- "$dir"
    chown -R postgres: "$dir/shared"
    ssh-keygen -q -t ed25519 -N '' -f "$dir/key"
    ssh-keygen -q -t ed25519 -N '' -f "$dir/hostkey"
    cat >"$dir/ssh_config" <<CONFIG
Host 10.77.0.*
    User root
    IdentityFile $dir/key
    IdentitiesOnly yes
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
    LogLevel ERROR
    ControlPath none
CONFIG
    ip netns add "$tag"
    ip -n "$tag" link set lo up
    ip -n "$tag" link add br0 type bridge
    ip -n "$tag" addr add 10.77.0.1/24 dev br0
    ip -n "$tag" link set br0 up
    for ((k = 1; k <= n; k++)); do host "$k" & done
    wait
    for ((k = 1; k <= n; k++)); do
        local tries=0
        until at "$k" true 2>/dev/null && ip netns exec "$tag" bash -c ": </dev/tcp/10.77.0.$((10 + k))/22" 2>/dev/null; do
            ((tries += 1))
            ((tries < 2400)) || { echo "host $k does not come up: $(cat "$dir/$k/log")" >&2; exit 1; }
            sleep 0.05
        done
    done
}

host() { # K
    local k="$1" ns="$tag-$1" place="$dir/$1"
    mkdir -p -- "$place"
    ip netns add "$ns"
    ip -n "$ns" link set lo up
    ip link add "v$k" netns "$tag" type veth peer name eth0 netns "$ns"
    ip -n "$tag" link set "v$k" master br0 up
    ip -n "$ns" addr add "10.77.0.$((10 + k))/24" dev eth0
    ip -n "$ns" link set eth0 up
    # The process whose end ends the host; it ignores TERM, as the first of its namespace.
    setsid ip netns exec "$ns" unshare --pid --mount --uts --ipc --fork --kill-child bash -c "$INSIDE" host "$place" "$k" "$dir" \
        >"$place/log" 2>&1 </dev/null &
    echo $! >"$place/pid"
}

# What a host does first; it stays as the parent of all that runs there.
# shellcheck disable=SC2016  # it is expanded by the shell that runs it
INSIDE='
set -euo pipefail
place="$1" k="$2" dir="$3"
mount --make-rprivate /
hostname "host$k"
mkdir -p -- "$place/mem"
mount -t tmpfs -o mode=755 mem "$place/mem"
mkdir "$place/mem/upper" "$place/mem/work" "$place/mem/root"
mount -t overlay over -o "lowerdir=/,upperdir=$place/mem/upper,workdir=$place/mem/work" "$place/mem/root"
cd "$place/mem/root"
mount -t proc proc proc
mount --rbind /dev dev
mkdir -p srv/shared
mount --bind "$dir/shared" srv/shared
mount -t tmpfs -o mode=755 run run
mount -t tmpfs -o mode=1777 tmp tmp
mkdir -p run/sshd run/postgresql root/.ssh
chown postgres: run/postgresql
chmod 2775 run/postgresql
install -m 600 "$dir/key.pub" root/.ssh/authorized_keys
chmod 700 root root/.ssh
install -m 600 "$dir/hostkey" run/hostkey
: >etc/environment
printf "127.0.0.1 localhost\n127.0.0.1 host%s\n" "$k" >etc/hosts
chroot . /usr/sbin/sshd -D -o HostKey=/run/hostkey -o UsePAM=no -o PidFile=none -o StrictModes=no -o MaxStartups=100 -o LogLevel=ERROR -e &
exec chroot . sleep infinity
'

at() { # K CMD…
    local pid outer
    outer="$(cat -- "$dir/$1/pid")"
    pid="$(cat -- "/proc/$outer/task/$outer/children")"
    shift
    nsenter -t "${pid%% *}" --net --mount --uts --ipc --pid --root --wd -- "$@"
}

down() {
    local k
    for k in "$dir"/*/pid; do
        [[ -e $k ]] || continue
        kill -KILL "$(cat -- "$k")" 2>/dev/null || true
    done
    for k in $(ip netns list | awk '{print $1}' | grep -E "^$tag(-|$)" || true); do
        ip netns del "$k" || true
    done
}

case $verb in
    up) up "${1:?how many hosts}" ;;
    at) at "$@" ;;
    from) exec ip netns exec "$tag" "$@" ;;
    down) down ;;
    *) echo "unknown: $verb" >&2; exit 2 ;;
esac
