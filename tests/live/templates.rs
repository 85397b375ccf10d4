//! Every built-in design: nothing is found in it, it deploys, proves itself, is listed as what it is, and goes.

use pgcascade::engine::cluster;
use pgcascade::model::desk::Condition;
use pgcascade::model::document::{Command, Document, format, templates};
use pgcascade::model::topology::{self, Edit, Port};
use tokio_util::sync::CancellationToken;

use crate::scene::{Scene, assert_gone, deployed, major, some_ports};

/// The template for the machine's version, on ports that are free.
async fn here(template: &templates::Template) -> Document {
    let mut document = format::read(template.text).unwrap();
    let mut edits = vec![Edit::SetPostgres(major().await)];
    let servers = document.topology().servers();
    for (server, port) in servers.iter().zip(some_ports(servers.len())) {
        edits.push(Edit::SetPort {
            server: server.id(),
            port: Port::parse(&port.to_string()).unwrap(),
        });
    }
    for edit in edits {
        document.apply(&Command::Edit(edit)).unwrap();
    }
    document
}

#[tokio::test(flavor = "multi_thread")]
async fn every_template_is_sound_and_runs() {
    for template in &templates::TEMPLATES {
        let name = template.name;
        let found = topology::check(format::read(template.text).unwrap().topology());
        assert!(found.is_empty(), "{name}: {found:#?}");
        let document = here(template).await;
        let scene = Scene::new();
        let folder = scene.folder();
        deployed(&document, &folder).await;
        let proved = cluster::verify(&folder, CancellationToken::new()).await.unwrap();
        assert!(!proved.is_empty(), "{name}");

        let listed = || cluster::list().into_iter().find(|listed| listed.folder == folder);
        let servers = document.topology().servers().len();
        let up = listed().unwrap();
        assert_eq!(
            (up.state, up.servers_up, up.servers),
            (Condition::Running, servers, servers),
            "{name}"
        );
        cluster::stop(&folder, &[], CancellationToken::new())
            .await
            .unwrap();
        let down = listed().unwrap();
        assert_eq!((down.state, down.servers_up), (Condition::Stopped, 0), "{name}");
        cluster::teardown(&folder, CancellationToken::new())
            .await
            .unwrap();
        assert!(listed().is_none(), "{name}");
        assert_gone(&folder);
    }
}
