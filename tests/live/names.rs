//! Names of 20 to 40 letters outside ASCII, which the view shows escaped and cut: drawn, verified and applied as connected.
//! From 16 on such a name is longer in the view than a name may be; before, it is a row of question marks.

use std::path::Path;
use std::time::{Duration, Instant};

use pgcascade::app::{ClusterView, Session};
use pgcascade::engine::cluster;
use pgcascade::engine::deploy::Cancel;
use pgcascade::model::document::Document;
use pgcascade::model::plan::Outcome;
use pgcascade::model::simulate::predict;
use pgcascade::model::topology::{PgMajor, notation};
use tokio_util::sync::CancellationToken;

use crate::apply;
use crate::scene::{Scene, assert_gone, deployed_with, some_ports};

/// For a standby that was moved to stream again.
const SOON: Duration = Duration::from_secs(20);

/// A name of 40 letters: 80 bytes, so that the sender itself cuts it.
fn long() -> String {
    "ж".repeat(40)
}

/// One of 20: 40 bytes, which the view shows as 160 characters, cut to 63.
fn short() -> String {
    "é".repeat(20)
}

fn drawn(major: PgMajor, ports: &[u16], cascaded: bool) -> Document {
    let [primary, long_port, short_port] = ports else {
        unreachable!()
    };
    let indent = if cascaded { "    " } else { "  " };
    let text = format!(
        "postgres {major}\n\"первичный сервер в Осло\" {primary} sync first 1\n  \"{}\" {long_port} priority 1\n{indent}\"{}\" {short_port}\n",
        long(),
        short()
    );
    Document::new(notation::parse(&text).unwrap())
}

/// Everybody who looks at the servers sees what the drawing says.
async fn is_as_drawn(document: &Document, folder: &Path) {
    let topology = document.topology();
    let predicted = predict(topology, &[].into());
    let begun = Instant::now();
    let board = loop {
        let board = cluster::status(folder).await.unwrap();
        if board == predicted {
            break board;
        }
        assert!(begun.elapsed() < SOON, "{board:#?}\ninstead of {predicted:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let proved = cluster::verify(folder, CancellationToken::new()).await;
    let proved = proved.unwrap_or_else(|report| panic!("{report}"));
    for server in topology.servers().iter().filter(|server| !server.is_primary()) {
        let shown = server.name().in_view(topology.postgres());
        assert!(
            proved
                .iter()
                .any(|sentence| sentence.starts_with(&format!("{shown} streams from")))
        );
    }
    let mut session = Session::new(document.clone(), None);
    session.live.cluster = Some(ClusterView {
        folder: folder.to_owned(),
        deployed: document.clone(),
        seen: Some(board.into()),
        unseen: None,
        busy: None,
        foreign: None,
    });
    for server in topology.servers().iter().filter(|server| !server.is_primary()) {
        let row = session.replication_row(server.id()).expect("its row is found");
        assert_eq!(row.state, "streaming", "{}", server.name());
    }
}

async fn names_outside_ascii(major: PgMajor, bin: Option<&Path>) {
    let scene = Scene::new();
    let folder = scene.folder();
    let ports = some_ports(3);
    let first = drawn(major, &ports, false);
    deployed_with(&first, &folder, bin).await;
    is_as_drawn(&first, &folder).await;
    let second = drawn(major, &ports, true);
    for wanted in [&second, &first] {
        let (plan, outcome, events) = apply::performed(&folder, wanted, Cancel::default()).await;
        assert_eq!(outcome, Outcome::Done, "{events:#?}");
        assert!(!plan.plan.steps.is_empty());
        is_as_drawn(wanted, &folder).await;
    }
    cluster::teardown(&folder, CancellationToken::new())
        .await
        .unwrap_or_else(|report| panic!("{report}"));
    assert_gone(&folder);
}

/// See `versions.rs`: these need servers that Debian does not have.
mod versions {
    use super::names_outside_ascii;
    use crate::versions::programs;
    use pgcascade::model::topology::PgMajor;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs servers that Debian does not have: make test-versions brings them"]
    async fn names_outside_ascii_on_15_16_and_18() {
        for major in [PgMajor::V15, PgMajor::V16, PgMajor::V18] {
            names_outside_ascii(major, Some(&programs(major))).await;
        }
    }
}
