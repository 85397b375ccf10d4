# The design runs something of its own, see above: only --trust lets it.
trusted=""
words=()
for word in "$@"; do
    if [[ $word == --trust ]]; then
        trusted=yes
    else
        words+=("$word")
    fi
done
set -- ${words[@]+"${words[@]}"}

