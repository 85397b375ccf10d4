//! How a server may ask for the password. The client library answers every way of asking, also with the password itself,
//! so what a server says is looked at before the library sees it, until it has let us in.
//!
//! SCRAM shows a proof that is of no use to anybody else; MD5 one that can be tried against guesses; clear text is the
//! password. (A server that lets us in without asking gets nothing.) What libpq calls `require_auth` tokio-postgres lacks,
//! and its `channel_binding` needs TLS.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// The least proof that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Least {
    Md5,
    Scram,
}

/// A message about who we are is a few hundred bytes.
const LONGEST_MESSAGE: usize = 8 * 1024;
/// The rounds of hashing that a server may ask for: servers do with 4096, and every round costs us time that no deadline ends.
const MOST_ROUNDS: u32 = 1_000_000;
const HEADER: usize = 5;

// The kinds of an authentication message (manual, Message Formats).
const OK: u32 = 0;
const CLEAR_TEXT: u32 = 3;
const MD5: u32 = 5;
const SASL_CONTINUE: u32 = 11;

/// Looks at what a server sends until it has let us in.
#[derive(Debug)]
pub(super) struct Guard {
    /// `None`: nothing is looked at (any more).
    least: Option<Least>,
    held: Vec<u8>,
    /// As much of `held` may be read.
    cleared: usize,
}

impl Guard {
    /// `None`: there is no password that could be sent.
    pub(super) fn new(least: Option<Least>) -> Self {
        Self {
            least,
            held: Vec::new(),
            cleared: 0,
        }
    }

    pub(super) fn poll_read(
        &mut self,
        mut stream: Pin<&mut (impl AsyncRead + ?Sized)>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.cleared > 0 {
                let count = self.cleared.min(buffer.remaining());
                let read: Vec<u8> = self.held.drain(..count).collect();
                buffer.put_slice(&read);
                self.cleared -= count;
                return Poll::Ready(Ok(()));
            }
            let Some(least) = self.least else {
                return stream.poll_read(cx, buffer);
            };
            let mut bytes = [0; 1024];
            let mut chunk = ReadBuf::new(&mut bytes);
            ready!(stream.as_mut().poll_read(cx, &mut chunk))?;
            if chunk.filled().is_empty() {
                // The end; what it cut off is the library's to complain about.
                self.is_done();
                if self.cleared == 0 {
                    return Poll::Ready(Ok(()));
                }
            }
            self.held.extend_from_slice(chunk.filled());
            self.look(least)?;
        }
    }

    /// Clears the whole messages at the front.
    fn look(&mut self, least: Least) -> io::Result<()> {
        while let Some(rest) = self.held.get(self.cleared..).filter(|_| self.least.is_some()) {
            let Some((kind, length)) = header(rest) else {
                return Ok(());
            };
            if kind != b'R' {
                // A refusal, or nothing that anybody answers with a password.
                self.is_done();
                return Ok(());
            }
            if !(HEADER + 4..=LONGEST_MESSAGE).contains(&length) {
                return Err(io::Error::new(
                    ErrorKind::InvalidData,
                    "it does not speak the PostgreSQL protocol",
                ));
            }
            let Some(message) = rest.get(HEADER..length) else {
                return Ok(());
            };
            let (asked, body) = message.split_at(4.min(message.len()));
            let asked = asked.try_into().map_or(u32::MAX, u32::from_be_bytes);
            judge(asked, body, least)?;
            if asked == OK {
                self.is_done();
            } else {
                self.cleared += length;
            }
        }
        Ok(())
    }

    fn is_done(&mut self) {
        self.least = None;
        self.cleared = self.held.len();
    }
}

/// A message's kind, and its length with both.
fn header(bytes: &[u8]) -> Option<(u8, usize)> {
    let (&kind, rest) = bytes.split_first()?;
    let length = u32::from_be_bytes(rest.first_chunk().copied()?);
    Some((kind, usize::try_from(length).ok()?.saturating_add(1)))
}

