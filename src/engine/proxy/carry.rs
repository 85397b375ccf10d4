//! One connection through the proxy: every byte arrives unchanged and in order, later if the rule says so.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::orders::Rule;

/// What is read at once.
const PIECE: usize = 16 * 1024;
/// Pieces on their way: with a delay, what a link holds; beyond it the sender is held back, as on a real one.
const ON_THE_WAY: usize = 64;

/// Carries a connection until one end closes it, or something fails: then both are closed.
pub(super) async fn carry(
    client: TcpStream,
    host: &str,
    port: u16,
    rule: watch::Receiver<Rule>,
) -> io::Result<()> {
    let mut own = rule.clone();
    // A connection through a stalled link is accepted, and stays without an answer.
    unless_stalled(&mut own).await;
    let server = TcpStream::connect((host, port)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::try_join!(
        one_way(from_client, to_server, rule.clone()),
        one_way(from_server, to_client, rule),
    )?;
    Ok(())
}

/// Passes on what comes, and at the end that nothing more comes: without that a clean stop would wait.
async fn one_way(
    from: impl AsyncRead + Unpin,
    to: impl AsyncWrite + Unpin,
    rule: watch::Receiver<Rule>,
) -> io::Result<()> {
    let (held, due) = mpsc::channel(ON_THE_WAY);
    tokio::try_join!(take(from, held, rule.clone()), give(to, due, rule))?;
    Ok(())
}

async fn take(
    mut from: impl AsyncRead + Unpin,
    held: mpsc::Sender<(Instant, Vec<u8>)>,
    mut rule: watch::Receiver<Rule>,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        unless_stalled(&mut rule).await;
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return Ok(());
        }
        let delay: Duration = rule.borrow().delay;
        let bytes = piece.get(..length).unwrap_or_default().to_vec();
        if held.send((Instant::now() + delay, bytes)).await.is_err() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
    }
}

async fn give(
    mut to: impl AsyncWrite + Unpin,
    mut due: mpsc::Receiver<(Instant, Vec<u8>)>,
    mut rule: watch::Receiver<Rule>,
) -> io::Result<()> {
    while let Some((at, bytes)) = due.recv().await {
        tokio::time::sleep_until(at).await;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            unless_stalled(&mut rule).await;
            let rate = rule.borrow().rate;
            let (now, later) = rest.split_at(rest.len().min(at_once(rate)));
            to.write_all(now).await?;
            if let Some(rate) = rate {
                tokio::time::sleep(Duration::from_secs_f64(now.len() as f64 / f64::from(rate.max(1)))).await;
            }
            rest = later;
        }
    }
    to.shutdown().await
}

/// What is sent before the next pause: a fiftieth of a second's worth.
fn at_once(rate: Option<u32>) -> usize {
    const A_SECOND: u32 = 50;
    rate.and_then(|rate| usize::try_from(rate / A_SECOND).ok())
        .map_or(usize::MAX, |bytes| bytes.max(1))
}

/// Waits while nothing passes.
async fn unless_stalled(rule: &mut watch::Receiver<Rule>) {
    // That nobody changes the rule any more means that the proxy is about to end.
    let _ = rule.wait_for(|rule| !rule.is_stalled).await;
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A server that says back what it hears, and a connection to it through `carry`.
    async fn echo(rule: watch::Receiver<Rule>) -> TcpStream {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = server.accept().await.unwrap();
            let (mut from, mut to) = stream.split();
            tokio::io::copy(&mut from, &mut to).await.unwrap();
            to.shutdown().await.unwrap();
        });
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = proxy.local_addr().unwrap();
        tokio::spawn(async move {
            let (client, _) = proxy.accept().await.unwrap();
            carry(client, "127.0.0.1", port, rule).await.unwrap();
        });
        TcpStream::connect(at).await.unwrap()
    }

    #[tokio::test]
    async fn everything_arrives_in_order_and_the_end_too() {
        let (_rule, heard) = watch::channel(Rule::default());
        let mut client = echo(heard).await;
        let sent: Vec<u8> = (0..3_000_000u32).map(|number| number.to_le_bytes()[1]).collect();
        let (mut from, mut to) = client.split();
        let send = async {
            to.write_all(&sent).await.unwrap();
            to.shutdown().await.unwrap();
        };
        let mut back = Vec::new();
        let ((), read) = tokio::join!(send, from.read_to_end(&mut back));
        assert_eq!(read.unwrap(), sent.len());
        assert!(back == sent);
    }

    #[tokio::test]
    async fn what_is_slow_arrives_later_and_what_is_stalled_once_it_is_let_go() {
        let delay = Duration::from_millis(150);
        let slow = Rule {
            delay,
            ..Rule::default()
        };
        let (rule, heard) = watch::channel(slow);
        let mut client = echo(heard).await;
        let mut back = [0; 4];
        let begun = Instant::now();
        client.write_all(b"slow").await.unwrap();
        client.read_exact(&mut back).await.unwrap();
        // Each way.
        assert!(begun.elapsed() >= 2 * delay && &back == b"slow");
        rule.send(Rule {
            is_stalled: true,
            ..Rule::default()
        })
        .unwrap();
        client.write_all(b"late").await.unwrap();
        let in_vain = tokio::time::timeout(2 * delay, client.read_exact(&mut back)).await;
        assert!(in_vain.is_err());
        rule.send(Rule::default()).unwrap();
        client.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, b"late");
        // 20 bytes at 100 a second.
        rule.send(Rule {
            rate: Some(100),
            ..Rule::default()
        })
        .unwrap();
        let begun = Instant::now();
        let mut back = [0; 20];
        client.write_all(&[7; 20]).await.unwrap();
        client.read_exact(&mut back).await.unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(180) && back == [7; 20]);
    }
}
