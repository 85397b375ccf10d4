#!/usr/bin/env bash
# Builds dist/: a .deb, a tarball with the same files, and their SHA-256 sums.
#
#   packaging/package.sh
#
# The program comes from `cargo build --release --locked`, or is the file that PGCASCADE_BINARY names, so that a package
# can be tried without a release build. It makes the man pages and completion scripts itself. The same program gives the
# same bytes: every time in a package is SOURCE_DATE_EPOCH (by default the last commit's), every owner root.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022
export LC_ALL=C TZ=UTC

fail() {
  echo "package.sh: $1" >&2
  exit 1
}

for tool in dpkg-deb dpkg-query strip objdump ldd; do
  command -v "$tool" >/dev/null || fail "$tool is missing (Debian and Ubuntu: dpkg, binutils, libc-bin)"
done

# Cargo.toml's own version is the first one in it.
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
[ -n "$version" ] || fail "Cargo.toml names no version"
architecture=$(dpkg --print-architecture)
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) || fail "this is not a git repository: set SOURCE_DATE_EPOCH"
fi
export SOURCE_DATE_EPOCH

binary=${PGCASCADE_BINARY:-}
if [ -z "$binary" ]; then
  cargo build --release --locked
  binary=${CARGO_TARGET_DIR:-target}/release/pgcascade
fi
[ -x "$binary" ] || fail "$binary is not a program"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
share=$root/usr/share
doc=$share/doc/pgcascade

# The program leaves its log where XDG_STATE_HOME says.
ask() {
  XDG_STATE_HOME="$work/state" "$program" "$@"
}

# put SOURCE TARGET: copies a file, with the folders above it.
put() {
  install -D -m 644 "$1" "$2"
}

install -D -m 755 "$binary" "$root/usr/bin/pgcascade"
program=$root/usr/bin/pgcascade
strip --strip-unneeded "$program"
[ "$(ask --version)" = "pgcascade $version" ] || fail "$binary is not version $version, which Cargo.toml names"

ask man --output "$share/man/man1" 2>"$work/notes" || fail "there are no man pages: $(cat "$work/notes")"
gzip --best --no-name "$share"/man/man1/*.1
ask completions bash >"$work/bash"
ask completions zsh >"$work/zsh"
ask completions fish >"$work/fish"
put "$work/bash" "$share/bash-completion/completions/pgcascade"
put "$work/zsh" "$share/zsh/vendor-completions/_pgcascade"
put "$work/fish" "$share/fish/vendor_completions.d/pgcascade.fish"
put packaging/linux/pgcascade.desktop "$share/applications/pgcascade.desktop"
put packaging/linux/pgcascade.svg "$share/icons/hicolor/scalable/apps/pgcascade.svg"
mkdir -p "$doc"
gzip --best --no-name <CHANGELOG.md >"$doc/changelog.gz"

{
  cat <<'TEXT'
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: pgcascade

Files: *
TEXT
  sed -n 's/^Copyright (c) /Copyright: /p' LICENSE-MIT
  cat <<'TEXT'
License: Expat or Apache-2.0

License: Expat
TEXT
  # The terms begin behind the title and the line of the copyright; an empty line is a dot here.
  sed -e '1,/^Copyright/d' LICENSE-MIT | sed -e '1{/^$/d}' -e 's/^$/./' -e 's/^/ /'
  cat <<'TEXT'

License: Apache-2.0
 On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.
TEXT
} >"$doc/copyright"

# owning_package LIBRARY: the package that a library of this machine belongs to. Its path may go through /lib or /usr/lib.
owning_package() {
  dpkg-query --search "*/${1##*/}" 2>/dev/null | sed -n '1s/:.*//p'
}

# What the program is linked with. Of libc the oldest version that has every symbol it uses; of the others any will do.
glibc=$(objdump -T "$program" | grep -o 'GLIBC_[0-9][0-9.]*' | sort -uV | tail -n 1)
depends="libc6 (>= ${glibc#GLIBC_})"
libraries=$(ldd "$program" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | sort)
for library in $libraries; do
  package=$(owning_package "$library")
  [ -n "$package" ] || fail "no package has $library, which $binary is linked with"
  case ", $depends," in
    *", $package,"* | *", $package ("*) ;;
    *) depends="$depends, $package" ;;
  esac
done

control=$root/DEBIAN
mkdir -p "$control"
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$control/md5sums"
kibibytes=$(find "$root/usr" -type f -printf '%s\n' | awk '{ sum += int(($1 + 1023) / 1024) } END { print sum }')
# Everything of the window is loaded when it opens: a server without a desktop can leave it out (--no-install-recommends).
cat >"$control/control" <<TEXT
Package: pgcascade
Version: $version
Architecture: $architecture
Maintainer: ${PGCASCADE_MAINTAINER:-The pgcascade contributors <pgcascade@localhost>}
Installed-Size: $kibibytes
Depends: $depends
Recommends: postgresql, libx11-6, libx11-xcb1, libxcursor1, libxi6, libxkbcommon-x11-0, libxkbcommon0, libgl1, libgl1-mesa-dri, libegl1, libwayland-client0, libwayland-egl1
Suggests: xdg-desktop-portal, bash-completion
Section: database
Priority: optional
Description: designer for PostgreSQL replication clusters
 Draw a PostgreSQL replication cluster before it exists: a primary, standbys
 under it, standbys under standbys. pgcascade says what is wrong with it,
 exports its configuration as a tarball, and runs it on your own machine.
 .
 The same program works in a window and in the terminal.
TEXT

same_time() {
  find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
}

mkdir -p dist
deb=pgcascade_${version}_$architecture.deb
same_time "$root"
# One thread: how xz cuts its input depends on how many there are.
DPKG_DEB_THREADS_MAX=1 dpkg-deb --root-owner-group -Zxz --build "$root" "$work/$deb" >/dev/null

folder=pgcascade-$version
tarball=$folder-$(uname -m)-linux.tar.gz
mkdir "$work/tar"
mv "$root/usr" "$work/tar/$folder"
put LICENSE-MIT "$work/tar/$folder/LICENSE-MIT"
put LICENSE-APACHE "$work/tar/$folder/LICENSE-APACHE"
put packaging/linux/README.md "$work/tar/$folder/README.md"
same_time "$work/tar"
tar --create --directory "$work/tar" --sort=name --owner=0 --group=0 --numeric-owner --format=gnu "$folder" |
  gzip --no-name >"$work/$tarball"

mv "$work/$deb" "$work/$tarball" dist/
(cd dist && sha256sum "$deb" "$tarball" >SHA256SUMS)
(cd dist && ls -l "$deb" "$tarball" SHA256SUMS)
