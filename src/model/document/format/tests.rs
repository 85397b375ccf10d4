//! Reading and writing design files: what is kept, what is refused, and that nothing panics.

use proptest::prelude::*;

use super::*;
use crate::model::document::{Command, Document, templates};
use crate::model::topology::{Downstreams, Edit, Port, ServerName, SiteName, SyncPolicy, check, notation};

fn seed() -> Document {
    read(templates::find("seed").unwrap().text).unwrap()
}

fn id(document: &Document, name: &str) -> ServerId {
    document.topology().by_name(name).unwrap().id()
}

/// Does the edits to the seed and gives the lines that changed: "-old" and "+new".
fn changed_lines(edits: impl Fn(&Document) -> Vec<Command>) -> Vec<String> {
    let mut document = seed();
    let before = document.text();
    for command in edits(&document.clone()) {
        document.apply(&command).unwrap();
    }
    let after = document.text();
    assert_eq!(
        notation::print(read(&after).unwrap().topology()),
        notation::print(document.topology()),
        "what is written reads back"
    );
    let minus = before
        .lines()
        .filter(|line| !after.contains(line))
        .map(|line| format!("-{line}"));
    let plus = after
        .lines()
        .filter(|line| !before.contains(line))
        .map(|line| format!("+{line}"));
    minus.chain(plus).collect()
}

#[test]
fn the_templates_read_without_findings() {
    for template in templates::TEMPLATES {
        let document = read(template.text).unwrap();
        assert_eq!(check(document.topology()), [], "{}", template.name);
        assert_eq!(
            document.text(),
            template.text,
            "an unchanged design is the same text"
        );
    }
}

#[test]
fn a_change_touches_only_its_own_line() {
    assert_eq!(
        changed_lines(|seed| vec![Command::Edit(Edit::SetPort {
            server: id(seed, "slave2"),
            port: Port::new(15999).unwrap()
        })]),
        ["-port = 15433", "+port = 15999"]
    );
    let attach = |seed: &Document| {
        vec![Command::Edit(Edit::Attach {
            server: id(seed, "slave12"),
            upstream: id(seed, "slave2"),
        })]
    };
    assert_eq!(changed_lines(attach), ["+follows = \"slave2\""]);
    assert_eq!(
        changed_lines(|seed| vec![Command::Edit(Edit::Rename {
            server: id(seed, "slave1"),
            name: ServerName::parse("relay").unwrap()
        })]),
        [
            "-name = \"slave1\"",
            "-follows = \"slave1\"",
            "-follows = \"slave1\"",
            "+name = \"relay\"",
            "+follows = \"relay\"",
            "+follows = \"relay\""
        ]
    );
}

#[test]
fn tables_come_and_go() {
    assert_eq!(
        changed_lines(|_| vec![Command::Edit(Edit::SetSync(None))]),
        ["-[sync]", "-method = \"first\"", "-count = 1", "-commit = \"on\""]
    );
    assert_eq!(
        changed_lines(|seed| vec![
            Command::Edit(Edit::SetSetting {
                server: None,
                name: "a.b".into(),
                value: Some("it's".into())
            }),
            Command::Move(vec![(id(seed, "master"), [10.0, -20.5])]),
        ]),
        [
            "+[settings]",
            "+\"a.b\" = \"it's\"",
            "+[layout]",
            "+master = [10.0, -20.5]"
        ]
    );
    assert_eq!(
        changed_lines(|seed| vec![Command::Edit(Edit::Remove {
            server: id(seed, "slave2"),
            downstreams: Downstreams::Remove
        })]),
        ["-name = \"slave2\"", "-port = 15433", "-sync_priority = 2"]
    );
    assert_eq!(
        changed_lines(|seed| vec![Command::Edit(Edit::AddStandby {
            upstream: id(seed, "slave2"),
            name: None,
            port: None
        })]),
        ["+name = \"standby1\"", "+port = 15434", "+follows = \"slave2\""]
    );
}

