//! `send`: what brings to each host its folder, the passwords and its own certificate, by ssh and tar alone.

use std::fmt::Write as _;

use super::HostLayout;
use super::host_folders;
use crate::model::quoting::shell_word;
use crate::model::topology::{Auth, Host, Topology};

const SEND: &str = include_str!("send.bash");

pub fn script(topology: &Topology, layout: HostLayout) -> String {
    let mut text = String::from(
        "#!/usr/bin/env bash\n# Brings to each host its folder, the passwords and its own certificate.\n",
    );
    let base = layout.base(topology);
    let has_secrets = super::super::guide::has_secrets(topology);
    let _ = writeln!(text, "base={}", shell_word(&base));
    let _ = writeln!(text, "has_secrets={}", if has_secrets { "yes" } else { "\"\"" });
    text.push_str(SEND);
    for (id, path) in host_folders(topology) {
        let Some(server) = topology.server(id) else {
            continue;
        };
        let mut secrets: Vec<String> = Vec::new();
        if topology.effective_auth() != Auth::Trust {
            secrets.push("superuser".to_owned());
            if !topology.streams_by_certificate() {
                secrets.push("replication".to_owned());
            }
        }
        if topology.has_tls() && topology.terms().tls.files.is_none() {
            let folder = topology.folder(id);
            secrets.push("ca.crt".to_owned());
            secrets.push(format!("server-{folder}.crt"));
            secrets.push(format!("server-{folder}.key"));
        }
        let host = remote(server.host()).unwrap_or_default();
        let words: Vec<String> = [host, path]
            .into_iter()
            .chain(secrets)
            .map(|word| shell_word(&word))
            .collect();
        let _ = writeln!(text, "send {}", words.join(" "));
    }
    text
}

/// The host as ssh takes it; `None` is this machine.
pub fn remote(host: &Host) -> Option<String> {
    (!host.is_loopback()).then(|| host.as_str().to_owned())
}
