#!/usr/bin/env bash
# Builds dist/: of the designer (pgcascade) and of its headless twin (pgcascade-cli) a .deb, an .rpm where rpmbuild is
# installed, and a tarball with the same files; and the SHA-256 sums of all.
#
#   packaging/package.sh
#
# The programs come from `cargo build --release --locked`, or are the files that PGCASCADE_BINARY and PGCASCADE_CLI_BINARY
# name, so that a package can be tried without a release build; with only one of them, only its packages are built. The
# program makes the man pages and completion scripts itself. The same program gives the same bytes: every time in a package
# is SOURCE_DATE_EPOCH (by default the last commit's), every owner root.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022
export LC_ALL=C TZ=UTC

fail() {
  echo "package.sh: $1" >&2
  exit 1
}

for tool in cargo python3 dpkg-deb dpkg-query strip objdump ldd; do
  command -v "$tool" >/dev/null || fail "$tool is missing (Debian and Ubuntu: dpkg, binutils, libc-bin, python3)"
done

# Cargo.toml's own version is the first one in it.
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
[ -n "$version" ] || fail "Cargo.toml names no version"
architecture=$(dpkg --print-architecture)
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) || fail "this is not a git repository: set SOURCE_DATE_EPOCH"
fi
export SOURCE_DATE_EPOCH

