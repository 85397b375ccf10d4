//! What-if in time: scenarios played back and forth, each a story of its own, at a pace at which a commit can be seen.
//!
//! The window says how much of its own time has passed; how far that goes in the cluster's time says the [`Pace`]. What one
//! frame plays is bounded: where the simulation cannot keep up, the cluster's time goes slower, and the window never waits.

use crate::model::health::Board;
use crate::model::simulate::time::{Micros, Player, Run, Scenario, Speed, TICK, Workload};
use crate::model::simulate::world::{Incident, Refusal};
use crate::model::topology::{ServerId, Topology};

/// What one frame may play: servers times ticks, a few milliseconds of work.
const WORK: u64 = 1_000_000;
/// So many ticks at most, however few servers there are.
const MOST_TICKS: u64 = 20_000;
/// The shortest line of time that is shown.
const SHORTEST: Micros = 100_000;

/// How much of the cluster's time a second of the window shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace(usize);

/// What-if in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TimeMessage {
    /// Play, or pause.
    Play(bool),
    /// So many microseconds of the window have passed since the last frame.
    Frame(Micros),
    Pace(Pace),
    /// One tick on, or back.
    Tick {
        on: bool,
    },
    /// On until the next commit ends.
    NextCommit,
    GoTo(Micros),
    /// A story of its own from this moment on.
    Fork,
    /// Continue the story of this number.
    Tell(usize),
    Seed(u64),
    Workload(Workload),
    /// Every link that has no speed of its own.
    Network(Speed),
    /// The link to this standby; `None`: as fast as the others.
    Link(ServerId, Option<Speed>),
}

impl Pace {
    /// From one at which the stages of one commit can be told apart to one at which minutes go by.
    const STEPS: [Micros; 9] = [
        1_000, 5_000, 10_000, 20_000, 50_000, 100_000, 250_000, 1_000_000, 10_000_000,
    ];

    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::STEPS.len()).map(Self)
    }

    /// A quarter of real time: at it, the seconds of a lesson pass while one watches.
    pub(super) const OF_LESSON: Self = Self(6);

    /// The cluster's microseconds in a second of the window.
    pub fn micros(self) -> Micros {
        Self::STEPS.get(self.0).copied().unwrap_or(SHORTEST)
    }

    #[must_use]
    pub fn slower(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    #[must_use]
    pub fn faster(self) -> Self {
        Self((self.0 + 1).min(Self::STEPS.len() - 1))
    }

    /// `0.02×`.
    pub fn words(self) -> String {
        format!("{}×", self.micros() as f64 / 1e6)
    }
}

impl Default for Pace {
    /// 10 ms in a second.
    fn default() -> Self {
        Self(2)
    }
}

/// Every story in time, and what is seen of the one that is told.
#[derive(Debug)]
pub struct InTime {
    stories: Vec<Played>,
    shown: usize,
    pub pace: Pace,
    is_playing: bool,
    /// What servers show at the moment, and of which moment that is.
    board: Board,
    seen: (usize, usize),
}

/// One scenario, and where in it one is.
#[derive(Clone, Debug)]
struct Played {
    player: Player,
    /// The moment that is to be shown; it may lie between two ticks, and far from where the player is just now.
    wanted: Micros,
}

impl Played {
    fn new(topology: &Topology, scenario: Scenario) -> Self {
        Self {
            player: Player::new(topology, scenario),
            wanted: 0,
        }
    }

    fn is_there(&self) -> bool {
        let now = self.player.run().now();
        (now..now + TICK).contains(&self.wanted)
    }
}

impl InTime {
    pub fn new(topology: &Topology, scenario: Scenario) -> Self {
        let played = Played::new(topology, scenario);
        Self {
            board: played.player.run().world().board(),
            stories: vec![played],
            shown: 0,
            pace: Pace::default(),
            is_playing: false,
            seen: (0, 0),
        }
    }

    fn story(&self) -> &Played {
        &self.stories[self.shown]
    }

    fn story_mut(&mut self) -> &mut Played {
        &mut self.stories[self.shown]
    }

    pub fn run(&self) -> &Run {
        self.story().player.run()
    }

    pub fn scenario(&self) -> &Scenario {
        self.story().player.scenario()
    }

    pub fn board(&self) -> &Board {
        &self.board
    }

    pub fn is_playing(&self) -> bool {
        self.is_playing
    }

    /// True while frames are to come: it plays, or is on its way to the moment that was asked for.
    pub fn is_under_way(&self) -> bool {
        self.is_playing || !self.story().is_there()
    }

    /// How long after the last tick the moment is that is shown.
    pub fn since_tick(&self) -> Micros {
        let story = self.story();
        story
            .wanted
            .saturating_sub(story.player.run().now())
            .min(TICK - 1)
    }

