//! A cluster that somebody has, brought in by the command line: from a bundle, a picture, copies of configuration folders.

use std::fs;
use std::process::Command;

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
        "hba = [\"host replication all 0.0.0.0/0 trust\"]",
        "role = \"rep\"",
        "listen = \"*\"",
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
    // The copy's own, and not the file of that name on this machine.
    let rules = losses
        .iter()
        .filter(|loss| loss["where"].as_str().unwrap().contains("pg_hba.conf"));
    assert_eq!(rules.count(), 0, "{losses:?}");
    let asked = answer["asked"].to_string();
    assert!(asked.contains("these lines on db2, too"), "{asked}");

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

/// Headless Chromium, under one of its names.
fn browser() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.into_iter().find(|name| {
        let asked = Command::new(name).arg("--version").output();
        asked.is_ok_and(|said| said.status.success())
    })
}

/// `make test-report` installs the browser and runs this.
#[test]
#[ignore = "needs Chromium: make test-report"]
fn the_report_of_an_audit_opens_in_a_browser() {
    let browser = browser().expect("Chromium is not installed: make test-report does it");
    let terminal = Terminal::new();
    copies(&terminal);
    for more in [&[][..], &["--anonymous", "--force"]] {
        let said = terminal.run(&[&["audit", ".", "--html", "a.html"][..], more].concat());
        assert_eq!(said.code, Some(1), "{}", said.err);
        let page = terminal.path().join("a.html");
        let text = fs::read_to_string(&page).unwrap();
        let words = [
            "<script",
            "javascript:",
            "http:",
            "https:",
            " src=",
            " href=",
            "url(",
            "@import",
            " onload",
            " onclick",
            "<iframe",
            "<link",
        ];
        for word in words {
            assert!(!text.to_ascii_lowercase().contains(word), "{word}");
        }
        let address = format!("file://{}", page.display());
        let (profile, log, shot) = ("profile", "net.json", "shot.png");
        let path = |name: &str| terminal.path().join(name).display().to_string();
        let opened = |more: &[&str]| {
            let said = Command::new(browser)
                .args([
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--window-size=1280,800",
                    // What the browser wants for itself.
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--host-resolver-rules=MAP * ~NOTFOUND",
                ])
                .arg(format!("--user-data-dir={}", path(profile)))
                .arg(format!("--log-net-log={}", path(log)))
                .args(more)
                .arg(&address)
                .output()
                .unwrap();
            assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
            String::from_utf8_lossy(&said.stdout).into_owned()
        };
        let seen = opened(&["--dump-dom"]);
        for part in ["<svg", "What it survives", "<h1"] {
            assert!(seen.contains(part), "{part}: {seen}");
        }
        assert!(!seen.contains("<script"));
        // The page asked for nothing: whatever the browser does for itself has other addresses.
        let asked = fs::read_to_string(terminal.path().join(log)).unwrap();
        assert!(!asked.contains("\"initiator\":\"file://"), "{asked}");
        opened(&[&format!("--screenshot={}", path(shot))]);
        let picture = fs::read(terminal.path().join(shot)).unwrap();
        assert!(
            picture.starts_with(b"\x89PNG") && picture.len() > 10_000,
            "{}",
            picture.len()
        );
        if let Some(kept) = std::env::var_os("PGCASCADE_KEEP_SHOT") {
            fs::write(kept, picture).unwrap();
        }
    }
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
fn files_of_other_tools_become_designs() {
    let terminal = Terminal::new();
    for target in [
        "hosts",
        "patroni",
        "repmgr",
        "cloudnativepg",
        "compose",
        "ansible",
    ] {
        for call in [
            &["new", "--template", "two-sites", "-o", "d.toml", "--force"][..],
            &["export", "d.toml", "--to", target, "-o", target],
        ] {
            let said = terminal.run(call);
            assert_eq!(said.code, Some(0), "{call:?}: {}", said.err);
        }
        let design = fs::read_to_string(terminal.path().join("d.toml")).unwrap();
        let said = terminal.run(&["import", target, "--json"]);
        assert_eq!(said.code, Some(0), "{target}: {}", said.err);
        assert_eq!(
            json(&said.out)["design"].as_str(),
            Some(design.as_str()),
            "{target}"
        );
        // The tool's own files alone.
        fs::remove_file(terminal.path().join(target).join("design.toml")).unwrap();
        let said = terminal.run(&["import", target]);
        assert_eq!(said.code, Some(0), "{target}: {}", said.err);
        assert_eq!(
            said.out.matches("[[server]]").count(),
            design.matches("[[server]]").count(),
            "{target}"
        );
    }
    let file = terminal.path().join("patroni/patroni");
    let file = fs::read_dir(file).unwrap().next().unwrap().unwrap().path();
    let said = terminal.run(&["import", &file.to_string_lossy()]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("It is for Patroni itself"), "{}", said.err);
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
