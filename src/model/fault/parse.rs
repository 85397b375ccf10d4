//! The words of a fault, read.

use std::time::Duration;

use thiserror::Error;

use super::{DROP_SLOT, FILL_DISK, FREEZE, Fault, KILOBYTE, SLOW, STALL, STOP_IMMEDIATE, THIN, Trouble};
use crate::model::simulate::world::{BadIncident, Incident};
use crate::model::topology::{Server, Topology, notation};

const KNOWN: &str = "crash SERVER, stop SERVER, stop-immediate SERVER, freeze SERVER, pause STANDBY, drop-slot STANDBY, fill-disk SERVER, \
                     fill-archive, outgrow-slots; in a laboratory ([lab] links): cut SERVER SERVER, stall SERVER SERVER, \
                     slow SERVER SERVER [TIME], thin SERVER SERVER [KB-A-SECOND]";
const SLOW_AT_MOST: Duration = Duration::from_secs(20);
const THIN_AT_MOST: u32 = 1_000_000;

/// A text that is not a fault.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadFault {
    #[error("The cluster has no server called {0}.")]
    Server(String),
    #[error("A link has two ends.")]
    OneEnd,
    #[error("\"{0}\" cannot be done to real servers here.")]
    OnlyImagined(String),
    #[error("\"{words}\" is not a fault.")]
    Unknown {
        words: String,
        #[source]
        because: BadIncident,
    },
    #[error("\"{0}\" is not a delay of a link.")]
    Delay(String),
    #[error("\"{0}\" is not what a link carries in a second.")]
    Rate(String),
}

impl BadFault {
    /// What to write instead.
    pub fn hints(&self) -> Vec<String> {
        let known = format!("What can be done: {KNOWN}.");
        match self {
            Self::Server(_) => Vec::new(),
            Self::OneEnd | Self::Unknown { .. } => vec![known],
            Self::OnlyImagined(words) => vec![
                format!("See what it would do: pgcascade predict FILE --fault '{words}'"),
                known,
            ],
            Self::Delay(_) => vec!["Write 1ms to 20s, as in: slow master slave1 200ms".to_owned()],
            Self::Rate(_) => vec!["Write 1kB to 1000000kB, as in: thin master slave1 100kB".to_owned()],
        }
    }
}

impl Fault {
    /// Reads one fault; servers are named as in the design, names with blanks stand in double quotes.
    ///
    /// # Errors
    ///
    /// If the text is not a fault, or names a server which the topology does not have.
    pub fn parse(words: &str, topology: &Topology) -> Result<Self, BadFault> {
        let split = notation::split(words).unwrap_or_default();
        let words_of = split.iter().map(String::as_str).collect::<Vec<_>>();
        let server = |name: &str| {
            let server = topology.by_name(name).map(Server::id);
            server.ok_or_else(|| BadFault::Server(name.to_owned()))
        };
        let link = |one: &str, other: &str, trouble: Trouble| {
            let (one, other) = (server(one)?, server(other)?);
            if one == other {
                return Err(BadFault::OneEnd);
            }
            Ok(Self::Link { one, other, trouble })
        };
        match *words_of.as_slice() {
            [STOP_IMMEDIATE, name] => return server(name).map(Self::StopImmediately),
            [FREEZE, name] => return server(name).map(Self::Freeze),
            [DROP_SLOT, name] => return server(name).map(Self::DropSlot),
            [FILL_DISK, name] => return server(name).map(Self::FillDisk),
            [STALL, one, other] => return link(one, other, Trouble::Stall),
            [SLOW, one, other] => return link(one, other, Trouble::SLOW),
            [SLOW, one, other, time] => return link(one, other, slow(time)?),
            [THIN, one, other] => return link(one, other, Trouble::THIN),
            [THIN, one, other, rate] => return link(one, other, thin(rate)?),
            _ => {}
        }
        match Incident::parse(words, topology) {
            Ok(Incident::Crash(server)) => Ok(Self::Crash(server)),
            Ok(Incident::Stop(server)) => Ok(Self::Stop(server)),
            Ok(Incident::Pause(server)) => Ok(Self::Pause(server)),
            Ok(Incident::FillArchive) => Ok(Self::FillArchive),
            Ok(Incident::OutgrowSlots) => Ok(Self::OutgrowSlots),
            Ok(Incident::Cut { one, other }) if one != other => Ok(Self::Link {
                one,
                other,
                trouble: Trouble::Cut,
            }),
            Ok(_) => Err(BadFault::OnlyImagined(words.to_owned())),
            Err(because) => Err(BadFault::Unknown {
                words: words.to_owned(),
                because,
            }),
        }
    }
}

