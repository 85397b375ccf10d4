//! The process: listens for every link, and does as it is told until it is ended or its cluster is gone.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::carry::carry;
use super::orders::{self, Answer, NotHeard, Orders, Rule};
use crate::engine::system::processes;
use crate::model::plan::ProxyLink;

/// What the hidden command of the program is called that is the proxy.
pub const COMMAND: &str = "hold-links";
/// How often it looks whether its cluster is still there.
const LOOKS_EVERY: Duration = Duration::from_secs(5);

/// Whether this program was called to be a proxy: the cluster's folder.
pub fn asked_for(mut arguments: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    (arguments.next()? == COMMAND).then(|| arguments.next().map(PathBuf::from))?
}

/// Is the proxy of the cluster in this folder, until it is told to end or nobody has orders for it any more.
///
/// # Errors
///
/// If there are no orders, or the system gives no signals, clock or memory.
pub fn hold(folder: &Path) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(folder))
}

async fn serve(folder: &Path) -> io::Result<()> {
    let (mut again, mut end) = (signal(SignalKind::hangup())?, signal(SignalKind::terminate())?);
    let mut looks = tokio::time::interval(LOOKS_EVERY);
    let mut lines = Lines::default();
    loop {
        let orders = orders::read(folder).ok_or_else(|| io::Error::other("there are no orders"))?;
        let trouble = lines.follow(&orders).await;
        let pid = std::process::id();
        let answer = Answer {
            number: orders.number,
            pid,
            start_ticks: processes::start_ticks(pid).unwrap_or_default(),
            trouble,
        };
        orders::write_answer(folder, &answer)?;
        loop {
            tokio::select! {
                _ = again.recv() => break,
                _ = end.recv() => return Ok(()),
                _ = looks.tick() => if orders::read(folder).is_none() {
                    return Ok(());
                },
            }
        }
    }
}

/// What listens now.
#[derive(Default)]
struct Lines(BTreeMap<(Ipv4Addr, u16), Line>);

struct Line {
    link: ProxyLink,
    rule: watch::Sender<Rule>,
    /// `None`: the link is cut.
    listens: Option<JoinHandle<()>>,
}

impl Lines {
    /// Does as it is told; gives where it cannot.
    async fn follow(&mut self, orders: &Orders) -> Vec<NotHeard> {
        let wanted: BTreeMap<(Ipv4Addr, u16), &ProxyLink> = orders
            .links
            .iter()
            .map(|link| ((link.address, link.port), link))
            .collect();
        let gone: Vec<_> = (self.0.iter())
            .filter(|(at, line)| wanted.get(at) != Some(&&line.link))
            .map(|(at, _)| *at)
            .collect();
        for at in gone {
            if let Some(line) = self.0.remove(&at) {
                line.cut().await;
            }
        }
        let mut trouble = Vec::new();
        for (at, link) in wanted {
            let rule = orders.rule(link);
            let line = self.0.entry(at).or_insert_with(|| Line::of(link));
            if let Err(error) = line.follow(rule).await {
                trouble.push(NotHeard {
                    at: format!("{}:{}", at.0, at.1),
                    why: error.to_string(),
                });
            }
        }
        trouble
    }
}

impl Line {
    fn of(link: &ProxyLink) -> Self {
        Self {
            link: link.clone(),
            rule: watch::Sender::new(Rule::default()),
            listens: None,
        }
    }

    async fn follow(&mut self, rule: Rule) -> io::Result<()> {
        self.rule.send_replace(rule);
        if rule.is_cut {
            if let Some(listens) = self.listens.take() {
                end(listens).await;
            }
        } else if self.listens.is_none() {
            let listener = TcpListener::bind(SocketAddrV4::new(self.link.address, self.link.port)).await?;
            let accepts = accept(listener, self.link.clone(), self.rule.subscribe());
            self.listens = Some(tokio::spawn(accepts));
        }
        Ok(())
    }

    async fn cut(self) {
        if let Some(listens) = self.listens {
            end(listens).await;
        }
    }
}

/// Its connections end with it.
async fn end(listens: JoinHandle<()>) {
    listens.abort();
    // Aborted, which is what was wanted.
    let _ = listens.await;
}

async fn accept(listener: TcpListener, link: ProxyLink, rule: watch::Receiver<Rule>) {
    /// Out of files, say: the next try may find some again.
    const REST: Duration = Duration::from_millis(200);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    let (host, port, rule) = (link.host.clone(), link.port, rule.clone());
                    // How it ends is for the two ends to say.
                    connections.spawn(async move { drop(carry(client, &host, port, rule).await) });
                }
                Err(_) => tokio::time::sleep(REST).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::super::orders::LinkFault;
    use super::*;
    use crate::model::fault::Trouble;

    #[test]
    fn only_the_hidden_command_is_taken_for_it() {
        let asked = |words: &[&str]| asked_for(words.iter().map(OsString::from));
        assert_eq!(asked(&["hold-links", "/c"]), Some(PathBuf::from("/c")));
        assert_eq!(asked(&["hold-links"]), None);
        assert_eq!(asked(&["deploy", "hold-links"]), None);
    }

    #[tokio::test]
    async fn a_cut_link_ends_its_connections_and_takes_none_until_it_is_whole_again() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = server.accept().await {
                tokio::spawn(async move { stream.write_all(b"x").await });
            }
        });
        let address = Ipv4Addr::new(127, 88, 255, 1);
        let mut orders = Orders {
            links: vec![ProxyLink {
                standby: "b".to_owned(),
                upstream: "a".to_owned(),
                address,
                host: "127.0.0.1".to_owned(),
                port,
            }],
            ..Orders::default()
        };
        let mut lines = Lines::default();
        assert_eq!(lines.follow(&orders).await, []);
        let connect = || TcpStream::connect((address, port));
        let mut client = connect().await.unwrap();
        let mut byte = [0];
        client.read_exact(&mut byte).await.unwrap();
        orders.faults.push(LinkFault {
            one: "a".to_owned(),
            other: "b".to_owned(),
            trouble: Trouble::Cut,
        });
        assert_eq!(lines.follow(&orders).await, []);
        assert!(!matches!(client.read(&mut byte).await, Ok(1..)));
        assert!(connect().await.is_err());
        orders.faults.clear();
        assert_eq!(lines.follow(&orders).await, []);
        connect().await.unwrap().read_exact(&mut byte).await.unwrap();
        // A link that is not wanted any more is not listened for.
        orders.links.clear();
        lines.follow(&orders).await;
        assert!(connect().await.is_err());
    }
}
