# Removes the authority, and the keys and certificates of the servers with these folders, separated by blanks.
remove_certificates() { # FOLDERS
    local folder
    [[ -d tls && ! -L tls ]] || return 0
    rm -f -- tls/ca.key tls/ca.crt tls/openssl.cnf tls/request.csr
    for folder in $1; do
        rm -f -- "tls/server-$folder.key" "tls/server-$folder.crt"
    done
}
