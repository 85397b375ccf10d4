//! Where the servers' files lie: as a deployment, an export for hosts, or one for containers puts them, if one of these made them.

use super::facts::Facts;
use crate::model::configuration::Layout;

/// The layout that the files were written for. Those that pgcascade did not write are compared with a deployment's.
pub fn layout_of(facts: &[Facts]) -> Layout {
    let hosts = Layout::host_folder();
    let sockets = hosts.sockets.of("");
    if facts.iter().any(|one| one.is_in_container) {
        Layout::container()
    } else if facts
        .iter()
        .any(|one| one.value("unix_socket_directories") == Some(&sockets))
        || facts
            .iter()
            .any(|one| one.value("unix_socket_directory") == Some(&sockets))
    {
        hosts
    } else if let Some(root) = facts.iter().find_map(packaged_root) {
        // Where the data directory lies is in none of the files.
        Layout::packaged("data".to_owned(), &root)
    } else {
        Layout::cluster_folder()
    }
}

/// The folder of an export's own files on hosts with a distribution's packages (`…/pgcascade/CLUSTER/SERVER`), with the server left
/// open: a password file or a certificate that lies in it gives it away.
fn packaged_root(one: &Facts) -> Option<String> {
    let link = one.link();
    let passfile = link.as_ref().and_then(|link| link.get("passfile"));
    let own = passfile.and_then(|file| file.strip_suffix("/replication.pgpass"));
    let own = own.or_else(|| one.value("ssl_ca_file")?.strip_suffix("/tls/ca.crt"))?;
    let (cluster, server) = own.rsplit_once('/')?;
    let (home, cluster) = cluster.rsplit_once('/')?;
    let is_ours = home.starts_with('/') && home.ends_with("/pgcascade");
    (is_ours && !cluster.is_empty() && !server.is_empty()).then(|| format!("{home}/{cluster}/{{server}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_an_export_say_where_it_lies() {
        let root = |name: &str, value: &str| {
            let mut facts = Facts::default();
            facts.set(name, value, String::new());
            packaged_root(&facts)
        };
        let link = |file: &str| root("primary_conninfo", &format!("host=db1 passfile={file}"));
        let debian = link("/var/lib/postgresql/pgcascade/prod/db2/replication.pgpass");
        assert_eq!(
            debian.as_deref(),
            Some("/var/lib/postgresql/pgcascade/prod/{server}")
        );
        let rhel = root("ssl_ca_file", "/var/lib/pgsql/pgcascade/prod/db2/tls/ca.crt");
        assert_eq!(rhel.as_deref(), Some("/var/lib/pgsql/pgcascade/prod/{server}"));
        assert_eq!(link("/var/lib/postgresql/.pgpass"), None);
        assert_eq!(link("/home/prod/db2/replication.pgpass"), None);
        assert_eq!(root("ssl_ca_file", "/etc/ssl/tls/ca.crt"), None);
    }
}
