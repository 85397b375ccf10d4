//! A cluster and what happens to it, as plain data that prints itself; and the random ones.

use std::collections::BTreeSet;
use std::fmt;

use pgcascade::model::bundle::generate;
use pgcascade::model::document::Document;
use pgcascade::model::health::ReplicationRow;
use pgcascade::model::simulate::world::{Flow, Incident, World};
use pgcascade::model::topology::{Auth, CommitLevel, Edit, PgMajor, ServerId, Topology, notation};

use crate::random::Random;

/// A cluster, and the faults that strike it one step after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The primary first, every other below one before it.
    pub servers: Vec<Server>,
    pub sync: Sync,
    pub steps: Vec<Step>,
    /// The standbys that would be lost together with a primary, by their places: asked at every step whether that would
    /// lose a commit.
    pub doomed: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub name: String,
    /// The place of its upstream; the primary's own.
    pub upstream: usize,
    pub priority: Option<u32>,
    pub has_slot: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sync {
    Off,
    /// What stands behind `sync` in the notation.
    Policy(String),
    /// synchronous_standby_names as somebody wrote it.
    ByHand(String),
}

/// What strikes at once.
pub type Step = Vec<(usize, Fault)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A clean stop.
    Stop,
    /// An immediate stop: no last record, no checkpoint.
    Crash,
    /// SIGKILL for the server and all of its processes.
    Kill,
    /// It is started again.
    Start,
    Pause,
    Resume,
    Promote,
    /// It is told to follow the server at this place.
    Repoint(usize),
    /// Its slot is made at the server at this place.
    MakeSlot(usize),
}

impl Fault {
    /// The same for the model.
    pub fn action(self, server: usize, ids: &[ServerId]) -> Incident {
        let server = ids[server];
        match self {
            Self::Stop => Incident::Stop(server),
            Self::Crash | Self::Kill => Incident::Crash(server),
            Self::Start => Incident::ComeBack(server),
            Self::Pause => Incident::Pause(server),
            Self::Resume => Incident::Resume(server),
            Self::Promote => Incident::Promote(server),
            Self::Repoint(upstream) => Incident::Repoint {
                server,
                upstream: ids[upstream],
            },
            Self::MakeSlot(upstream) => Incident::MakeSlot {
                server,
                upstream: ids[upstream],
            },
        }
    }
}

impl Case {
    /// The design, for servers that listen on these ports.
    pub fn topology(&self, postgres: PgMajor, ports: &[u16]) -> Topology {
        let mut topology = notation::parse(&self.notation(ports)).unwrap();
        topology.apply(&Edit::SetPostgres(postgres)).unwrap();
        // Passwords are another story, and cost time at every login.
        topology.apply(&Edit::SetAuth(Some(Auth::Trust))).unwrap();
        let mut set = |name: &str, value: &str| {
            let (name, value) = (name.to_owned(), Some(value.to_owned()));
            let server = None;
            topology.apply(&Edit::SetSetting { server, name, value }).unwrap();
        };
        // Nothing here outlives the machine.
        set("fsync", "off");
        if let Sync::ByHand(list) = &self.sync {
            set("synchronous_standby_names", list);
        }
        topology
    }

    /// The design to deploy: the same, or if it is open which of its standbys are synchronous, without a list. Deploying
    /// waits for the rows that are predicted, and of equal ones those that connect first come first.
    pub fn deployed(&self, topology: &Topology) -> Topology {
        let mut deployed = topology.clone();
        if let Sync::ByHand(_) = &self.sync
            && let board = World::new(topology).board()
            && board
                .servers
                .iter()
                .any(|reading| !ties(&reading.replication).is_empty())
        {
            let (name, value) = ("synchronous_standby_names".to_owned(), Some(String::new()));
            let server = None;
            deployed.apply(&Edit::SetSetting { server, name, value }).unwrap();
        }
        deployed
    }

    /// The servers' numbers in the design, by their place here.
    pub fn ids(&self, topology: &Topology) -> Vec<ServerId> {
        let id = |server: &Server| topology.by_name(&server.name).unwrap().id();
        self.servers.iter().map(id).collect()
    }

    fn notation(&self, ports: &[u16]) -> String {
        let mut text = String::new();
        let mut open = vec![(0, 0)];
        // Indentation is the tree, so it is written depth first.
        while let Some((place, depth)) = open.pop() {
            let server = &self.servers[place];
            text += &format!("{}{} {}", "  ".repeat(depth), quoted(&server.name), ports[place]);
            if let (0, Sync::Policy(policy)) = (place, &self.sync) {
                text += &format!(" sync {policy}");
            }
            if let Some(priority) = server.priority {
                text += &format!(" priority {priority}");
            }
            if !server.has_slot && place > 0 {
                text += " no-slot";
            }
            text.push('\n');
            let below = (1..self.servers.len()).rev();
            let below = below.filter(|other| self.servers[*other].upstream == place);
            open.extend(below.map(|other| (other, depth + 1)));
        }
        text
    }

