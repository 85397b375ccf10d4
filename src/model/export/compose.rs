//! `compose`: a container for each server in a network of their own; the drawn ports are published on the host.

use super::ExportFile;
use super::names::{Spelling, derived};
use super::parts::{Address, cluster_word, files_of, in_order, moved, plain, script, slots_at};
use super::yaml::Yaml;
use crate::model::configuration::{Configuration, Layout};
use crate::model::quoting::shell_word;
use crate::model::topology::terms::TlsFiles;
use crate::model::topology::{Archive, Auth, Edit, Server, Topology};

const START: &str = include_str!("compose_start.bash");
/// Inside the network every server has its own address.
const PORT: u16 = 5432;

pub fn files(topology: &Topology) -> Vec<ExportFile> {
    let names = derived(topology, Spelling::Dns { most: 50 }, &[]);
    let name = |server: &Server| names.get(&server.id()).cloned().unwrap_or_default();
    let inside = inside(topology, |server| name(server));
    let mut files = vec![
        plain("compose.yaml", compose(topology, &name).print()),
        plain(
            ".env",
            format!(
                "COMPOSE_PROJECT_NAME={}\n# PGCASCADE_IMAGE=docker.io/library/postgres:{}\n",
                cluster_word(topology),
                topology.postgres()
            ),
        ),
        script("start.sh", START),
    ];
    files.extend(super::hosts::preparation(topology));
    let configuration = Configuration::of(&inside, Layout::container());
    for server in in_order(topology) {
        // As its containers see it, the server has another host and port.
        let moved = inside.server(server.id());
        let here = moved
            .into_iter()
            .flat_map(|moved| files_of(&configuration, moved))
            .map(|(file, text)| plain(format!("conf/{}/{file}", name(server)), text));
        files.extend(here);
        let variables = variables(topology, &inside, server, &name);
        files.push(plain(format!("conf/{}/server.env", name(server)), variables));
    }
    files
}

/// The cluster as its containers see one another.
fn inside(topology: &Topology, name: impl Fn(&Server) -> String) -> Topology {
    let mut inside = moved(topology, |server| Address {
        host: name(server),
        port: PORT,
    });
    let mut terms = inside.terms().clone();
    if let Some(files) = &mut terms.tls.files {
        *files = TlsFiles {
            ca: files
                .ca
                .is_some()
                .then(|| "/var/lib/postgresql/tls/ca.crt".to_owned()),
            cert: "/var/lib/postgresql/tls/server.crt".to_owned(),
            key: "/var/lib/postgresql/tls/server.key".to_owned(),
        };
    }
    // Terms are taken as they are.
    let _ = inside.apply(&Edit::SetClusterTerms(terms));
    inside
}

/// A relative archive is a volume that all servers share; an absolute one is a folder of the host.
fn archive_mount(topology: &Topology) -> Option<String> {
    let directory = topology.archive().and_then(Archive::directory)?;
    Some(if directory.starts_with('/') {
        format!("{directory}:{directory}")
    } else {
        "archive:/archive".to_owned()
    })
}

