set -euo pipefail
umask 077

# The system's own programs (cp, mkdir, rm, sleep …) are found also where PATH is short.
PATH="${PATH:-}:/usr/bin:/bin"
# Nothing that is set for another cluster may reach this one.
for variable in "${!PG@}"; do
    [[ $variable == PGBIN ]] || unset "$variable"
done

say() {
    printf '%s\n' "$*"
}

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

case "${BASH_SOURCE[0]}" in
*/*) here="`cd -P -- "${BASH_SOURCE[0]%/*}" && pwd`" ;;
*) here="`pwd -P`" ;;
esac

case "${1:-}" in
-h | --help)
    say "$usage"
    exit 0
    ;;
-*)
    say "$usage" >&2
    exit 2
    ;;
esac
if (($# > 1)); then
    say "$usage" >&2
    exit 2
fi
cluster="${1:-$here/cluster}"
[[ $cluster == /* ]] || cluster="$PWD/$cluster"

# Prints the major version of a PostgreSQL program: 9.6, 15.
major_of() {
    local text
    text="`"$1" --version 2>/dev/null`" || return 1
    [[ $text =~ \(PostgreSQL\)\ ([0-9]+)(\.([0-9]+))? ]] || return 1
    if ((BASH_REMATCH[1] < 10)); then
        printf '%s.%s' "${BASH_REMATCH[1]}" "${BASH_REMATCH[3]}"
    else
        printf '%s' "${BASH_REMATCH[1]}"
    fi
}

# Prints the folders that may hold the programs: the named one, those in PATH, and where packages put them.
candidate_folders() {
    local program programs
    printf '%s\n' "${PGBIN:-}"
    programs="`type -aP initdb`" || true
    while IFS= read -r program; do
        printf '%s\n' "${program%/*}"
    done <<<"$programs"
    printf '%s\n' "/usr/lib/postgresql/$major/bin" "/usr/pgsql-$major/bin"
}

# Sets bin to the folder with initdb, pg_ctl and postgres of the right version.
find_programs() {
    local folder candidates seen=""
    bin=""
    candidates="`candidate_folders`"
    while IFS= read -r folder; do
        [[ -x $folder/initdb && -x $folder/pg_ctl && -x $folder/postgres ]] || continue
        if [[ "`major_of "$folder/postgres"`" == "$major" ]]; then
            bin="$folder"
            break
        fi
        seen="$folder"
    done <<<"$candidates"
    if [[ -z $bin && -n $seen ]]; then
        fail "the design is for PostgreSQL $major, but the programs in $seen have another version; name the right folder in PGBIN"
    fi
    [[ -n $bin ]] || fail "no initdb, pg_ctl and postgres of PostgreSQL $major were found; name their folder in PGBIN"
}

# From here on paths are relative to the cluster's folder.
enter_cluster() {
    [[ -f $cluster/.pgcascade/bundle ]] || fail "$cluster does not contain a cluster made by ./up"
    cd -P -- "$cluster"
}