    /// Two to eight servers under some names that need care, and three steps.
    pub fn random(random: &mut Random, postgres: PgMajor) -> Self {
        let count = 2 + random.below(7);
        let mut names: Vec<String> = ODD_NAMES.map(str::to_owned).into();
        names.push("long".repeat(17));
        random.shuffle(&mut names);
        // Two standbys that are one to PostgreSQL, often below the same server.
        if random.one_in(4) {
            let equal = if random.one_in(2) {
                ["Equal".to_owned(), "equal".to_owned()]
            } else {
                ["one", "two"].map(|end| format!("{}{end}", "long".repeat(16)))
            };
            names.splice(1..3, equal);
        }
        let mut priorities: Vec<u32> = (1..=10).map(|number| number * 7).collect();
        random.shuffle(&mut priorities);
        let servers: Vec<Server> = (0..count)
            .map(|place| Server {
                name: names.swap_remove(0),
                upstream: if place < 2 || random.one_in(2) {
                    0
                } else {
                    random.below(place)
                },
                priority: (place > 0 && !random.one_in(3)).then(|| priorities[place]),
                has_slot: !random.one_in(4),
            })
            .collect();
        let sync = Sync::random(random, &servers);
        let mut doomed: Vec<usize> = (1..count).collect();
        random.shuffle(&mut doomed);
        doomed.truncate(random.below(4));
        let mut case = Self {
            servers,
            sync,
            steps: Vec::new(),
            doomed,
        };
        case.sync = case.without_equals_by_policy(random, postgres);
        let topology = case.topology(postgres, &case.some_ports());
        let (ids, mut world) = (case.ids(&topology), World::new(&topology));
        case.steps = (0..3).map(|_| step(random, &mut world, &ids)).collect();
        case
    }

    /// Which of two equal standbys is synchronous is only open where a list is set by hand (see [`Self::deployed`]).
    fn without_equals_by_policy(&self, random: &mut Random, postgres: PgMajor) -> Sync {
        let board = World::new(&self.topology(postgres, &self.some_ports())).board();
        let is_open = board
            .servers
            .iter()
            .any(|reading| !ties(&reading.replication).is_empty());
        if is_open && matches!(self.sync, Sync::Policy(_)) {
            let count = 1 + random.below(3);
            return Sync::ByHand(list(random, &self.servers, count));
        }
        self.sync.clone()
    }

    fn some_ports(&self) -> Vec<u16> {
        (1..).take(self.servers.len()).collect()
    }
}

/// The rows between which the order of connecting decides, by their priority: of equal ones some are synchronous, and
/// which of them is not the drawing's to say.
pub fn ties(rows: &[ReplicationRow]) -> Vec<u32> {
    let has = |priority: u32, word: &str| {
        let streaming = rows.iter().filter(|row| row.state == "streaming");
        streaming
            .filter(|row| row.sync_priority == priority)
            .any(|row| row.sync_state == word)
    };
    let priorities: BTreeSet<u32> = rows.iter().map(|row| row.sync_priority).collect();
    priorities
        .into_iter()
        .filter(|priority| has(*priority, "sync") && has(*priority, "potential"))
        .collect()
}

/// No two of these are equal to PostgreSQL.
const ODD_NAMES: [&str; 18] = [
    "slave1",
    "SLAVE2",
    "plain",
    "my node",
    "it's",
    "a\"b",
    "1node",
    "first",
    "ANY",
    "é-x",
    "a,b",
    "(c)",
    "$d",
    "back\\slash",
    " blank",
    "x=y",
    "#z",
    "Ünïcödé",
];

impl Sync {
    fn random(random: &mut Random, servers: &[Server]) -> Self {
        let count = 1 + random.below(3);
        match random.below(9) {
            0 => Self::Off,
            1..4 => Self::ByHand(list(random, servers, count)),
            kind => {
                let method = if kind < 6 { "first" } else { "any" };
                let level = random.pick(&CommitLevel::ALL).word();
                Self::Policy(format!("{method} {count} commit {level}"))
            }
        }
    }
}

