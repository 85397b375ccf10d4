# Every downstream must have come over TLS.
prove_tls() { # SERVER PORT
    local names
    names="`sql "$2" "SELECT application_name FROM pg_stat_replication JOIN pg_stat_ssl USING (pid) WHERE NOT ssl"`" ||
        fail "$1 does not report which links are encrypted"
    [[ -z $names ]] || fail "the link from $1 is not encrypted to: $names"
}
