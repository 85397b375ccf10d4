//! The users that root has deployed clusters as: whose clusters root is shown in the list.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use super::program;
use crate::engine::desk::store;
use crate::engine::system::{files, trusted};

/// A name a line, in root's own state folder.
const FILE: &str = "servers-users";

/// Notes a user. What cannot be noted is only missing in root's list: everything else works by folder.
pub(super) fn note(name: &str) {
    let Some(state) = store::state_folder() else {
        return;
    };
    let mut names = noted();
    if names.insert(name.to_owned()) {
        let lines: String = names.iter().map(|name| format!("{name}\n")).collect();
        let _ = files::make_private_folders(&state).and_then(|()| {
            files::write_whole(&state.join(FILE), lines.as_bytes(), files::PRIVATE_FILE, None)
        });
    }
}

/// Those that were noted, and the one that root's servers run as by default.
pub fn users() -> BTreeSet<String> {
    let mut names = noted();
    names.extend(super::choose(None).map(|user| user.name));
    names.retain(|name| super::choose(Some(name)).is_some());
    names
}

fn noted() -> BTreeSet<String> {
    let bytes = store::state_folder().and_then(|state| trusted::read(&state.join(FILE)).ok());
    let text = bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default();
    text.lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// What this program answers when it is called by root as each of them: `arguments`, and `--run-as USER`. A user whose
/// answer cannot be had is left out.
pub(in crate::engine) fn ask_each(arguments: &[&str]) -> Vec<Vec<u8>> {
    let Some(program) = program::path() else {
        return Vec::new();
    };
    let answer = |user: &String| {
        let asked = Command::new(program)
            .args(arguments)
            .args(["--run-as", user])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        asked.status.success().then_some(asked.stdout)
    };
    users().iter().filter_map(answer).collect()
}