/// A list that names some servers, some of them twice or in other letters, and some that are not there.
fn list(random: &mut Random, servers: &[Server], count: usize) -> String {
    let members: Vec<String> = (0..=random.below(4))
        .map(|_| {
            let name = &servers[random.below(servers.len())].name;
            match random.below(7) {
                0 => "nobody".to_owned(),
                1 => "*".to_owned(),
                2 => quoted(&name.to_ascii_uppercase()),
                _ => quoted(name),
            }
        })
        .collect();
    let members = members.join(if random.one_in(2) { "," } else { " , " });
    match random.below(4) {
        0 => members,
        1 => format!("{count} ({members})"),
        2 => format!("FIRST {count} ({members})"),
        _ => format!("any {count} ({members})"),
    }
}

/// Often a decision, else faults of one to three servers, now and then of all; what is down mostly comes back.
fn step(random: &mut Random, world: &mut World, ids: &[ServerId]) -> Step {
    if random.one_in(3)
        && let Some(decision) = decision(random, world, ids)
    {
        return vec![decision];
    }
    let mut places: Vec<usize> = (0..ids.len()).collect();
    random.shuffle(&mut places);
    if !random.one_in(12) {
        places.truncate(1 + random.below(3));
    }
    // Clients write until the last primary is gone: it goes first, and what goes with it lacks nothing.
    places.sort_by_key(|place| world.state(ids[*place]).unwrap().upstream.is_some());
    let mut faults = Step::new();
    for place in places {
        let state = world.state(ids[place]).unwrap();
        let fault = if state.is_up() {
            random.pick(&[Fault::Stop, Fault::Crash, Fault::Kill])
        } else {
            Fault::Start
        };
        // Without a primary there is no commit to look at, so it goes less often.
        let is_wanted = state.upstream.is_some() || fault == Fault::Start || random.one_in(2);
        if is_wanted && world.apply(fault.action(place, ids)).is_ok() {
            faults.push((place, fault));
        }
    }
    faults
}

/// Something that the model lets happen: a pause, a promotion, another upstream, a slot that is missing.
fn decision(random: &mut Random, world: &mut World, ids: &[ServerId]) -> Option<(usize, Fault)> {
    // Up to 11 an upstream stands in recovery.conf, and a promotion is a file's: not done here.
    let can_decide = world.topology().postgres() >= PgMajor::V12;
    for _ in 0..20 {
        let (place, other) = (random.below(ids.len()), random.below(ids.len()));
        let fault = match random.below(6) {
            0 => Fault::Pause,
            1 => Fault::Resume,
            2 if can_decide => Fault::Promote,
            3 if can_decide => Fault::MakeSlot(other),
            _ if can_decide => Fault::Repoint(other),
            _ => continue,
        };
        let state = world.state(ids[place]).unwrap();
        let is_possible = match fault {
            // Only a server that runs can be told.
            Fault::Repoint(_) => state.is_up() && lets_standbys_in(world.topology(), ids[other]),
            Fault::MakeSlot(_) => state.is_up() && state.flow == Flow::SlotMissing,
            // Up to 12 a paused server is promoted only when it is resumed.
            Fault::Promote => !state.is_paused || world.topology().postgres() >= PgMajor::V13,
            _ => true,
        };
        if is_possible && world.apply(fault.action(place, ids)).is_ok() {
            return Some((place, fault));
        }
    }
    None
}

/// The model knows no pg_hba.conf: where it has no line for replication, nobody can be re-pointed to.
fn lets_standbys_in(topology: &Topology, server: ServerId) -> bool {
    let bundle = generate(&Document::new(topology.clone()));
    let path = format!("servers/{}/pg_hba.conf", topology.folder(server));
    let file = bundle.file(&path).unwrap();
    file.contents
        .lines()
        .any(|line| line.starts_with("host") && line.contains(" replication "))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.notation(&self.some_ports()))?;
        if let Sync::ByHand(list) = &self.sync {
            writeln!(f, "synchronous_standby_names = {list}")?;
        }
        if !self.doomed.is_empty() {
            let doomed: Vec<String> = self
                .doomed
                .iter()
                .map(|place| quoted(&self.servers[*place].name))
                .collect();
            writeln!(f, "lost with a primary: {}", doomed.join(", "))?;
        }
        for (number, step) in self.steps.iter().enumerate() {
            let faults: Vec<String> = step
                .iter()
                .map(|(place, fault)| {
                    let name = |place: usize| quoted(&self.servers[place].name);
                    let server = name(*place);
                    match fault {
                        Fault::Repoint(upstream) => format!("repoint {server} {}", name(*upstream)),
                        Fault::MakeSlot(upstream) => format!("make-slot {server} {}", name(*upstream)),
                        fault => format!("{} {server}", format!("{fault:?}").to_lowercase()),
                    }
                })
                .collect();
            writeln!(f, "step {}: {}", number + 1, faults.join(", "))?;
        }
        Ok(())
    }
}