# binary_of FEATURES…: builds the program with these, and prints where it is.
build() {
  local way=(cargo build)
  # Where that tool is, the programs name the crates in them, for whoever looks for vulnerable ones (cargo audit bin).
  if command -v cargo-auditable >/dev/null; then way=(cargo auditable build); fi
  "${way[@]}" --release --locked "$@" >&2
  echo "${CARGO_TARGET_DIR:-target}/release/pgcascade"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

window=${PGCASCADE_BINARY:-}
headless=${PGCASCADE_CLI_BINARY:-}
if [ -z "$window$headless" ]; then
  # One after the other: both are built at the same place.
  install -m 755 "$(build --no-default-features)" "$work/headless"
  install -m 755 "$(build)" "$work/window"
  window=$work/window headless=$work/headless
fi

# put SOURCE TARGET: copies a file, with the folders above it.
put() {
  install -D -m 644 "$1" "$2"
}

same_time() {
  find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
}

copyright() {
  cat <<'TEXT'
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: pgcascade

Files: *
TEXT
  sed -n 's/^Copyright (c) /Copyright: /p' LICENSE-MIT
  cat <<'TEXT'
License: Expat or Apache-2.0

Files: assets/fonts/*
Copyright: 2022 The Noto Project Authors
License: OFL-1.1

License: Expat
TEXT
  # The terms begin behind the title and the line of the copyright; an empty line is a dot here.
  sed -e '1,/^Copyright/d' LICENSE-MIT | sed -e '1{/^$/d}' -e 's/^$/./' -e 's/^/ /'
  cat <<'TEXT'

License: Apache-2.0
 On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.

License: OFL-1.1
TEXT
  sed -e 's/[[:space:]]*$//' -e 's/^$/./' -e 's/^/ /' assets/fonts/OFL.txt
}

# owning_package LIBRARY: the package that a library of this machine belongs to. Its path may go through /lib or /usr/lib.
owning_package() {
  dpkg-query --search "*/${1##*/}" 2>/dev/null | sed -n '1s/:.*//p'
}

# stage ROOT BINARY NAME: everything that a package installs.
stage() {
  local root=$1 binary=$2 name=$3 share=$1/usr/share program=$1/usr/bin/pgcascade
  [ -x "$binary" ] || fail "$binary is not a program"
  install -D -m 755 "$binary" "$program"
  strip --strip-unneeded "$program"
  # The program leaves its log where XDG_STATE_HOME says.
  ask() {
    XDG_STATE_HOME="$work/state" "$program" "$@"
  }
  [ "$(ask --version)" = "pgcascade $version" ] || fail "$binary is not version $version, which Cargo.toml names"
  ask man --output "$share/man/man1" 2>"$work/notes" || fail "there are no man pages: $(cat "$work/notes")"
  gzip --best --no-name "$share"/man/man1/*.1
  ask completions bash >"$work/bash"
  ask completions zsh >"$work/zsh"
  ask completions fish >"$work/fish"
  put "$work/bash" "$share/bash-completion/completions/pgcascade"
  put "$work/zsh" "$share/zsh/vendor-completions/_pgcascade"
  put "$work/fish" "$share/fish/vendor_completions.d/pgcascade.fish"
  if [ "$name" = pgcascade ]; then
    put packaging/linux/pgcascade.desktop "$share/applications/pgcascade.desktop"
    put packaging/linux/pgcascade.svg "$share/icons/hicolor/scalable/apps/pgcascade.svg"
  fi
  mkdir -p "$share/doc/$name"
  gzip --best --no-name <CHANGELOG.md >"$share/doc/$name/changelog.gz"
  copyright >"$share/doc/$name/copyright"
  local features=()
  [ "$name" = pgcascade ] || features=(--no-default-features)
  packaging/notices.py "${features[@]}" >"$work/notices" || fail "the crates' licences cannot be collected"
  gzip --best --no-name <"$work/notices" >"$share/doc/$name/THIRD-PARTY.gz"
}

# depends PROGRAM: what it is linked with. Of libc the oldest version that has every symbol it uses; of the others any will do.
depends() {
  local glibc found library package
  glibc=$(objdump -T "$1" | grep -o 'GLIBC_[0-9][0-9.]*' | sort -uV | tail -n 1)
  found="libc6 (>= ${glibc#GLIBC_})"
  for library in $(ldd "$1" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | sort); do
    package=$(owning_package "$library")
    [ -n "$package" ] || fail "no package has $library, which the program is linked with"
    case ", $found," in
      *", $package,"* | *", $package ("*) ;;
      *) found="$found, $package" ;;
    esac
  done
  echo "$found"
}

summary_of() {
  if [ "$1" = pgcascade ]; then
    echo "designer for PostgreSQL replication clusters"
  else
    echo "designer for PostgreSQL replication clusters, command line only"
  fi
}

description_of() {
  cat <<'TEXT'
Draw a PostgreSQL replication cluster before it exists: a primary, standbys
under it, standbys under standbys. pgcascade says what is wrong with it,
exports its configuration as a tarball, and runs it on your own machine.

TEXT
  if [ "$1" = pgcascade ]; then
    echo "The same program works in a window and in the terminal."
  else
    echo "This is the program without its window, for servers and CI."
  fi
}

# deb ROOT NAME
deb() {
  local root=$1 name=$2 control=$1/DEBIAN kibibytes more file=${2}_${version}_$architecture.deb
  mkdir -p "$control"
  (cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$control/md5sums"
  kibibytes=$(find "$root/usr" -type f -printf '%s\n' | awk '{ sum += int(($1 + 1023) / 1024) } END { print sum }')
  # Everything of the window is loaded when it opens: a server without a desktop can leave it out (--no-install-recommends).
  if [ "$name" = pgcascade ]; then
    more="Conflicts: pgcascade-cli
Recommends: postgresql, libx11-6, libx11-xcb1, libxcursor1, libxi6, libxkbcommon-x11-0, libxkbcommon0, libgl1, libgl1-mesa-dri, libegl1, libwayland-client0, libwayland-egl1
Suggests: xdg-desktop-portal, bash-completion"
  else
    more="Conflicts: pgcascade
Recommends: postgresql
Suggests: bash-completion"
  fi
  cat >"$control/control" <<TEXT
Package: $name
Version: $version
Architecture: $architecture
Maintainer: ${PGCASCADE_MAINTAINER:-The pgcascade contributors <pgcascade@localhost>}
Installed-Size: $kibibytes
Depends: $(depends "$root/usr/bin/pgcascade")
$more
Section: database
Priority: optional
Description: $(summary_of "$name")
$(description_of "$name" | sed -e 's/^$/./' -e 's/^/ /')
TEXT
  same_time "$root"
  # One thread: how xz cuts its input depends on how many there are.
  DPKG_DEB_THREADS_MAX=1 dpkg-deb --root-owner-group -Zxz --build "$root" "dist/$file" >/dev/null
  rm -rf "$control"
  made+=("$file")
}

# rpm ROOT NAME: rpmbuild finds out itself what the program is linked with.
rpm() {
  local root=$1 name=$2 top=$work/rpm-$2 machine other more file
  machine=$(uname -m)
  file=$name-$version-1.$machine.rpm
  if [ "$name" = pgcascade ]; then
    other=pgcascade-cli
    more="Recommends: libX11 libX11-xcb libXcursor libXi libxkbcommon-x11 libglvnd-glx libglvnd-egl mesa-dri-drivers"
  else
    other=pgcascade
    more=""
  fi
  mkdir -p "$top"
  {
    cat <<TEXT
Name: $name
Version: $version
Release: 1
Summary: $(summary_of "$name")
License: MIT OR Apache-2.0
Conflicts: $other
Recommends: postgresql-server
$more
%description
$(description_of "$name")
%files
TEXT
    # Fedora has the completions of zsh elsewhere.
    (cd "$root" && find usr -type f -printf '/%p\n' | sort | sed 's|/zsh/vendor-completions/|/zsh/site-functions/|')
  } >"$top/spec"
  # rpmbuild empties the folder that it packs.
  cat >"$top/fill" <<TEXT
cp -a "$root/usr" "\$1/"
mkdir -p "\$1/usr/share/zsh/site-functions"
mv "\$1"/usr/share/zsh/vendor-completions/* "\$1/usr/share/zsh/site-functions/"
rmdir "\$1/usr/share/zsh/vendor-completions"
TEXT
  sed -i "s|^%description|%install\nmkdir -p %{buildroot}\nbash $top/fill %{buildroot}\n%description|" "$top/spec"
  rpmbuild -bb --quiet --target "$machine" \
    --define "_topdir $top" --define "_rpmdir $top/out" --define "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm" \
    --define "_buildhost localhost" --define "use_source_date_epoch_as_buildtime 1" \
    --define "clamp_mtime_to_source_date_epoch 1" --define "_binary_payload w9.gzdio" \
    --define "__os_install_post %{nil}" --define "debug_package %{nil}" --define "_build_id_links none" \
    "$top/spec" >"$work/notes" 2>&1 || fail "rpmbuild failed: $(cat "$work/notes")"
  mv "$top/out/$file" dist/
  made+=("$file")
}

# tarball ROOT NAME: the same without a package manager.
tarball() {
  local root=$1 name=$2 folder=$2-$version file
  file=$folder-$(uname -m)-linux.tar.gz
  mkdir "$work/tar-$name"
  mv "$root/usr" "$work/tar-$name/$folder"
  put LICENSE-MIT "$work/tar-$name/$folder/LICENSE-MIT"
  put LICENSE-APACHE "$work/tar-$name/$folder/LICENSE-APACHE"
  put packaging/linux/README.md "$work/tar-$name/$folder/README.md"
  same_time "$work/tar-$name"
  tar --create --directory "$work/tar-$name" --sort=name --owner=0 --group=0 --numeric-owner --format=gnu "$folder" |
    gzip --no-name >"dist/$file"
  made+=("$file")
}

rm -rf dist
mkdir -p dist
made=()
pack() {
  local name=$1 binary=$2 root=$work/root-$1
  stage "$root" "$binary" "$name"
  deb "$root" "$name"
  if command -v rpmbuild >/dev/null; then rpm "$root" "$name"; else echo "package.sh: no .rpm, since rpmbuild is missing (package rpm)" >&2; fi
  tarball "$root" "$name"
}
[ -z "$window" ] || pack pgcascade "$window"
[ -z "$headless" ] || pack pgcascade-cli "$headless"
(cd dist && sha256sum "${made[@]}" >SHA256SUMS)
(cd dist && ls -l "${made[@]}" SHA256SUMS)