fn slow(time: &str) -> Result<Trouble, BadFault> {
    let (number, unit) = time.split_at(time.find(|c: char| !c.is_ascii_digit()).unwrap_or(time.len()));
    let delay = match (number.parse().ok(), unit) {
        (Some(number), "ms") => Some(Duration::from_millis(number)),
        (Some(number), "s") => Some(Duration::from_secs(number)),
        _ => None,
    };
    let delay = delay.filter(|delay| !delay.is_zero() && *delay <= SLOW_AT_MOST);
    delay
        .map(|delay| Trouble::Slow { delay })
        .ok_or_else(|| BadFault::Delay(time.to_owned()))
}

fn thin(rate: &str) -> Result<Trouble, BadFault> {
    let number = rate.strip_suffix("kB").and_then(|number| number.parse().ok());
    let number = number.filter(|number| (1..=THIN_AT_MOST).contains(number));
    let thin = |kilobytes: u32| Trouble::Thin {
        bytes_per_second: kilobytes.saturating_mul(KILOBYTE),
    };
    number.map(thin).ok_or_else(|| BadFault::Rate(rate.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_read_as_it_is_written() {
        let topology = notation::parse("\"my m\" 1\n  a 2\n").unwrap();
        for words in [
            "crash \"my m\"",
            "stop a",
            "stop-immediate \"my m\"",
            "freeze \"my m\"",
            "pause a",
            "drop-slot a",
            "fill-archive",
            "outgrow-slots",
            "fill-disk \"my m\"",
            "cut \"my m\" a",
            "stall a \"my m\"",
            "slow a \"my m\" 30ms",
            "thin a \"my m\" 7kB",
        ] {
            assert_eq!(Fault::parse(words, &topology).unwrap().text(&topology), words);
        }
        let text = |words| Fault::parse(words, &topology).unwrap().text(&topology);
        assert_eq!(text("slow a \"my m\""), "slow a \"my m\" 200ms");
        assert_eq!(text("slow a \"my m\" 2s"), "slow a \"my m\" 2000ms");
        assert_eq!(text("thin a \"my m\""), "thin a \"my m\" 100kB");
        for words in [
            "",
            "crash",
            "crash b",
            "freeze b",
            "cut a a",
            "stall a a",
            "slow a \"my m\" 0ms",
            "slow a \"my m\" 1h",
            "slow a \"my m\" 21s",
            "thin a \"my m\" 0kB",
            "thin a \"my m\" é",
            "slow a \"my m\" é",
            "promote a",
            "explode a",
        ] {
            let error = Fault::parse(words, &topology).unwrap_err();
            let says_more = matches!(error, BadFault::Server(_)) || !error.hints().is_empty();
            assert!(says_more, "{words}: {error}");
        }
    }

    #[test]
    fn a_second_fault_of_a_kind_on_a_link_is_like_the_first() {
        let topology = notation::parse("m 1\n  a 2\n  b 3\n").unwrap();
        let fault = |words| Fault::parse(words, &topology).unwrap();
        assert!(fault("slow m a").is_like(fault("slow a m 2s")));
        assert!(!fault("slow m a").is_like(fault("slow m b")));
        assert!(!fault("slow m a").is_like(fault("cut m a")));
        assert!(fault("crash a").is_like(fault("crash a")));
        assert!(!fault("crash a").is_like(fault("stop a")));
    }
}
