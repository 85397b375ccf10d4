//! The options of a connection that a design may add to what the drawing derives: what libpq knows, since when.

use crate::model::topology::{BadValue, PgMajor};

/// One option of libpq.
#[derive(Clone, Copy, Debug)]
pub struct ConninfoOption {
    pub name: &'static str,
    /// The first version whose libpq knows it; `None`: every one that a design can have.
    pub since: Option<PgMajor>,
}

const fn always(name: &'static str) -> ConninfoOption {
    ConninfoOption { name, since: None }
}

const fn since(name: &'static str, major: PgMajor) -> ConninfoOption {
    ConninfoOption {
        name,
        since: Some(major),
    }
}

/// Read from libpq's table of options, 9.2 to 18.
const OPTIONS: [ConninfoOption; 32] = [
    always("client_encoding"),
    always("connect_timeout"),
    always("dbname"),
    always("fallback_application_name"),
    always("gsslib"),
    always("hostaddr"),
    always("keepalives"),
    always("keepalives_count"),
    always("keepalives_idle"),
    always("keepalives_interval"),
    always("krbsrvname"),
    always("options"),
    always("requirepeer"),
    always("sslcompression"),
    always("sslcrl"),
    since("target_session_attrs", PgMajor::V10),
    since("gssencmode", PgMajor::V12),
    since("tcp_user_timeout", PgMajor::V12),
    since("channel_binding", PgMajor::V13),
    since("ssl_max_protocol_version", PgMajor::V13),
    since("ssl_min_protocol_version", PgMajor::V13),
    since("sslcrldir", PgMajor::V14),
    since("sslsni", PgMajor::V14),
    since("load_balance_hosts", PgMajor::V16),
    since("require_auth", PgMajor::V16),
    since("sslcertmode", PgMajor::V16),
    since("gssdelegation", PgMajor::V17),
    since("sslnegotiation", PgMajor::V17),
    since("min_protocol_version", PgMajor::V18),
    since("max_protocol_version", PgMajor::V18),
    since("scram_client_key", PgMajor::V18),
    since("scram_server_key", PgMajor::V18),
];

pub fn conninfo_options() -> impl Iterator<Item = &'static str> {
    OPTIONS
        .iter()
        .map(|option| option.name)
        .filter(|name| !name.starts_with("scram_"))
}

/// Looks an option up that stands in `[server.conninfo]`.
///
/// # Errors
///
/// If the drawing derives it, it would be a secret, or libpq does not know it.
pub fn lookup_option(name: &str) -> Result<ConninfoOption, BadValue> {
    let derived = match name {
        "host" | "port" => "follows, and also_follows for more hosts: the drawing derives it",
        "user" => "role under [security]",
        "application_name" => "the server's name: pg_stat_replication shows it",
        "sslmode" | "sslrootcert" | "sslcert" | "sslkey" => "tls = { mode, ca, cert, key } under [security]",
        "passfile" | "password" | "sslpassword" | "scram_client_key" | "scram_server_key" => {
            "a password file: a design never holds a password, and each target says where the file lies"
        }
        "replication" | "service" | "servicefile" => "nothing: a standby sets it itself",
        _ => "",
    };
    if !derived.is_empty() {
        return Err(BadValue::term(
            format!("conninfo has no place for {name}: its place is {derived}"),
            format!("remove {name} from [server.conninfo]"),
        ));
    }
    OPTIONS
        .into_iter()
        .find(|option| option.name == name)
        .ok_or_else(|| {
            let near = super::super::nearest(name, conninfo_options());
            BadValue::term(
                format!("libpq has no option \"{name}\": a standby with it never connects"),
                near.map_or_else(
                    || {
                        format!(
                            "the known options are {}",
                            conninfo_options().collect::<Vec<_>>().join(", ")
                        )
                    },
                    |near| format!("did you mean \"{near}\"?"),
                ),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_derived_has_a_place() {
        assert!(lookup_option("keepalives_idle").is_ok_and(|option| option.since.is_none()));
        for name in [
            "host",
            "user",
            "password",
            "sslmode",
            "replication",
            "keepalive_idle",
        ] {
            assert!(lookup_option(name).is_err(), "{name}");
        }
        let slip = lookup_option("keepalive_idle").unwrap_err();
        assert_eq!(slip.fix(), "did you mean \"keepalives_idle\"?");
    }
}
