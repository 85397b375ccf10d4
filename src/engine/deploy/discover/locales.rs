//! The locales of this machine.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// For `locale -a`.
const ANSWER: Duration = Duration::from_secs(5);

/// Every installed locale; `None` if the system cannot be asked.
pub(super) async fn installed() -> Option<Vec<String>> {
    let mut command = Command::new("locale");
    command.arg("-a").stdin(Stdio::null()).kill_on_drop(true);
    let answer = tokio::time::timeout(ANSWER, command.output()).await.ok()?.ok()?;
    let names: Vec<String> = String::from_utf8_lossy(&answer.stdout)
        .lines()
        .map(|line| line.trim().to_owned())
        .collect();
    (answer.status.success() && !names.is_empty()).then_some(names)
}
