//! Files of other tools as people have them.

use super::*;
use crate::model::import::draw;
use crate::model::topology::Topology;

fn texts(given: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = given.iter();
    own.map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

fn tree(topology: &Topology) -> Vec<String> {
    let mut lines: Vec<String> = topology
        .servers()
        .iter()
        .map(|server| {
            let upstream = server.upstream().and_then(|id| topology.server(id));
            let slot = topology
                .uses_slot(server.id())
                .then(|| topology.slot_name(server.id()));
            format!(
                "{} {}:{} < {} {}",
                server.name(),
                server.host(),
                server.port(),
                upstream.map_or("-", |one| one.name().as_str()),
                slot.unwrap_or_default()
            )
        })
        .collect();
    lines.sort();
    lines
}

const MEMBER: &str = "
scope: shop
name: NAME
etcd3: {hosts: 'e1:2379'}
restapi: {listen: '0.0.0.0:8008', connect_address: 'HOST:8008', authentication: {password: hunter2}}
bootstrap:
  dcs:
    ttl: 30
    synchronous_mode: true
    postgresql:
      use_slots: true
      parameters: {max_connections: 200, wal_level: replica}
  initdb: [encoding: UTF8, data-checksums]
postgresql:
  listen: 0.0.0.0:5432
  connect_address: HOST:5432
  data_dir: /data
  bin_dir: /usr/lib/postgresql/16/bin
  authentication:
    replication: {username: rep, password: hunter2}
    superuser: {username: postgres, password: hunter2}
  parameters: {work_mem: 8MB, max_connections: 150}
  pg_hba:
    - host replication rep 10.0.0.0/24 scram-sha-256
    - host all all 10.0.0.0/24 scram-sha-256
TAGS
";

fn member(name: &str, host: &str, tags: &str) -> String {
    let text = MEMBER.replace("NAME", name).replace("HOST", host);
    text.replace("TAGS", tags)
}

#[test]
fn members_of_patroni_become_a_tree() {
    let given = [
        ("p/a.yml", member("pg-a", "10.0.0.1", "tags: {nosync: false}")),
        ("p/b.yml", member("pg-b", "10.0.0.2", "tags: {nofailover: true}")),
        (
            "p/c.yml",
            member(
                "pg-c",
                "10.0.0.3",
                "tags: {nofailover: true, replicatefrom: pg-b}",
            ),
        ),
    ];
    let mut given: Vec<(&str, &str)> = given.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let mut found = read(&texts(&given));
    assert_eq!((found.name.as_deref(), found.asked.len()), (Some("shop"), 0));
    let imported = draw("x", &found.facts).unwrap();
    let topology = &imported.topology;
    assert_eq!(
        tree(topology),
        [
            "pg-a 10.0.0.1:5432 < - ",
            "pg-b 10.0.0.2:5432 < pg-a pg_b",
            "pg-c 10.0.0.3:5432 < pg-b pg_c"
        ]
    );
    assert_eq!(topology.replication_role(), "rep");
    assert_eq!(topology.synchronous_standby_names(), "\"pg-b\"");
    assert_eq!(
        topology.settings().get("max_connections").map(String::as_str),
        Some("200")
    );
    assert_eq!(
        topology.settings().get("work_mem").map(String::as_str),
        Some("8MB")
    );
    found.losses.extend(imported.losses);
    let all = format!("{:?}", found.losses);
    assert!(!all.contains("hunter2"), "{all}");
    for word in [
        "data_dir",
        "etcd3",
        "max_connections: 150",
        "chooses the synchronous standbys",
        "first start only",
    ] {
        assert!(all.contains(word), "{word}: {all}");
    }
    // What runs counts before what the files once began with.
    given.push((
        "show-config",
        "ttl: 30\nsynchronous_mode: false\npostgresql:\n  parameters: {max_connections: 300}\n",
    ));
    given[3].0 = "p/config.yml";
    let found = read(&texts(&given));
    let topology = draw("x", &found.facts).unwrap().topology;
    assert_eq!(
        topology.settings().get("max_connections").map(String::as_str),
        Some("300")
    );
    assert_eq!(topology.synchronous_standby_names(), "");
}

#[test]
fn nodes_of_repmgr_ask_whom_they_follow_unless_a_script_says() {
    let node = |id: u8, more: &str| {
        format!(
            "node_id={id}\nnode_name='node {id}' # x\nconninfo='host=db{id} user=repmgr dbname=repmgr password=hunter2'\ndata_directory='/d'\npg_bindir='/usr/pgsql-14/bin'\nuse_replication_slots='1'\n{more}"
        )
    };
    let (one, two, three) = (
        node(1, ""),
        node(2, "priority=0\n"),
        node(3, "recovery_min_apply_delay=10min\n"),
    );
    let mut given = vec![
        ("r/n1.conf", one.as_str()),
        ("r/n2.conf", two.as_str()),
        ("r/n3.conf", three.as_str()),
    ];
    let found = read(&texts(&given));
    assert_eq!(found.asked.len(), 3);
    let script = "repmgr -f \"$conf/n1.conf\" primary register\nrepmgr -f \"$conf/n3.conf\" standby register --upstream-node-id=2 --force\n\
                  repmgr -f \"$conf/n2.conf\" standby register --upstream-node-id=1\n";
    given.push(("r/register.sh", script));
    let found = read(&texts(&given));
    assert_eq!(found.asked, []);
    let imported = draw("x", &found.facts).unwrap();
    assert_eq!(
        tree(&imported.topology),
        [
            "node 1 db1:5432 < - ",
            "node 2 db2:5432 < node 1 repmgr_slot_2",
            "node 3 db3:5432 < node 2 repmgr_slot_3"
        ]
    );
    let all = format!("{imported:?}");
    assert!(all.contains("priority=0") && !all.contains("hunter2"), "{all}");
}

#[test]
fn clusters_of_the_operator_become_a_tree() {
    let text = "
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: main}
spec:
  instances: 2
  imageName: ghcr.io/cloudnative-pg/postgresql:16.4-bookworm
  storage: {size: 10Gi}
  bootstrap: {initdb: {database: app, owner: app, walSegmentSize: 64}}
  postgresql:
    parameters: {work_mem: 16MB}
    synchronous: {method: first, number: 1, standbyNamesPre: [far]}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: far}
