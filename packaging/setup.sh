#!/usr/bin/env bash
# Installs what the commands of the Makefile need beside Rust and a C compiler, on Debian and Ubuntu.
#
#   packaging/setup.sh run            a PostgreSQL server; the window's libraries, if there is a display
#   packaging/setup.sh test           a PostgreSQL server, openssl, iproute2, ShellCheck
#   packaging/setup.sh test-versions  a PostgreSQL server, openssl, npm
#   packaging/setup.sh test-advice    a PostgreSQL server, openssl, Python's venv
#   packaging/setup.sh test-exports   PostgreSQL, etcd, repmgr, sshd and what else the exports are tried with
#   packaging/setup.sh test-report    Chromium, which opens the report of an audit
#   packaging/setup.sh test-strace    strace, which says what root does
#   packaging/setup.sh fuzz-guided    a C++ compiler
#   packaging/setup.sh lint           ShellCheck
#   packaging/setup.sh package        rpmbuild, and the C compiler, whose binutils read and strip the program
#
# Says what it is going to install before it does, installs only what is missing, and does not touch apt when
# nothing is. As root directly, as a user through sudo; without either it names the packages and stops.
set -euo pipefail

purpose=${1:-}
packages=()
reasons=()

# need WHY PACKAGE…: notes the packages that are not installed.
need() {
  local why=$1 package found=()
  shift
  for package in "$@"; do
    is_installed "$package" || found+=("$package")
  done
  [ ${#found[@]} -eq 0 ] && return
  packages+=("${found[@]}")
  reasons+=("  ${found[*]}: $why")
}

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# A server of any version is enough, also one that apt did not bring.
has_postgres() {
  local bin
  for bin in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin; do
    [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] && return
  done
  command -v initdb >/dev/null && command -v postgres >/dev/null
}

need_postgres() {
  has_postgres || need "the PostgreSQL server, which the clusters are made of" postgresql
}

need_npm() {
  command -v npm >/dev/null || need "npm, which brings servers of other versions" npm
}

need_shellcheck() {
  command -v shellcheck >/dev/null || need "ShellCheck, which reads every script that is generated" shellcheck
}

need_rpm() {
  command -v rpmbuild >/dev/null || need "rpmbuild, which makes the .rpm" rpm
}

need_hosts() {
  command -v ip >/dev/null || need "network namespaces, which stand for hosts of their own" iproute2
}

need_openssl() {
  command -v openssl >/dev/null || need "openssl, with which a bundle's scripts make certificates" openssl
}

# Everything graphical is loaded when the window opens; nothing of it is needed to build.
need_window() {
  # Other systems name these otherwise; where there is a desktop, they are there.
  command -v dpkg-query >/dev/null || return 0
  if [ -n "${DISPLAY:-}" ]; then
    need "the window on X11" \
      libx11-6 libx11-xcb1 libxcursor1 libxi6 libxkbcommon-x11-0 libgl1 libgl1-mesa-dri
  fi
  if [ -n "${WAYLAND_DISPLAY:-}" ]; then
    need "the window on Wayland" \
      libwayland-client0 libwayland-egl1 libegl1 libxkbcommon0 libgl1-mesa-dri
  fi
}

case $purpose in
  run) need_postgres; need_window ;;
  test) need_postgres; need_openssl; need_hosts; need_shellcheck ;;
  test-versions) need_postgres; need_openssl; need_npm ;;
  test-advice) need_postgres; need_openssl; need "pip, which brings complete installations" python3-venv ;;
  test-exports)
    need_postgres; need_openssl; need_shellcheck
    need "hosts of their own (namespaces), and the way to them" iproute2 openssh-server openssh-client sudo
    need "the tools that exports are for" python3-venv etcd-server repmgr postgresql-15-repmgr docker-compose systemd
    ;;
  test-strace)
    command -v strace >/dev/null || need "strace, which says what root does" strace
    ;;
  test-report) command -v chromium >/dev/null || need "Chromium, which opens the report of an audit" chromium ;;
  fuzz-guided) command -v g++ >/dev/null || need "a C++ compiler, which builds libFuzzer" g++ ;;
  lint) need_shellcheck ;;
  package) need_rpm ;;
  *) echo "usage: packaging/setup.sh run|test|test-versions|test-advice|test-exports|test-report|test-strace|fuzz-guided|lint|package" >&2; exit 2 ;;
esac

command -v cc >/dev/null || need "a C compiler, which links every Rust program" gcc libc6-dev

[ ${#packages[@]} -eq 0 ] && exit 0

mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
echo "make $purpose needs packages that are not installed:"
printf '%s\n' "${reasons[@]}"

if ! command -v apt-get >/dev/null; then
  echo "This is not Debian or Ubuntu: install what corresponds to them, then run it again." >&2
  exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
  as_root=()
elif command -v sudo >/dev/null; then
  as_root=(sudo)
else
  echo "Installing needs root or sudo, and there is neither. Let somebody run, then try again:" >&2
  echo "  apt-get install --no-install-recommends ${packages[*]}" >&2
  exit 1
fi

# Debian starts a server of its own on port 5432 when the first server package is installed. pgcascade makes
# its own servers, and the seed's primary wants that port: while we install, that is switched off.
no_cluster=/etc/postgresql-common/createcluster.d/pgcascade-setup.conf
keep_port_free() {
  case " ${packages[*]} " in *" postgresql "*) ;; *) return 0 ;; esac
  echo "Debian's own server on port 5432 is not created ($no_cluster, while installing)."
  trap '"${as_root[@]}" rm -f "$no_cluster"' EXIT
  "${as_root[@]}" mkdir -p "${no_cluster%/*}"
  echo "create_main_cluster = false" | "${as_root[@]}" tee "$no_cluster" >/dev/null
}

install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
  apt-get install --yes --quiet --no-install-recommends "${packages[@]}")
echo "Installing: ${install[*]}"
keep_port_free
# A repository of somebody else that does not answer must not be in the way of what Debian itself has.
"${as_root[@]}" apt-get update --quiet || echo "apt-get update had problems; trying to install all the same" >&2
"${install[@]}"