    /// The moment that is shown.
    pub fn now(&self) -> Micros {
        self.run().now() + self.since_tick()
    }

    /// How long the line of time is: all that was played, and all that is to happen, in round figures.
    pub fn end(&self) -> Micros {
        let story = self.story();
        let events = story.player.scenario().events.last();
        let last = events.map_or(0, |event| event.at + event.at / 8);
        let least = story.player.furthest().max(story.wanted).max(last).max(SHORTEST);
        let mut unit = SHORTEST;
        while unit.saturating_mul(10) < least {
            unit = unit.saturating_mul(10);
        }
        let fits = [1, 2, 3, 5, 10].map(|times: u64| unit.saturating_mul(times));
        fits.into_iter().find(|end| *end >= least).unwrap_or(least)
    }

    /// How many stories there are, and the number of the one that is told.
    pub fn stories(&self) -> (usize, usize) {
        (self.stories.len(), self.shown)
    }

    pub(super) fn play(&mut self, plays: bool) {
        self.is_playing = plays;
    }

    /// So much of the window's time has passed.
    pub(super) fn frame(&mut self, passed: Micros) {
        let step = passed.saturating_mul(self.pace.micros()) / 1_000_000;
        let plays = self.is_playing && self.story().is_there();
        let story = self.story_mut();
        if plays {
            story.wanted += step.max(1);
        }
        let ticks = ticks_of_a_frame(story.player.run());
        let is_there = story.player.scrub_within(story.wanted, ticks);
        if plays && !is_there {
            story.wanted = story.player.run().now();
        }
    }

    /// Goes to a moment, at once if it is near.
    pub(super) fn go_to(&mut self, moment: Micros) {
        self.story_mut().wanted = moment;
        self.frame(0);
    }

    /// One tick on, or back.
    pub(super) fn tick(&mut self, on: bool) {
        self.is_playing = false;
        let now = self.run().now();
        self.go_to(if on { now + TICK } else { now.saturating_sub(TICK) });
    }

    /// On to the moment in which the next commit is answered or breaks off; false if there was none for long.
    pub(super) fn next_commit(&mut self) -> bool {
        self.is_playing = false;
        let story = self.story_mut();
        let ended = |run: &Run| run.acknowledged() + run.failed();
        let before = ended(story.player.run());
        for _ in 0..ticks_of_a_frame(story.player.run()) {
            story.player.play(TICK);
            if ended(story.player.run()) > before {
                break;
            }
        }
        story.wanted = story.player.run().now();
        ended(story.player.run()) > before
    }

    /// Lets something happen now. Where something else would still have happened, that is a story of its own.
    pub(super) fn happen(&mut self, incident: Incident) -> Result<(), Refusal> {
        self.run().world().judge(incident)?;
        if self.story().player.has_more() {
            self.fork();
        }
        let story = self.story_mut();
        story.player.happen(incident);
        story.player.play(TICK);
        story.wanted = story.player.run().now();
        Ok(())
    }

    /// A story of its own from this moment on, in which nothing else has happened yet.
    pub(super) fn fork(&mut self) {
        let story = self.story();
        let fork = Played {
            player: story.player.fork(),
            wanted: story.player.run().now(),
        };
        self.add(fork);
    }

    /// A story of its own, from its beginning.
    pub(super) fn begin(&mut self, topology: &Topology, scenario: Scenario) {
        self.is_playing = false;
        self.add(Played::new(topology, scenario));
    }

    fn add(&mut self, story: Played) {
        self.stories.push(story);
        self.shown = self.stories.len() - 1;
    }

    pub(super) fn tell(&mut self, story: usize) {
        if story < self.stories.len() {
            self.shown = story;
        }
    }

    /// The same story with another seed, other clients or other links: played again from its beginning up to this moment.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Scenario)) {
        let mut scenario = self.scenario().clone();
        change(&mut scenario);
        if scenario == *self.scenario() {
            return;
        }
        let topology = self.run().world().topology().clone();
        let story = self.story_mut();
        story.player = Player::new(&topology, scenario);
        self.frame(0);
    }

    /// Takes over what servers show if anything has happened since; true if so.
    pub(super) fn look(&mut self) -> bool {
        let seen = (self.shown, self.run().happened().len());
        if seen == self.seen {
            return false;
        }
        self.seen = seen;
        self.board = self.run().world().board();
        true
    }
}

fn ticks_of_a_frame(run: &Run) -> u64 {
    let servers = run.world().topology().servers().len();
    let servers = u64::try_from(servers).unwrap_or(u64::MAX).max(1);
    (WORK / servers).clamp(1, MOST_TICKS)
}