#[test]
fn a_site_comes_and_goes_as_a_line_of_its_server() {
    let site = |name: &str| SiteName::parse(name).ok();
    let set = |seed: &Document, name: &str| {
        Command::Edit(Edit::SetSite {
            servers: vec![id(seed, "slave1"), id(seed, "slave2")],
            site: site(name),
        })
    };
    assert_eq!(
        changed_lines(|seed| vec![set(seed, "Berlin")]),
        ["+site = \"Berlin\"", "+site = \"Berlin\""]
    );
    assert_eq!(
        changed_lines(|seed| vec![set(seed, "Berlin"), set(seed, "")]),
        [""; 0]
    );
    let text = "postgres = 15\n[[server]]\nname = \"m\"\nport = 1\nsite = \"  Köln \" # by the river\n";
    let document = read(text).unwrap();
    assert_eq!(document.topology().primary().site(), site("Köln").as_ref());
    assert_eq!(
        document.text(),
        text,
        "what means the same stays as it was written"
    );
    let head = "postgres = 15\n[[server]]\nname = \"m\"\nport = 1\n";
    check_problems(
        &format!("{head}site = \" \"\nsites = 1\n"),
        &[
            "5 bad-value: this is not a site: a site is a name of 1 to 63 characters on one line, such as \
             \"Berlin\" or \"rack 4\" | write a short name on one line, for example site = \"Berlin\", or \
             omit site",
            "6 unknown-key: server \"m\" has no key \"sites\" | did you mean \"site\"?",
        ],
    );
}

#[test]
fn tls_stands_beside_the_authentication_and_leaves_it_alone() {
    use crate::model::topology::Auth;
    let tls = |on| Command::Edit(Edit::SetTls(on));
    let auth = |auth| Command::Edit(Edit::SetAuth(auth));
    assert_eq!(changed_lines(|_| vec![tls(true)]), ["+[security]", "+tls = true"]);
    assert_eq!(changed_lines(|_| vec![tls(true), tls(false)]), [""; 0]);
    assert_eq!(
        changed_lines(|_| vec![auth(Some(Auth::Md5)), tls(true), auth(None)]),
        ["+[security]", "+tls = true"]
    );
    let text = "postgres = 15\n[security]\nauth = \"md5\" # old\ntls = true # new\n[[server]]\nname = \"m\"\nport = 1\n";
    let mut document = read(text).unwrap();
    assert!(document.topology().has_tls());
    document.apply(&tls(false)).unwrap();
    assert_eq!(write(&document), text.replace("tls = true # new\n", ""));
    document.apply(&auth(None)).unwrap();
    assert!(!write(&document).contains("security"));

    let problems = read(&text.replace("true", "\"yes\"")).unwrap_err();
    assert_eq!(
        (problems[0].line, problems[0].message.as_str()),
        (
            Some(4),
            "\"tls\" is a string, but must be true, false, or a table { mode, ca, cert, key }"
        )
    );
    let unchanged = text.replace("true", "false");
    assert_eq!(write(&read(&unchanged).unwrap()), unchanged);
}

#[test]
fn comments_order_and_spelling_of_a_hand_written_file_survive() {
    let text = "\
# my cluster
postgres = \"15\"   # the text form
name = 'x'

[[server]]
port = 5432 # first
name = \"m\"
# about the standby
[[server]]
name = \"s\"   # the only one
port = 5433
follows = \"m\"
[server.settings]
work_mem = \"8MB\" # much
auto_explain.log_min_duration = 5
";
    let mut document = read(text).unwrap();
    assert_eq!(document.text(), text);
    let server = id(&document, "s");
    document
        .apply(&Command::Edit(Edit::SetPort {
            server,
            port: Port::new(6000).unwrap(),
        }))
        .unwrap();
    assert_eq!(document.text(), text.replace("5433", "6000"));
    let setting = |name: &str, value: Option<&str>| Edit::SetSetting {
        server: Some(server),
        name: name.to_owned(),
        value: value.map(str::to_owned),
    };
    document
        .apply(&Command::Edit(setting("work_mem", Some("9MB"))))
        .unwrap();
    document
        .apply(&Command::Edit(setting("auto_explain.log_min_duration", None)))
        .unwrap();
    let text = document.text();
    assert!(text.contains("work_mem = \"9MB\" # much"), "{text}");
    assert_eq!(read(&text).unwrap().topology(), document.topology());
}