fn compose(topology: &Topology, name: &dyn Fn(&Server) -> String) -> Yaml {
    let has_password = topology.effective_auth() != Auth::Trust;
    let secrets: Vec<&str> = if has_password {
        vec!["superuser_password", "replication_password"]
    } else {
        Vec::new()
    };
    let archive = archive_mount(topology);
    let mut services = Vec::new();
    let mut volumes = Vec::new();
    for server in in_order(topology) {
        let own = name(server);
        let mut mounts = vec![
            format!("{own}:/var/lib/postgresql"),
            "./start.sh:/pgcascade/start.sh:ro".to_owned(),
            format!("./conf/{own}:/pgcascade/conf:ro"),
        ];
        if topology.has_tls() {
            mounts.push("./secrets:/pgcascade/secrets:ro".to_owned());
        }
        mounts.extend(archive.clone());
        let above = server.upstream().and_then(|id| topology.server(id));
        let check = [
            "CMD",
            "pg_isready",
            "-q",
            "-h",
            "/var/run/postgresql",
            "-p",
            "5432",
        ];
        let service = Yaml::map([
            (
                "image",
                Yaml::text(format!(
                    "${{PGCASCADE_IMAGE:-docker.io/library/postgres:{}}}",
                    topology.postgres()
                )),
            ),
            ("hostname", Yaml::text(own.clone())),
            ("entrypoint", Yaml::list(["/bin/bash", "/pgcascade/start.sh"])),
            ("restart", Yaml::text("unless-stopped")),
            ("stop_grace_period", Yaml::text("1m")),
            ("shm_size", Yaml::text("256mb")),
            ("volumes", Yaml::list(mounts)),
            (
                "ports",
                Yaml::list([format!("127.0.0.1:{}:{PORT}", server.port())]),
            ),
            (
                "healthcheck",
                Yaml::map([
                    ("test", Yaml::list(check)),
                    ("interval", Yaml::text("2s")),
                    ("timeout", Yaml::text("3s")),
                    ("retries", Yaml::Number(30)),
                    ("start_period", Yaml::text("1m")),
                ]),
            ),
        ])
        .with_some("secrets", has_password.then(|| Yaml::list(secrets.clone())))
        .with_some("depends_on", above.map(|above| Yaml::list([name(above)])));
        services.push((own.clone(), service));
        volumes.push((own, Yaml::Map(Vec::new())));
    }
    if archive
        .as_deref()
        .is_some_and(|mount| mount.starts_with("archive:"))
    {
        volumes.push(("archive".to_owned(), Yaml::Map(Vec::new())));
    }
    let secret = |file: &str| Yaml::map([("file", Yaml::text(format!("./secrets/{file}")))]);
    Yaml::map([("services", Yaml::Map(services)), ("volumes", Yaml::Map(volumes))]).with_some(
        "secrets",
        has_password.then(|| {
            Yaml::map([
                ("superuser_password", secret("superuser")),
                ("replication_password", secret("replication")),
            ])
        }),
    )
}

/// What start.sh has to know of one server, as shell.
fn variables(
    topology: &Topology,
    inside: &Topology,
    server: &Server,
    name: &dyn Fn(&Server) -> String,
) -> String {
    let above = server.upstream().and_then(|id| topology.server(id));
    let slot = if topology.uses_slot(server.id()) {
        topology.slot_name(server.id())
    } else {
        String::new()
    };
    let auth = topology.effective_auth();
    let has_password = auth != Auth::Trust && !topology.streams_by_certificate();
    let mut options = vec!["-E".to_owned(), "UTF8".to_owned()];
    options.extend(topology.terms().initdb.options(topology.postgres()));
    let list = |items: &[String]| {
        items
            .iter()
            .map(|item| shell_word(item))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let folder = topology.folder(server.id());
    let pairs = [
        ("name", name(server)),
        ("upstream", above.map_or_else(String::new, name)),
        ("slot", slot),
        (
            "standby_file",
            if server.is_primary() {
                String::new()
            } else {
                topology.postgres().standby_file().to_owned()
            },
        ),
        ("role", inside.replication_role().to_owned()),
        ("auth", auth.hba_method().to_owned()),
        (
            "has_password",
            if has_password {
                "yes".to_owned()
            } else {
                String::new()
            },
        ),
        (
            "sslmode",
            if topology.has_tls() {
                inside.terms().tls.mode().word().to_owned()
            } else {
                String::new()
            },
        ),
        ("certificate", format!("server-{folder}")),
        (
            "reserves",
            if topology.postgres().can_reserve_at_slot() {
                "yes".to_owned()
            } else {
                String::new()
            },
        ),
        (
            "has_passfile",
            if topology.postgres().has_passfile() {
                "yes".to_owned()
            } else {
                String::new()
            },
        ),
    ];
    let mut text = "# What start.sh has to know of this server.\n".to_owned();
    for (key, value) in pairs {
        text.push_str(&format!("{key}={}\n", shell_word(&value)));
    }
    text.push_str(&format!(
        "initdb_options=({})\nslots=({})\n",
        list(&options),
        list(&slots_at(topology, server))
    ));
    text
}
