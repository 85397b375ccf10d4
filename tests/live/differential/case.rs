//! A cluster and what happens to it, as plain data that prints itself; and the random ones.

use std::fmt;

use pgcascade::model::topology::{CommitLevel, Edit, PgMajor, ServerId, Topology, notation};

use crate::random::Random;

/// A cluster, and the faults that strike it one step after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The primary first, every other below one before it.
    pub servers: Vec<Server>,
    pub sync: Sync,
    pub steps: Vec<Step>,
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
}

impl Case {
    /// The design, for servers that listen on these ports.
    pub fn topology(&self, postgres: PgMajor, ports: &[u16]) -> Topology {
        let mut topology = notation::parse(&self.notation(ports)).unwrap();
        topology.apply(&Edit::SetPostgres(postgres)).unwrap();
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
    pub fn random(random: &mut Random) -> Self {
        let count = 2 + random.below(7);
        let mut names: Vec<String> = ODD_NAMES.map(str::to_owned).into();
        names.push("long".repeat(17));
        random.shuffle(&mut names);
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
        let mut down = vec![false; count];
        let steps = (0..3).map(|_| step(random, &mut down)).collect();
        Self { servers, sync, steps }
    }
}

/// No two are equal to PostgreSQL: between those, the one that connects first comes first, and that is not the
/// drawing's to say.
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
        match random.below(8) {
            0 => Self::Off,
            1 => Self::ByHand(list(random, servers, count)),
            kind => {
                let method = if kind < 5 { "first" } else { "any" };
                let level = random.one_of(&CommitLevel::ALL).word();
                Self::Policy(format!("{method} {count} commit {level}"))
            }
        }
    }
}

/// A list that names some servers, some of them twice or in other letters, and some that are not there.
fn list(random: &mut Random, servers: &[Server], count: usize) -> String {
    let members: Vec<String> = (0..=random.below(4))
        .map(|_| {
            let name = &random.one_of(servers).name;
            match random.below(5) {
                0 => "nobody".to_owned(),
                1 => quoted(&name.to_ascii_uppercase()),
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

/// One to three servers, or now and then all of them; what is down mostly comes back.
fn step(random: &mut Random, down: &mut [bool]) -> Step {
    let mut places: Vec<usize> = (0..down.len()).collect();
    random.shuffle(&mut places);
    if !random.one_in(12) {
        places.truncate(1 + random.below(3));
    }
    let mut faults = Step::new();
    for place in places {
        let fault = if down[place] {
            Fault::Start
        } else {
            *random.one_of(&[Fault::Stop, Fault::Crash, Fault::Kill])
        };
        // Without the primary there is no commit to look at, so it goes less often.
        if place != 0 || fault == Fault::Start || random.one_in(2) {
            down[place] = fault != Fault::Start;
            faults.push((place, fault));
        }
    }
    faults
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ports: Vec<u16> = (1..).take(self.servers.len()).collect();
        write!(f, "{}", self.notation(&ports))?;
        if let Sync::ByHand(list) = &self.sync {
            writeln!(f, "synchronous_standby_names = {list}")?;
        }
        for (number, step) in self.steps.iter().enumerate() {
            let faults: Vec<String> = step
                .iter()
                .map(|(place, fault)| {
                    format!(
                        "{} {}",
                        format!("{fault:?}").to_lowercase(),
                        quoted(&self.servers[*place].name)
                    )
                })
                .collect();
            writeln!(f, "step {}: {}", number + 1, faults.join(", "))?;
        }
        Ok(())
    }
}
