//! The README of a deployed cluster: how to connect, where things are, how to end it. Holds no password.

use std::fmt::Write as _;

use crate::engine::cluster::record::ClusterRecord;
use crate::model::configuration::ClusterFolder;
use crate::model::document::Document;
use crate::model::quoting::shell_word;
use crate::model::topology::notation;

pub(in crate::engine) fn readme(document: &Document, record: &ClusterRecord) -> String {
    let topology = document.topology();
    let folder = record.folder.display().to_string();
    let mut text = format!(
        "# {}: a PostgreSQL {} cluster made by pgcascade\n\n```text\n{}```\n\n## Connect\n\n",
        record.name,
        record.postgres,
        notation::print(topology)
    );
    let pass = if record.uses_passwords {
        let _ = writeln!(
            text,
            "The passwords are in `{}` (mode 0600: read it as the user who deployed the cluster).\n",
            ClusterFolder::PGPASS
        );
        format!(
            "PGPASSFILE={} ",
            shell_word(&format!("{folder}/{}", ClusterFolder::PGPASS))
        )
    } else {
        text.push_str("Anyone on this machine can connect without a password (`auth = \"trust\"`).\n\n");
        String::new()
    };
    text.push_str("```sh\n");
    for id in topology.in_tree_order() {
        let Some(server) = topology.server(id) else {
            continue;
        };
        let _ = writeln!(
            text,
            "{pass}psql -h {} -p {} -U {} postgres    # {}",
            server.host().from_itself(),
            server.port(),
            ClusterFolder::SUPERUSER,
            server.name()
        );
    }
    text.push_str("```\n\nWrite on the primary; the standbys are read-only.\n\n");
    if topology.has_tls() {
        let _ = writeln!(
            text,
            "All replication links use TLS, and both ends present a certificate signed by the authority in \
             `{0}`. From this machine you may \
             connect with TLS or without; `sslmode=verify-full sslrootcert={1}` verifies the server's \
             identity.\n",
            ClusterFolder::AUTHORITY_CERTIFICATE,
            shell_word(&format!("{folder}/{}", ClusterFolder::AUTHORITY_CERTIFICATE)),
        );
    }
    text.push_str("## Files\n\n");
    let folders = topology.folders();
    for server in topology.servers() {
        let place = folders.get(&server.id()).map_or("", String::as_str);
        let _ = writeln!(
            text,
            "- {}: data in `{}`, log in `{}`",
            server.name(),
            ClusterFolder::data(place),
            ClusterFolder::log(place)
        );
    }
    let at = shell_word(&folder);
    let _ = write!(
        text,
        "- the deployed design: `{}`\n\n## Check, stop, remove\n\n```sh\npgcascade status {at}\n\
         pgcascade verify {at}\npgcascade stop {at}\npgcascade start {at}\npgcascade teardown {at}    # \
         stops the cluster and removes everything in this folder\n```\n",
        ClusterFolder::DESIGN
    );
    if let Some(user) = &record.run_as {
        let _ = write!(text, "\nThe servers run as the user `{user}`.\n");
    }
    text
}