spec:
  instances: 1
  imageName: ghcr.io/cloudnative-pg/postgresql:16.4
  replica: {enabled: true, source: main, minApplyDelay: 1h30m}
  bootstrap: {pg_basebackup: {source: main}}
  externalClusters:
    - name: main
      connectionParameters: {host: main-rw.prod.svc, user: streaming_replica, sslmode: verify-full, application_name: far}
---
apiVersion: v1
kind: Secret
data: {password: hunter2}
";
    let found = read(&texts(&[("c.yaml", text)]));
    let imported = draw("x", &found.facts).unwrap();
    let topology = &imported.topology;
    assert_eq!(
        tree(topology)
            .iter()
            .map(|line| line.split(' ').next().unwrap())
            .collect::<Vec<_>>(),
        ["far", "main", "main-2"]
    );
    assert_eq!(topology.synchronous_standby_names(), "far, \"main-2\"");
    let far = topology.by_name("far").unwrap();
    assert_eq!(far.standby().unwrap().apply_delay().unwrap().as_str(), "90min");
    assert_eq!(topology.terms().initdb.wal_segment_size.unwrap().megabytes(), 64);
    assert_eq!(topology.postgres().to_string(), "16");
    assert!(
        imported
            .losses
            .iter()
            .any(|loss| loss.place.contains("spec.storage.size"))
    );
}

#[test]
fn a_compose_file_alone_says_who_starts_behind_whom() {
    let text = "services:\n  db: {image: 'docker.io/library/postgres:16'}\n  two: {image: 'postgres:16', depends_on: [db]}\n  web: {image: nginx}\n";
    let found = read(&texts(&[("compose.yaml", text)]));
    let topology = draw("x", &found.facts).unwrap().topology;
    assert_eq!(tree(&topology), ["db db:5432 < - ", "two two:5432 < db "]);
    assert_eq!(found.asked.len(), 1);
    assert!(
        read(&texts(&[("x.yml", "a: [")])).losses[0]
            .message
            .contains("not YAML")
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_tool_panic(text in "(?s).{0,300}", word in "[a-z_]{0,12}") {
        let member = MEMBER.replace("NAME", &word).replace("TAGS", &text);
        for (path, text) in [("a.yml", text.clone()), ("b.yaml", member), ("c.conf", format!("node_id=1\nconninfo={text}\n{word}={text}"))] {
            let found = read(&[(path.to_owned(), text)]);
            let _ = draw("x", &found.facts);
        }
    }
}
