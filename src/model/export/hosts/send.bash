#   ./send SECRETS    SECRETS is the folder that ./passwords and ./certificates made
# By ssh as root, or as a user who may use sudo without a password; SSH="ssh -l admin" says how to log in. Servers that are drawn
# on this machine need no ssh. A second run replaces what is there.
set -euo pipefail
here="$(cd -- "$(dirname -- "$0")" && pwd -P)"
user="${PGUSER_ON_HOST:-postgres}"
read -ra ssh <<<"${SSH:-ssh}"
secrets=""
if [[ -n $has_secrets ]]; then secrets="$(cd -- "${1:?say where the secrets are: ./send ../secrets}" && pwd -P)"; fi

# What a host does with a stream of files: they belong to the servers' user, and nobody else reads them.
receive() { # FOLDER
    printf 'set -e; umask 077; as=; [ "$(id -u)" = 0 ] || as="sudo -n"; '
    printf '$as install -d -o %q -g %q -m 700 %q %q %q; ' "$user" "$user" "$(dirname -- "$base")" "$base" "$base/$1"
    printf '$as tar -x -o -f - -C %q; $as chown -R %q: %q; $as chmod -R go= %q\n' "$base/$1" "$user" "$base/$1" "$base/$1"
}

deliver() { # HOST FOLDER FROM FILE…
    local host="$1" folder="$2" from="$3" command
    shift 3
    command="$(receive "$folder")"
    if [[ -n $host ]]; then
        tar -c -f - -C "$from" -- "$@" | "${ssh[@]}" -- "$host" "$command"
    else
        tar -c -f - -C "$from" -- "$@" | sh -c "$command"
    fi
}

send() { # HOST FOLDER SECRET…
    local host="$1" folder="$2"
    shift 2
    deliver "$host" "${folder%/*}" "$here/${folder%/*}" "${folder##*/}"
    if (($# > 0)); then deliver "$host" secrets "$secrets" "$@"; fi
    printf 'sent %s to %s\n' "$folder" "${host:-this machine}"
}