#[test]
fn a_saved_document_goes_on_from_what_was_saved() {
    let mut document = seed();
    let slave2 = id(&document, "slave2");
    document
        .apply(&Command::Edit(Edit::Remove {
            server: id(&document, "slave1"),
            downstreams: Downstreams::Reattach,
        }))
        .unwrap();
    let saved = document.text();
    document.saved_as(&saved);
    assert_eq!(document.text(), saved);
    document
        .apply(&Command::Edit(Edit::SetPort {
            server: slave2,
            port: Port::new(7777).unwrap(),
        }))
        .unwrap();
    assert_eq!(document.text(), saved.replace("15433", "7777"));
}

#[test]
fn a_new_design_is_written_whole() {
    let topology =
        notation::parse("postgres 9.6\nm 1\n  \"it's one\" 2 priority 1 delay 10min no-slot host db1\n")
            .unwrap();
    let mut document = Document::new(topology);
    document
        .apply(&Command::Edit(Edit::SetSync(Some(SyncPolicy::default()))))
        .unwrap();
    let text = document.text();
    assert_eq!(
        text,
        "\
format = 1
name = \"m\"
postgres = \"9.6\"

[sync]
method = \"first\"
count = 1
commit = \"on\"

[[server]]
name = \"m\"
port = 1

[[server]]
name = \"it's one\"
port = 2
host = \"db1\"
follows = \"m\"
sync_priority = 1
slot = false
apply_delay = \"10min\"
"
    );
    assert_eq!(read(&text).unwrap().topology(), document.topology());
}

/// Reads a text that is not a design and compares what is said of it.
fn check_problems(text: &str, expected: &[&str]) {
    let problems = read(text).map(|document| document.text()).unwrap_err();
    let said: Vec<String> = problems
        .iter()
        .map(|problem| {
            let line = problem
                .line
                .map_or_else(|| "-".to_owned(), |line| line.to_string());
            let fix = problem.fix.as_deref().unwrap_or("-");
            format!("{line} {}: {} | {fix}", problem.rule, problem.message)
        })
        .collect();
    assert_eq!(said, expected);
}

#[test]
fn each_problem_names_its_line_and_its_fix() {
    let head = "name = \"x\"\npostgres = 15\n";
    let server = |name: &str, rest: &str| format!("[[server]]\nname = \"{name}\"\nport = 5432\n{rest}");
    check_problems(
        &format!(
            "{head}{}{}{}",
            server("m", ""),
            server("a", "follows = \"b\"\n"),
            server("b", "follows = \"a\"\n")
        ),
        &[
            "6 loop: a → b → a is a loop: these servers follow each other and never receive WAL | make one \
             of them follow a server outside the loop",
        ],
    );
    check_problems(
        &format!("{head}{}{}", server("m", ""), server("a", "follows = \"a\"\n")),
        &["6 loop: \"a\" follows itself and never receives WAL | make it follow another server"],
    );
    check_problems(
        &format!("{head}{}{}", server("m", ""), server("n", "")),
        &[
            "6 two-primaries: \"n\" and \"m\" both have no upstream, so the design has two primaries | give \
             one of them an upstream, for example follows = \"m\" for \"n\"",
        ],
    );
    check_problems(
        &format!("{head}prot = 1\n{}", server("m", "folows = \"x\"\n")),
        &[
            "3 unknown-key: a design has no key \"prot\" | the known keys are format, name, postgres, sync, archive, security, initdb, settings, server, layout, scenario, lab",
            "7 unknown-key: server \"m\" has no key \"folows\" | did you mean \"follows\"?",
        ],
    );
    check_problems(
        &format!("{head}{}{}", server("m", ""), server("s", "follows = \"n\"\n")),
        &[
            "9 unknown-upstream: \"s\" follows \"n\", but no server has that name | use the name of a \
             server in the design",
        ],
    );
    // Never the server itself, however like it is; capitals alone are the likeliest slip.
    check_problems(
        &format!(
            "{head}{}{}",
            server("PG01", ""),
            server("pg02", "follows = \"pg01\"\n")
        ),
        &[
            "9 unknown-upstream: \"pg02\" follows \"pg01\", but no server has that name | did you mean \
             follows = \"PG01\"?",
        ],
    );
    check_problems(
        &format!(
            "name = 3\npostgres = 9.6\n{}",
            server("*", "slot = 1\nsync_priority = 0\n")
        ),
        &[
            "1 bad-value: \"name\" is an integer, but must be a string in quotes | write a string in quotes",
            "2 bad-value: postgres = 9.6 is not a string: versions before 10 need quotes | write postgres = \
             \"9.6\"",
            "4 bad-value: \"*\" cannot be a server's name: in synchronous_standby_names it means every \
             standby | write a unique name, for example name = \"standby1\"",
            "6 bad-value: \"slot\" is an integer, but must be true, false or a slot's name | write true, false or a slot's name",
            "7 bad-value: \"sync_priority\" is a position in the list of synchronous standbys: a whole \
             number of at least 1 | write sync_priority = 1, or omit it",
        ],
    );
    check_problems(
        &format!("name = \"x\"\npostgres = 12.0\n{}", server("m", "")),
        &[
            "2 bad-value: postgres = 12.0 has a decimal point: from version 10, a major version is a whole number \
             | write postgres = 12",
        ],
    );
    check_problems(
        "",
        &["1 missing-key: a design needs \"postgres\" | add a line postgres = …"],
    );
    check_problems(
        &format!(
            "name = \"x\"\npostgres = 15.2\n[archive]\n[sync]\nmethod = 'some'\n{}",
            server("m", "")
        ),
        &[
            "2 bad-value: postgres = 15.2 has a decimal point: from version 10, a major version is a whole number \
             | write postgres = 15",
            "3 missing-key: [archive] needs \"directory\" | add a line directory = …",
            "5 bad-value: method = \"some\" is not one of first, any | use one of them, or omit \
             method",
        ],
    );
}