fn judge(asked: u32, body: &[u8], least: Least) -> io::Result<()> {
    let refused = |why: &str| Err(io::Error::new(ErrorKind::PermissionDenied, why.to_owned()));
    match asked {
        CLEAR_TEXT => refused("it asks for the password in clear text, which pgcascade does not send"),
        MD5 if least == Least::Scram => refused("it asks for an MD5 password, which pgcascade does not send"),
        SASL_CONTINUE if rounds(body).is_none_or(|rounds| rounds > MOST_ROUNDS) => {
            refused("it asks for more hashing rounds than any server does")
        }
        _ => Ok(()),
    }
}

/// What `i=` says in `r=…,s=…,i=4096` (RFC 5802).
fn rounds(body: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(body).ok()?;
    let mut rounds = text.split(',').filter_map(|part| part.strip_prefix("i="));
    let only = rounds.next()?.parse().ok()?;
    rounds.next().is_none().then_some(only)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    struct Guarded(tokio::io::DuplexStream, Guard);

    impl AsyncRead for Guarded {
        fn poll_read(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let Self(stream, guard) = self.get_mut();
            guard.poll_read(Pin::new(stream), cx, buffer)
        }
    }

    fn message(asked: u32, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(8 + body.len()).unwrap();
        [&b"R"[..], &length.to_be_bytes(), &asked.to_be_bytes(), body].concat()
    }

    /// What comes through of what a server sends, in pieces of this size.
    async fn through(sent: &[u8], piece: usize, least: Option<Least>) -> io::Result<Vec<u8>> {
        let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
        let mut guarded = Guarded(ours, Guard::new(least));
        let mut read = Vec::new();
        for piece in sent.chunks(piece) {
            theirs.write_all(piece).await?;
            theirs.flush().await?;
            // What is not whole must not be waited for here.
            let mut some = [0; 7];
            while let Ok(count) =
                tokio::time::timeout(std::time::Duration::ZERO, guarded.read(&mut some)).await
            {
                read.extend_from_slice(&some[..count?]);
            }
        }
        drop(theirs);
        guarded.read_to_end(&mut read).await?;
        Ok(read)
    }

    #[tokio::test]
    async fn nothing_but_a_proof_is_let_through() {
        let scram = |rounds: &str| {
            let challenge = format!("r=abc,s=QUJD,i={rounds}");
            let ready = b"S\0\0\0\x04more and more".to_vec();
            [
                message(10, b"SCRAM-SHA-256\0\0"),
                message(SASL_CONTINUE, challenge.as_bytes()),
                message(12, b"v=x"),
                message(OK, b""),
                // No message of these any more: it is let through unread.
                ready,
            ]
            .concat()
        };
        for piece in [1, 3, 9, 1000] {
            for sent in [
                scram("4096"),
                message(OK, b""),
                b"E\0\0\0\x09SFATAL".to_vec(),
                b"R\0".to_vec(),
                b"garbage".to_vec(),
            ] {
                let came = through(&sent, piece, Some(Least::Scram)).await.unwrap();
                assert_eq!(came, sent, "{piece}");
            }
            let md5 = message(MD5, b"salt");
            assert_eq!(through(&md5, piece, Some(Least::Md5)).await.unwrap(), md5);
            let huge = [&b"R"[..], &u32::MAX.to_be_bytes(), &[0; 4]].concat();
            for sent in [
                message(CLEAR_TEXT, b""),
                md5,
                scram("4294967295"),
                scram("99999999999"),
                scram("-1"),
                message(SASL_CONTINUE, b"r=abc,s=QUJD"),
                message(SASL_CONTINUE, b"r=abc,s=QUJD,i=1,i=999999999"),
                huge,
            ] {
                through(&sent, piece, Some(Least::Scram)).await.unwrap_err();
            }
            let clear = message(CLEAR_TEXT, b"");
            through(&clear, piece, Some(Least::Md5)).await.unwrap_err();
            assert_eq!(through(&clear, piece, None).await.unwrap(), clear);
        }
    }
}
