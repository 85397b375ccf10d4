#!/usr/bin/env bash
# Writes assets/parameters/catalogue.txt anew: every server parameter of the PostgreSQL versions whose program folders
# are given, as the servers themselves describe it. The program reads that file, so this is needed only when a
# new version appears; it stands here and not under tests/ because what it makes is shipped.
#
#   packaging/catalogue.sh /usr/lib/postgresql/15/bin /somewhere/18/bin …
#
# Give every version from 10 on: the file holds what was read and nothing else. Besides those servers it needs psql, of
# any version. Each server is started in a temporary folder on a socket (no TCP port) and stopped again.
set -euo pipefail
export LC_ALL=C

[ $# -gt 0 ] || { sed -n '6p' "$0"; exit 2; }
target=$(cd "$(dirname "$0")/.." && pwd)/assets/parameters/catalogue.txt
work=$(mktemp -d /tmp/pgc-cat-XXXXXX)
bin='' data=''

# PostgreSQL refuses to run as root.
as_user() {
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- env LC_ALL=C "$@"; else "$@"; fi
}

clean_up() {
  [ -z "$bin" ] || as_user "$bin/pg_ctl" --pgdata "$data" --mode immediate stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean_up EXIT
[ "$(id -u)" != 0 ] || chown postgres "$work"

# Words that enums take without showing them in pg_settings; asked for together with every shown word of every enum.
hidden_words=(true false yes no 1 0 on off debug info log fatal panic archive hot_standby any none all default)

# Parameters that pg_settings leaves out, with what the source of PostgreSQL says of them. Whether a
# version has one is asked of the server.
hidden_parameters() {
  cat <<'END'
default_with_oids	bool	user			0	1
is_superuser	bool	internal
role	string	user
seed	real	user		-1	1
session_authorization	string	user
sort_mem	integer	user	kB	64	2147483647
ssl_ecdh_curve	string	sighup
ssl_renegotiation_limit	integer	user		0	0
vacuum_mem	integer	user	kB	1024	2147483647
END
}

# complaints FILE: what the server says when it reads this configuration file, and nothing else.
complaints() {
  as_user "$bin/postgres" -C port --config-file="$1" -D "$data" 2>&1 || true
}

# One line for each parameter (without what is Debian's own): major, name, type, context, unit, least, most, shown words.
read_settings() {
  as_user psql --no-psqlrc --quiet --tuples-only --no-align --field-separator=$'\t' --host "$work" --dbname postgres --command "
    SELECT '$major', name, vartype, context, coalesce(unit, ''), coalesce(min_val, ''), coalesce(max_val, ''),
           coalesce(array_to_string(enumvals, ','), '')
      FROM pg_settings WHERE name NOT LIKE '%.%' AND name <> 'extension_destdir' ORDER BY name COLLATE \"C\""
  local name rest
  while IFS=$'\t' read -r name rest; do
    echo "$name = 'x'" >"$work/probe.conf"
    complaints "$work/probe.conf" | grep -q "unrecognized configuration parameter" ||
      printf '%s\t%s\t%s\n' "$major" "$name" "$rest"
  done < <(hidden_parameters)
}

# Asks for every word of every enum, one word of all enums at a time, and prints "major name word" for what is taken.
# log_min_messages is asked on its own: once it is taken the server may say nothing more of the others.
probe_enums() {
  local words word names
  names=$(awk -F'\t' -v m="$major" '$1 == m && $3 == "enum" && $4 != "internal" { print $2 }' "$work/settings")
  words=$( { printf '%s\n' "${hidden_words[@]}"; awk -F'\t' '$3 == "enum" { print $8 }' "$work/settings" | tr ',' '\n'; } | sort -u)
  while read -r word; do
    probe_word "$word" "$(grep -vx log_min_messages <<<"$names")"
    probe_word "$word" log_min_messages
  done <<<"$words"
}

# probe_word WORD NAMES: the enums of the list that take the word.
probe_word() {
  local name
  while read -r name; do echo "$name = '$1'"; done <<<"$2" >"$work/probe.conf"
  complaints "$work/probe.conf" | grep -o 'parameter "[^"]*"' | cut -d'"' -f2 >"$work/refused" || true
  { grep -vxFf "$work/refused" <<<"$2" || true; } | sed "s/.*/$major\t&\t$1/"
}

: >"$work/settings"
: >"$work/words"
for folder in "$@"; do
  bin=$folder
  major=$("$bin/postgres" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
  data=$work/$major
  echo "PostgreSQL $major" >&2
  as_user "$bin/initdb" --pgdata "$data" --auth trust --username "$(as_user id -un)" >/dev/null
  as_user "$bin/pg_ctl" --pgdata "$data" --wait --log "$data/log" \
    --options "-c listen_addresses= -c unix_socket_directories=$work" start >/dev/null
  read_settings >>"$work/settings"
  as_user "$bin/pg_ctl" --pgdata "$data" --mode immediate stop >/dev/null
  bin=''
done
for folder in "$@"; do
  bin=$folder
  major=$("$bin/postgres" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
  data=$work/$major
  probe_enums >>"$work/words"
  bin=''
done

# What pg_settings shows comes first, so that the same name among the hidden ones is dropped.
sort -t$'\t' -f -s -k2,2 -k1,1n "$work/settings" | awk -F'\t' '!seen[$1, $2]++' | awk -F'\t' -v words="$work/words" '
  # A word that needs a library counts as known wherever the parameter is: how a server was built is not ours to know.
  BEGIN {
    built["default_toast_compression"] = "lz4"
    built["io_method"] = "io_uring"
    built["wal_compression"] = "lz4,zstd"
    while ((getline line < words) > 0) { split(line, f, "\t"); taken[f[1], f[2]] = taken[f[1], f[2]] "," f[3] }
  }
  { if ($1 + 0 > newest) newest = $1 + 0; if (!oldest || $1 + 0 < oldest) oldest = $1 + 0; line_of[NR] = $0 }
  function add(list, more, skip,    n, i, part) {
    n = split(more, part, ",")
    for (i = 1; i <= n; i++)
      if (part[i] != "" && index("," list "," skip ",", "," part[i] ",") == 0) list = list (list == "" ? "" : ",") part[i]
    return list
  }
  function flush() {
    if (name == "") return
    versions = (first == oldest ? "" : first) ".." (last == newest ? "" : last)
    printf "%-40s %-8s %-18s %s\n", name, versions, context, definition
  }
  END {
    for (i = 1; i <= NR; i++) {
      n = split(line_of[i], f, "\t")
      shown = f[8]; gsub(/"/, "", shown)
      if (f[4] == "internal") is = f[3]
      else if (f[3] == "enum") {
        if (f[2] in built) shown = add(add("", shown, built[f[2]]), built[f[2]])
        hidden = add("", taken[f[1], f[2]], shown)
        is = "enum " shown (hidden == "" ? "" : " +" hidden)
      } else if (f[3] == "integer" || f[3] == "real") {
        is = f[3] " " (f[5] == "" ? "-" : f[5]) " " f[6] ".." f[7]
      } else is = f[3]
      if (f[2] != name || f[4] != context || is != definition || f[1] != last + 1) {
        flush(); name = f[2]; context = f[4]; definition = is; first = f[1]
      }
      last = f[1]
    }
    flush()
  }' | {
  cat <<'END'
# Every server parameter of PostgreSQL, by version: made from the servers themselves by packaging/catalogue.sh, not by hand.
# name, versions (A.. from A on; ..B up to B), context, type; then unit ("-" none) and range, or the words of an
# enum (after "+" those that it takes without showing them). What there was before 10 is in by-hand.txt.
END
  cat
} >"$work/catalogue.txt"
cp "$work/catalogue.txt" "$target"
grep -vc '^#' "$target" | sed 's/$/ lines/' >&2
awk -F'\t' '!seen[$1, $2]++ { n[$1]++ } END { for (major in n) print major ": " n[major] " parameters" }' "$work/settings" | sort -n >&2
