//! A prediction asks for settings, a server reads the text: they must say the same.

use proptest::prelude::*;

use super::*;
use crate::model::topology::{Archive, Auth, Edit, PgMajor, notation};

#[track_caller]
fn text_says_what_settings_say(topology: &Topology) {
    let configuration = Configuration::in_cluster_folder(topology);
    for server in topology.servers() {
        let files = configuration.files(server);
        let (_, conf) = files.iter().find(|(name, _)| *name == "postgresql.conf").unwrap();
        let settings = configuration.settings(server);
        for setting in &settings {
            let value = configuration.value(server, &setting.name);
            assert!(value.is_some());
            assert_eq!(value_in(&conf.contents, &setting.name), value, "{}", setting.name);
        }
        let is_line = |line: &&str| !line.is_empty() && !line.starts_with('#');
        let lines = conf.contents.lines().filter(is_line).count();
        assert_eq!(
            lines,
            settings.len(),
            "a line that no setting stands for: {}",
            conf.contents
        );
    }
}

/// Names and values of every kind of spelling that the design file takes.
fn setting() -> impl Strategy<Value = (String, String)> {
    let name = prop::sample::select(vec![
        "synchronous_standby_names",
        "Synchronous_Standby_Names",
        "synchronous_commit",
        "shared_buffers",
        "max_wal_senders",
        "archive_command",
        "port",
        "my.own_setting",
    ]);
    let value = prop_oneof![
        Just(String::new()),
        Just("FIRST 1 (a, \"b c\")".to_owned()),
        Just("it's 100% \\ 'odd' # no comment".to_owned()),
        Just(" remote_apply ".to_owned()),
        "[ -~]{0,24}",
        "\\PC{0,12}",
    ];
    (name.prop_map(str::to_owned), value)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_says_what_its_settings_say(
        major in 0..PgMajor::ALL.len(),
        for_all in prop::collection::vec(setting(), 0..4),
        for_one in prop::collection::vec((0..3_usize, setting()), 0..4),
        has_archive in any::<bool>(),
        has_tls in any::<bool>(),
        auth in prop::sample::select(vec![Auth::Scram, Auth::Md5, Auth::Trust]),
        host in prop::sample::select(vec!["localhost", "db1", "::1", "10.0.0.7"]),
    ) {
        let design = format!(
            "m 5432 sync first 1 host {host}\n  \"a b\" 5433 priority 1\n    \"it's\" 5434 no-slot delay 5min\n"
        );
        let mut topology = notation::parse(&design).unwrap();
        let ids: Vec<ServerId> = topology.servers().iter().map(Server::id).collect();
        let mut edits = vec![
            Edit::SetPostgres(PgMajor::ALL[major]),
            Edit::SetTls(has_tls),
            Edit::SetAuth(Some(auth)),
            Edit::SetArchive(has_archive.then(|| Archive::new("wal's").unwrap())),
        ];
        let set = |server, (name, value)| Edit::SetSetting { server, name, value: Some(value) };
        edits.extend(for_all.into_iter().map(|one| set(None, one)));
        edits.extend(for_one.into_iter().map(|(place, one)| set(Some(ids[place]), one)));
        for edit in &edits {
            // Some values are refused: control characters, for example.
            let _ = topology.apply(edit);
        }
        text_says_what_settings_say(&topology);
    }
}
