//! Servers that were not looked into, for people.

use super::Unreached;

impl Unreached {
    /// `db2:5432: `, as far as it is known.
    pub fn place(&self) -> String {
        match (&self.host, self.port, &self.server) {
            (Some(host), Some(port), _) => format!("{host}:{port}: "),
            (Some(host), None, Some(server)) => format!("{server} on {host}: "),
            (Some(host), None, None) => format!("{host}: "),
            (None, _, Some(server)) => format!("{server}: "),
            (None, Some(port), None) => format!("port {port}: "),
            (None, None, None) => String::new(),
        }
    }
}
