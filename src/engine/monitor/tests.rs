//! Servers that do not answer, in each of the ways in which they do that, and a fake one that counts who comes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::crew::Crew;
use super::one::ANSWER;
use super::{Address, Endpoint, Login, Secret, look_at};
use crate::engine::cluster::watched::Watched;
use crate::model::health::{State, Unreachable};
use crate::model::topology::notation;

fn endpoint(address: Address, secret: Secret) -> Endpoint {
    Endpoint {
        address,
        login: Login {
            user: "nobody".to_owned(),
            database: "postgres".to_owned(),
            secret,
        },
    }
}

fn at_port(port: u16) -> Endpoint {
    let host = "127.0.0.1".to_owned();
    endpoint(Address::Tcp { host, port }, Secret::None)
}

fn watched(name: &str, port: u16) -> Watched {
    Watched {
        name: name.to_owned(),
        endpoint: at_port(port),
        process: None,
    }
}

/// Takes every connection, says nothing, and counts them.
async fn frozen() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let came = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&came);
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            held.push(socket);
        }
    });
    (port, came)
}

/// Refuses everybody with an error, as a server does before it knows who comes.
async fn refusing(code: &'static str, message: &'static str) -> u16 {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut hello = [0; 512];
            let _ = socket.read(&mut hello).await;
            let fields = format!("SFATAL\0C{code}\0M{message}\0\0");
            let length = u32::try_from(fields.len() + 4).unwrap();
            let mut answer = vec![b'E'];
            answer.extend(length.to_be_bytes());
            answer.extend(fields.as_bytes());
            let _ = socket.write_all(&answer).await;
        }
    });
    port
}

/// A port on which nobody listens.
async fn closed() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn each_way_of_not_answering_has_its_name_and_none_is_down() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    fs::set_permissions(secret.path(), fs::Permissions::from_mode(0o644)).unwrap();
    let socket = |folder: &str| Address::Socket {
        folder: folder.into(),
        port: 5432,
    };
    let exposed = Secret::File(secret.path().to_owned());
    let (port, _) = frozen().await;
    let begun = Instant::now();
    let silent = look_at("a", at_port(port)).await;
    assert!(
        begun.elapsed() >= ANSWER && begun.elapsed() < ANSWER * 2,
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(silent.state, State::Unreachable(Unreachable::Silent));
    assert!(silent.took >= ANSWER);
    assert_eq!(silent.server, "a");

    let why = |state: State| match state {
        State::Unreachable(why) => why,
        other => panic!("{other:?}"),
    };
    let refused = why(look_at("a", at_port(closed().await)).await.state);
    assert_eq!(refused, Unreachable::Refused);
    let no_socket = endpoint(socket("/nowhere"), Secret::None);
    assert_eq!(why(look_at("a", no_socket).await.state), Unreachable::Refused);
    let secret = why(look_at("a", endpoint(socket("/nowhere"), exposed)).await.state);
    assert!(matches!(secret, Unreachable::Secret(_)), "{secret:?}");

    for (code, message, expected) in [
        (
            "57P03",
            "the database system is starting up",
            Unreachable::NotNow as fn(String) -> _,
        ),
        ("28P01", "password authentication failed", Unreachable::Login),
        ("28000", "no pg_hba.conf entry", Unreachable::Login),
        ("3D000", "there is no such database", Unreachable::Login),
        ("53300", "sorry, too many clients already", Unreachable::Failed),
        (
            "57P01",
            "terminating connection due to administrator command",
            Unreachable::Network,
        ),
    ] {
        let port = refusing(code, message).await;
        let found = why(look_at("a", at_port(port)).await.state);
        assert_eq!(found, expected(message.to_owned()), "{code}");
        assert_eq!(found.to_string(), message);
    }
}

#[tokio::test]
async fn a_silent_server_delays_nobody_and_is_left_alone_more_and_more() {
    const EVERY: Duration = Duration::from_millis(200);
    let (silent, came) = frozen().await;
    let quick = refusing("57P03", "the database system is starting up").await;
    let cancel = CancellationToken::new();
    let topology = Arc::new(notation::parse("silent 1\n  quick 2\n").unwrap());
    let servers = vec![watched("silent", silent), watched("quick", quick)];
    let mut crew = Crew::of("", topology, servers, EVERY, &cancel);
    let begun = Instant::now();
    let limit = ANSWER * 3;
    let mut first = None;
    while begun.elapsed() < limit {
        let _ = tokio::time::timeout(Duration::from_millis(50), crew.next()).await;
        let snapshot = crew.snapshot();
        if let Some(quick) = snapshot.observed.get("quick") {
            first = first.or(Some(begun.elapsed()));
            assert!(matches!(
                quick.latest.state,
                State::Unreachable(Unreachable::NotNow(_))
            ));
        }
        if begun.elapsed() > ANSWER + EVERY {
            let silent = snapshot.observed.get("silent").expect("its deadline has passed");
            assert_eq!(silent.latest.state, State::Unreachable(Unreachable::Silent));
            let told = snapshot.silent_for("silent").unwrap();
            let off = begun.elapsed().abs_diff(told);
            assert!(
                off < EVERY,
                "said to be silent for {told:?} after {:?}",
                begun.elapsed()
            );
        }
    }
    assert!(
        first.unwrap() < ANSWER / 3,
        "it was waited for the silent one: {first:?}"
    );
    // In 4.5 s: at once, and after 1.5 + 1 s. Once more every 200 ms would be dozens of them.
    assert_eq!(came.load(Ordering::SeqCst), 2);
    let begun = Instant::now();
    crew.end().await;
    assert!(begun.elapsed() < ANSWER / 2, "the end was heard late");
}

#[tokio::test]
async fn cancel_is_heard_in_the_middle_of_a_question() {
    let (silent, _) = frozen().await;
    let cancel = CancellationToken::new();
    let topology = Arc::new(notation::parse("m 1\n").unwrap());
    let mut crew = Crew::of("", topology, vec![watched("m", silent)], ANSWER, &cancel);
    assert!(!crew.is_complete());
    let begun = Instant::now();
    tokio::spawn({
        let cancel = cancel.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            cancel.cancel();
        }
    });
    assert!(!crew.next().await, "nothing was seen");
    assert!(begun.elapsed() < ANSWER / 2);
    crew.end().await;
}
