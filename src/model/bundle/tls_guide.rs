//! What the README of a bundle says of certificates: `up` makes them here; on real hosts somebody has to.

use crate::model::configuration::ClusterFolder;
use crate::model::plan::Certificate;
use crate::model::quoting::shell_word;
use crate::model::topology::Topology;

/// For a design with TLS, behind everything else.
pub fn section(topology: &Topology) -> String {
    format!(
        "\n## Certificates\n\n\
         Links go over TLS only, and both ends of each show a certificate of one authority. A bundle holds no key: `up` makes \
         the authority and the certificates in `cluster/{tls}` with openssl, and `down` removes them. People on this machine \
         connect with TLS or without; with `sslmode=verify-full sslrootcert=cluster/{ca}` they are certain whom they talk to.\n\n\
         On real hosts every server needs `ca.crt`, and its own `server-NAME.crt` and `server-NAME.key` (mode 0600, of the \
         user it runs as), where its files say: `{up}/{tls}` from the data directory. A base backup (`pg_basebackup -d`) \
         comes in by the same lines of `pg_hba.conf`, so it names them as `primary_conninfo` does. The authority of your \
         site can sign them, or one that you make; `ca.key` stays where you make it:\n\n\
         ```sh\n{recipe}```\n",
        tls = ClusterFolder::TLS,
        ca = ClusterFolder::AUTHORITY_CERTIFICATE,
        up = ClusterFolder::UP_FROM_DATA,
        recipe = recipe(topology),
    )
}

/// In a shell, as it is; the last lines are one a server.
pub fn recipe(topology: &Topology) -> String {
    format!(
        "umask 077\n{}\n{}{}",
        authority(),
        CERTIFY.replace("DAYS", &Certificate::DAYS.to_string()),
        each(topology, "certify")
    )
}

/// The same for a folder that may have some of them: only what is missing is made, and what is for another host than before.
pub fn recipe_of_missing(topology: &Topology) -> String {
    format!(
        "umask 077\nif [[ ! -e ca.key ]]; then\n{}fi\n\n{}\n{MISSING}{}",
        authority(),
        CERTIFY.replace("DAYS", &Certificate::DAYS.to_string()),
        each(topology, "ensure")
    )
}

fn authority() -> String {
    format!(
        "openssl ecparam -name prime256v1 -genkey -noout -out ca.key\n\
         openssl req -new -x509 -sha256 -days {} -key ca.key -subj {} -out ca.crt\n",
        Certificate::DAYS,
        shell_word(&format!("/CN={}", Certificate::AUTHORITY)),
    )
}

const CERTIFY: &str = r#"certify() { # NAME HOST ALTERNATIVE_NAMES
    openssl ecparam -name prime256v1 -genkey -noout -out "server-$1.key"
    openssl req -new -sha256 -key "server-$1.key" -subj "/CN=$2" -out request.csr
    printf '%s\n' "subjectAltName = $3" 'extendedKeyUsage = serverAuth, clientAuth' >extensions
    openssl x509 -req -sha256 -days DAYS -CA ca.crt -CAkey ca.key -CAcreateserial \
        -extfile extensions -in request.csr -out "server-$1.crt"
    rm -f request.csr extensions
}
"#;

const MISSING: &str = r#"ensure() { # NAME HOST ALTERNATIVE_NAMES
    if [[ -e server-$1.crt && $(cat -- "server-$1.names" 2>/dev/null) == "$2 $3" ]]; then return; fi
    certify "$@"
    printf '%s\n' "$2 $3" >"server-$1.names"
}
"#;

fn each(topology: &Topology, function: &str) -> String {
    let mut text = String::new();
    for one in Certificate::of_each(topology) {
        let words = [&one.folder, one.common_name(), &one.alternative_names()].map(shell_word);
        text.push_str(&format!("{function} {}\n", words.join(" ")));
    }
    text
}