#[test]
fn a_misspelt_upstream_does_not_make_a_second_primary() {
    let head = "postgres = 15\n[[server]]\nname = \"m\"\nport = 5432\n";
    let standby = "[[server]]\nname = \"s\"\nport = 5433\nsync_priority = 1\n";
    check_problems(
        &format!("{head}{standby}folows = \"m\"\n"),
        &["9 unknown-key: server \"s\" has no key \"folows\" | did you mean \"follows\"?"],
    );
    check_problems(
        &format!("{head}{standby}follows = 1\n"),
        &[
            "9 bad-value: \"follows\" is an integer, but must be a string in quotes | write a string in quotes",
        ],
    );
}

const WORDS: [&str; 25] = [
    "format",
    "name",
    "postgres",
    "sync",
    "method",
    "first",
    "any",
    "count",
    "server",
    "port",
    "follows",
    "slot",
    "sync_priority",
    "apply_delay",
    "settings",
    "layout",
    "archive",
    "security",
    "auth",
    "host",
    "site",
    "m",
    "a",
    "b",
    "\u{0}é'\"",
];

/// Lines that look like a design file, well and badly formed.
fn line() -> impl Strategy<Value = String> {
    let word = || prop::sample::select(&WORDS[..]);
    let value = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        (0..30_i64).prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        any::<bool>().prop_map(|switch| switch.to_string()),
        word().prop_map(|word| format!("\"{word}\"")),
        Just("[0.0, 1]".to_owned()),
        Just("{ a = 1 }".to_owned()),
        Just("[{ name = \"m\", port = 1 }]".to_owned()),
        ".{0,8}".prop_map(|text| format!("{text:?}")),
    ];
    prop_oneof![
        5 => (word(), value).prop_map(|(key, value)| format!("{key} = {value}")),
        2 => Just("[[server]]".to_owned()),
        1 => word().prop_map(|word| format!("[{word}]")),
        1 => Just("[server.settings]".to_owned()),
        1 => ".{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_reading_panic(text in "\\PC*") {
        let _ = read(&text);
    }

    #[test]
    fn no_lines_make_reading_or_writing_panic(lines in prop::collection::vec(line(), 0..24)) {
        let text = lines.join("\n");
        if let Ok(document) = read(&text) {
            prop_assert_eq!(document.text(), text);
            let _ = check(document.topology());
        }
    }

    #[test]
    fn a_damaged_design_never_panics(at in 0..600_usize, byte in any::<u8>()) {
        let mut text = templates::find("seed").unwrap().text.as_bytes().to_vec();
        if let Some(place) = text.get_mut(at) {
            *place = byte;
        }
        let _ = read(&String::from_utf8_lossy(&text));
    }
}
