# Certificates are made here, since a bundle holds no key: for that the design needs openssl.
require_tls() {
    local line said
    type -P openssl >/dev/null ||
        fail "openssl is missing: the design encrypts its links, and and openssl creates their certificates; install the package openssl"
    # Built without OpenSSL, a server says so by the value of a setting that it has no use for.
    said="`"$bin/postgres" --describe-config`" || fail "$bin/postgres does not list its settings"
    while IFS= read -r line; do
        if [[ $line == ssl_ciphers$'\t'*$'\t'none$'\t'* ]]; then
            fail "the design encrypts its links, but the programs in $bin were built without TLS; name others in PGBIN"
        fi
    done <<<"$said"
}

# Runs openssl with a configuration of ours alone; it reads and writes keys as files, never as arguments.
with_openssl() { # WHAT ARGUMENT…
    local what="$1"
    shift
    OPENSSL_CONF=tls/openssl.cnf quietly openssl "$@" || fail "openssl cannot make $what"
}

make_key() { # FILE
    with_openssl "a key" ecparam -name prime256v1 -genkey -noout -out "$1"
}

# Says what a certificate is for, and whose it is.
describe() { # COMMON_NAME EXTENSION…
    local name="$1"
    shift
    printf '%s\n' '[req]' 'prompt = no' 'distinguished_name = subject' '[subject]' "CN = $name" '[extensions]' \
        'subjectKeyIdentifier = hash' "$@" >tls/openssl.cnf
}

make_authority() { # COMMON_NAME
    describe "$1" 'basicConstraints = critical, CA:TRUE, pathlen:0' 'keyUsage = critical, keyCertSign, cRLSign'
    make_key tls/ca.key
    with_openssl "the authority" req -config tls/openssl.cnf -extensions extensions -new -x509 -sha256 \
        -days "$days" -key tls/ca.key -out tls/ca.crt
}

make_certificate() { # FOLDER COMMON_NAME ALTERNATIVE_NAMES
    local file="tls/server-$1" serial
    serial="`od -An -N8 -tx1 /dev/urandom`"
    describe "$2" 'basicConstraints = critical, CA:FALSE' 'keyUsage = critical, digitalSignature' \
        'extendedKeyUsage = serverAuth, clientAuth' 'authorityKeyIdentifier = keyid' "subjectAltName = $3"
    make_key "$file.key"
    with_openssl "a request" req -config tls/openssl.cnf -new -sha256 -key "$file.key" -out tls/request.csr
    with_openssl "a certificate" x509 -req -sha256 -days "$days" -set_serial "0x1${serial//[[:space:]]/}" \
        -CA tls/ca.crt -CAkey tls/ca.key -extfile tls/openssl.cnf -extensions extensions \
        -in tls/request.csr -out "$file.crt"
    rm -f -- tls/request.csr tls/openssl.cnf
}
