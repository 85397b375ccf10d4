//! What the proxy is told, and what it answers: two files in the cluster's `run` folder, which only the servers' user can
//! write to.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::engine::system::files::{self, Owner};
use crate::engine::system::plain;
use crate::model::configuration::ClusterFolder;
use crate::model::fault::Trouble;
use crate::model::plan::ProxyLink;

/// Orders for the most links take a tenth of it.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// What it is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Orders {
    /// One more with every change: the answer names it.
    pub(super) number: u64,
    pub(super) links: Vec<ProxyLink>,
    pub(super) faults: Vec<LinkFault>,
}

/// What a link between two servers suffers, in both directions, whichever of the two is the upstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkFault {
    pub one: String,
    pub other: String,
    #[serde(flatten)]
    pub trouble: Trouble,
}

/// What it has done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) number: u64,
    pub(super) pid: u32,
    pub(super) start_ticks: u64,
    /// Where it could not listen.
    pub(super) trouble: Vec<NotHeard>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NotHeard {
    pub(super) at: String,
    pub(super) why: String,
}

impl Orders {
    /// What the link between two servers suffers.
    pub(super) fn rule(&self, link: &ProxyLink) -> Rule {
        let mut rule = Rule::default();
        let both = [&link.standby, &link.upstream];
        for fault in &self.faults {
            if both != [&fault.one, &fault.other] && both != [&fault.other, &fault.one] {
                continue;
            }
            match fault.trouble {
                Trouble::Cut => rule.is_cut = true,
                Trouble::Stall => rule.is_stalled = true,
                Trouble::Slow { delay } => rule.delay = rule.delay.max(delay),
                Trouble::Thin { bytes_per_second } => {
                    rule.rate = Some(
                        rule.rate
                            .map_or(bytes_per_second, |rate| rate.min(bytes_per_second)),
                    );
                }
            }
        }
        rule
    }
}

/// How one link is carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) is_cut: bool,
    pub(super) is_stalled: bool,
    pub(super) delay: Duration,
    /// Bytes a second.
    pub(super) rate: Option<u32>,
}

pub(super) fn read(folder: &Path) -> Option<Orders> {
    serde_json::from_slice(&plain::read_below(folder, ClusterFolder::PROXY_ORDERS, MOST_BYTES).ok()?).ok()
}

pub(super) fn write(folder: &Path, orders: &Orders, owner: Option<Owner>) -> io::Result<()> {
    put(folder, ClusterFolder::PROXY_ORDERS, orders, owner)
}

pub(super) fn answer(folder: &Path) -> Option<Answer> {
    serde_json::from_slice(&plain::read_below(folder, ClusterFolder::PROXY_ANSWER, MOST_BYTES).ok()?).ok()
}

pub(super) fn write_answer(folder: &Path, answer: &Answer) -> io::Result<()> {
    put(folder, ClusterFolder::PROXY_ANSWER, answer, None)
}

fn put(folder: &Path, name: &str, what: &impl Serialize, owner: Option<Owner>) -> io::Result<()> {
    let path = files::inside(folder, name).ok_or(ErrorKind::NotFound)?;
    let bytes = serde_json::to_vec(what)?;
    files::write_whole(&path, &bytes, files::PRIVATE_FILE, owner)
}

pub(super) fn log(folder: &Path) -> PathBuf {
    folder.join(ClusterFolder::PROXY_LOG)
}

/// What it said before it ended.
pub(super) fn last_words(folder: &Path) -> Vec<String> {
    const LINES: usize = 3;
    files::last_lines(&log(folder), LINES)
}

pub(super) fn forget_answer(folder: &Path) -> io::Result<()> {
    match files::inside(folder, ClusterFolder::PROXY_ANSWER) {
        Some(path) => files::remove_file(&path),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_holds_for_both_directions_of_its_link_and_for_no_other() {
        let link = |standby: &str, upstream: &str| ProxyLink {
            standby: standby.to_owned(),
            upstream: upstream.to_owned(),
            address: std::net::Ipv4Addr::new(127, 88, 0, 1),
            host: "localhost".to_owned(),
            port: 1,
        };
        let fault = |trouble| LinkFault {
            one: "a".to_owned(),
            other: "b".to_owned(),
            trouble,
        };
        let slow = |millis| Trouble::Slow {
            delay: Duration::from_millis(millis),
        };
        let orders = Orders {
            faults: vec![
                fault(Trouble::Stall),
                fault(slow(20)),
                fault(slow(10)),
                fault(Trouble::Thin { bytes_per_second: 7 }),
            ],
            ..Orders::default()
        };
        let rule = Rule {
            is_cut: false,
            is_stalled: true,
            delay: Duration::from_millis(20),
            rate: Some(7),
        };
        assert_eq!(orders.rule(&link("a", "b")), rule);
        assert_eq!(orders.rule(&link("b", "a")), rule);
        assert_eq!(orders.rule(&link("a", "c")), Rule::default());
        // What is written is what is read.
        let text = serde_json::to_vec(&orders).unwrap();
        assert_eq!(serde_json::from_slice::<Orders>(&text).unwrap(), orders);
    }
}
