//! A cluster that somebody has, brought in by the command line: from a bundle, a picture, copies of configuration folders.

use std::fs;

use pgcascade::engine::desk::store;
use serde_json::Value;

use crate::cli::Terminal;

/// A cluster of two in folders as people copy them, one of them as Debian has it.
fn copies(terminal: &Terminal) {
    let write = |path: &str, text: &str| {
        let path = terminal.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "db1/etc/postgresql/15/main/postgresql.conf",
        "data_directory = '/var/lib/postgresql/15/main'\nport = 5432\nlisten_addresses = '*'\ncluster_name = '15/main'\n\
         hba_file = '/etc/postgresql/15/main/pg_hba.conf'\n\
         include_dir = 'conf.d'\nwork_mem = 64 MB\n",
    );
    write(
        "db1/etc/postgresql/15/main/conf.d/10.conf",
        "shared_buffers = 1GB\nmax_connections = 200\n",
    );
    write(
        "db1/etc/postgresql/15/main/pg_hba.conf",
        "host replication all 0.0.0.0/0 trust\n",
    );
    write(
        "db2/postgresql.conf",
        "listen_addresses = '*'\nmax_connections = 100\nshared_buffers = 1GB\n\
         primary_conninfo = 'host=db1 user=rep password=hunter2 application_name=db2'\n",
    );
    write("db2/PG_VERSION", "15\n");
    write("db2/standby.signal", "");
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn copies_of_configuration_folders_become_a_design() {
    let terminal = Terminal::new();
    copies(&terminal);
    let call = [
        "import",
        "--config",
        "db1/etc/postgresql/15/main",
        "--config",
        "db2",
    ];
    let said = terminal.run(&[&call[..], &["--json"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!said.out.contains("hunter2"));
    let answer = json(&said.out);
    let design = answer["design"].as_str().unwrap();
    for part in [
        "postgres = 15",
        "name = \"db1\"",
        "follows = \"db1\"",
        "shared_buffers = \"1GB\"",
        "slot = false",
    ] {
        assert!(design.contains(part), "{part}: {design}");
    }
    let losses = answer["losses"].as_array().unwrap();
    let has = |place: &str, word: &str| {
        losses.iter().any(|loss| {
            loss["where"].as_str().unwrap().ends_with(place)
                && loss["message"].as_str().unwrap().contains(word)
        })
    };
    assert!(has("main/postgresql.conf:7", "syntax error"), "{losses:?}");
    assert!(has("db2/postgresql.conf:4", "password"), "{losses:?}");
    assert!(has("pg_hba.conf:1", "own rules"), "{losses:?}");
    // The copy's own, and not the file of that name on this machine.
    let rules = losses
        .iter()
        .filter(|loss| loss["where"].as_str().unwrap().contains("pg_hba.conf"));
    assert_eq!(rules.count(), 1, "{losses:?}");

    // The same from the folder above, into a file that opens and is not overwritten unasked.
    let said = terminal.run(&["import", ".", "-o", "prod.toml"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("2 servers") && said.err.contains("Not in the design"));
    store::open(&terminal.path().join("prod.toml")).unwrap();
    assert_eq!(terminal.run(&["import", ".", "-o", "prod.toml"]).code, Some(1));

    let said = terminal.run(
        &[
            &["audit"][..],
            &call[1..],
            &["--json", "--html", "a.html", "--markdown", "a.md"],
        ]
        .concat(),
    );
    assert_eq!(said.code, Some(1), "{}", said.out);
    let answer = json(&said.out);
    let rules: Vec<&str> = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["rule"].as_str().unwrap())
        .collect();
    for rule in ["files-refused", "anyone-gets-in", "standby-setting-below-primary"] {
        assert!(rules.contains(&rule), "{rules:?}");
    }
    let evidence = answer["evidence"]["standby-setting-below-primary db2"].to_string();
    assert!(
        evidence.contains("on db2: max_connections = 100")
            && evidence.contains("on db1: max_connections = 200")
    );
    let page = fs::read_to_string(terminal.path().join("a.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("<script") && !page.contains("http://"));
    assert!(!page.contains("hunter2"));
}

#[test]
fn what_pgcascade_wrote_gives_its_design_back() {
    let terminal = Terminal::new();
    for call in [
        &["new", "--template", "two-sites", "-o", "d.toml"][..],
        &["bundle", "d.toml", "-o", "d.tar.gz"],
        &["diagram", "d.toml", "-o", "d.svg"],
    ] {
        assert_eq!(terminal.run(call).code, Some(0));
    }
    let design = fs::read_to_string(terminal.path().join("d.toml")).unwrap();
    for source in ["d.toml", "d.tar.gz", "d.svg"] {
        let said = terminal.run(&["import", source, "--json"]);
        assert_eq!(said.code, Some(0), "{source}: {}", said.err);
        let answer = json(&said.out);
        assert_eq!(answer["design"].as_str(), Some(design.as_str()), "{source}");
        assert_eq!(answer["losses"], Value::Array(Vec::new()));
    }
}

#[test]
fn what_cannot_be_imported_is_told_with_what_to_do() {
    let terminal = Terminal::new();
    copies(&terminal);
    fs::create_dir(terminal.path().join("empty")).unwrap();
    for (call, word) in [
        (&["import", "nowhere"][..], "connection string"),
        (&["import", "empty"], "postgresql.conf"),
        (&["import", "host=x prot=1"], "\"prot\""),
        (&["import", "host=127.0.0.1 port=1 user=x", "db2"], "either"),
        (&["import", "host=127.0.0.1 port=1 user=x"], "Nobody listens"),
        (
            &["check", "db2/postgresql.conf"],
            "pgcascade import db2/postgresql.conf",
        ),
    ] {
        let said = terminal.run(call);
        assert_eq!(said.code, Some(1), "{call:?}");
        assert!(said.err.contains(word), "{call:?}: {}", said.err);
    }
}
