//! What-if: worlds beside the design, in which things go wrong. The document is only read, once, when the mode begins.
//!
//! A [`Story`] is what has happened, moment by moment, each with the world after it: going back is looking at an
//! earlier one. What is done there begins a story of its own, so that nothing that was tried is lost.

use crate::model::health::{Board, ReplicationRow};
use crate::model::simulate::time::{Event, Micros, Scenario, ScenarioError, Speed, Workload};
use crate::model::simulate::verdict::Verdict;
use crate::model::simulate::world::{Consequence, Incident, Refusal, World};
use crate::model::topology::{ServerId, Topology};

use super::{InTime, PathPurpose, Survives, Tab};

/// The mode's whole state.
#[derive(Debug)]
pub struct WhatIf {
    stories: Vec<Story>,
    shown: usize,
    /// Moves with everything that changes what is to be seen.
    revision: u64,
    /// The same in time, once it was looked at.
    pub time: Option<InTime>,
    /// What a lesson shows in time at first.
    pub(super) scenario: Option<Scenario>,
    /// What the panel shows.
    pub look: Look,
    /// Whether two failures at once are shown, or one.
    pub double: bool,
    /// What the design survives, once it was looked at; and what another one does.
    pub survives: Option<Survives>,
    pub compared: Option<Survives>,
    /// What the file that is being read is for.
    pub(super) awaited: Option<PathPurpose>,
    /// The tab that is shown again afterwards.
    pub(super) tab_before: Tab,
}

/// The sides of the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// What has become of the cluster.
    Verdict,
    /// What it survives.
    Survives,
    /// Commits and WAL in time: the canvas then shows a moment of that.
    Time,
}

/// What has happened, from the design as deployed on.
#[derive(Clone, Debug)]
pub struct Story {
    /// The first is the beginning.
    moments: Vec<Moment>,
    at: usize,
}

/// The cluster after something has happened.
#[derive(Clone, Debug)]
pub struct Moment {
    /// None at the beginning.
    pub incident: Option<Incident>,
    /// What followed from it, the thing itself first.
    pub consequences: Vec<Consequence>,
    pub world: World,
    pub board: Board,
    pub verdict: Verdict,
}

impl Moment {
    fn new(incident: Option<Incident>, consequences: Vec<Consequence>, world: World) -> Self {
        Self {
            incident,
            consequences,
            board: world.board(),
            verdict: Verdict::of(&world),
            world,
        }
    }

    /// What has happened, in words.
    pub fn sentence(&self) -> &str {
        let first = self.consequences.first();
        first.map_or("the cluster as it is drawn", |first| first.sentence.as_str())
    }
}

impl WhatIf {
    pub fn new(topology: &Topology, tab_before: Tab) -> Self {
        Self::from(World::new(topology), Vec::new(), None, tab_before)
    }

    /// A story that begins in trouble: what was given cannot be undone. `scenario` is for the story in time.
    pub fn from(world: World, given: Vec<Consequence>, scenario: Option<Scenario>, tab_before: Tab) -> Self {
        let beginning = Moment::new(None, given, world);
        Self {
            stories: vec![Story {
                moments: vec![beginning],
                at: 0,
            }],
            shown: 0,
            revision: 0,
            time: None,
            scenario,
            look: Look::Verdict,
            double: false,
            survives: None,
            compared: None,
            awaited: None,
            tab_before,
        }
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }

    fn story(&self) -> &Story {
        &self.stories[self.shown]
    }

    /// What is looked at.
    pub fn moment(&self) -> &Moment {
        let story = self.story();
        &story.moments[story.at]
    }

    /// What is looked at in time, while that is looked at.
    pub fn in_time(&self) -> Option<&InTime> {
        self.time.as_ref().filter(|_| self.look == Look::Time)
    }

    /// The world that is looked at: that of a moment, or in time.
    pub fn world(&self) -> &World {
        self.in_time()
            .map_or(&self.moment().world, |time| time.run().world())
    }

    /// What its servers show.
    pub fn board(&self) -> &Board {
        self.in_time().map_or(&self.moment().board, InTime::board)
    }

    /// The row in which the server that it follows now shows a standby; none if it is not connected.
    pub fn row(&self, standby: ServerId) -> Option<&ReplicationRow> {
        let world = self.world();
        let state = world.state(standby).filter(|state| state.flow.is_connected())?;
        let topology = world.topology();
        let upstream = topology.server(state.upstream?)?.name().as_str();
        let mut readings = self.board().servers.iter();
        let reading = readings.find(|reading| reading.name == upstream)?;
        let shown = topology.server(standby)?.name().in_view(topology.postgres());
        let mut rows = reading.replication.iter();
        rows.find(|row| row.application_name == shown)
    }

    /// Every moment of the story, and the number of the one that is looked at.
    pub fn moments(&self) -> (&[Moment], usize) {
        (&self.story().moments, self.story().at)
    }

    /// How many stories there are, and the number of the one that is told.
    pub fn stories(&self) -> (usize, usize) {
        (self.stories.len(), self.shown)
    }

    /// Lets something happen. In the middle of a story that is the beginning of another.
    pub(super) fn act(&mut self, incident: Incident) -> Result<(), Refusal> {
        let mut world = self.world().clone();
        let consequences = world.apply(incident)?;
        let next = Moment::new(Some(incident), consequences, world);
        let (moments, at) = self.moments();
        if moments
            .get(at + 1)
            .is_some_and(|moment| moment.incident == Some(incident))
        {
            self.go_to(at + 1);
            return Ok(());
        }
        if at + 1 < moments.len() {
            let moments = moments[..=at].to_vec();
            self.stories.push(Story { moments, at });
            self.shown = self.stories.len() - 1;
        }
        let story = &mut self.stories[self.shown];
        story.moments.push(next);
        story.at = story.moments.len() - 1;
        self.revision += 1;
        Ok(())
    }

    /// Looks at another moment; 0 is the beginning.
    pub(super) fn go_to(&mut self, moment: usize) {
        let story = &mut self.stories[self.shown];
        story.at = moment.min(story.moments.len() - 1);
        self.revision += 1;
    }

    /// Begins a story with these, if not all of them have just happened; stops at what cannot be.
    pub(super) fn begin(&mut self, incidents: &[Incident]) -> Result<(), Refusal> {
        let (moments, _) = self.moments();
        if moments.len() > 1 {
            let moments = vec![moments[0].clone()];
            self.stories.push(Story { moments, at: 0 });
            self.shown = self.stories.len() - 1;
        }
        self.revision += 1;
        incidents.iter().try_for_each(|incident| self.act(*incident))
    }

    /// The story that is looked at as text, as [`Scenario::read`] takes it; one of moments is an incident a line.
    pub fn text(&self) -> String {
        let topology = self.topology();
        let lines = if let Some(time) = self.in_time() {
            time.scenario().text(topology)
        } else {
            let incidents = self.moments().0.iter().filter_map(|moment| moment.incident);
            incidents
                .map(|incident| format!("{}\n", incident.text(topology)))
                .collect()
        };
        format!("# What-if on {}\n{lines}", topology.name())
    }

    /// What the text says for this design, and each line that says nothing.
    pub(super) fn read(&self, text: &str) -> (Scenario, Vec<ScenarioError>) {
        Scenario::read(text, self.topology())
    }

    /// The story of the moments as a scenario: a second between two of them. So much goes on, and on links so long, that at the
    /// pace with which one begins there is always something to be seen.
    pub(super) fn story_in_time(&self) -> Scenario {
        const BETWEEN: Micros = 1_000_000;
        let mut scenario = Scenario {
            workload: Workload {
                think: 20_000,
                ..Workload::default()
            },
            speed: Speed {
                latency: 2_000,
                ..Speed::default()
            },
            ..Scenario::default()
        };
        let incidents = self.moments().0.iter().filter_map(|moment| moment.incident);
        for (at, incident) in (1..).map(|number: Micros| number * BETWEEN).zip(incidents) {
            scenario.add(Event { at, incident });
        }
        scenario
    }

    /// The design, as it was when the mode began.
    pub fn topology(&self) -> &Topology {
        self.moment().world.topology()
    }

    /// What is seen is no longer what it was.
    pub(super) fn has_changed(&mut self) {
        self.revision += 1;
    }

    /// Tells another of the stories.
    pub(super) fn tell(&mut self, story: usize) {
        if story < self.stories.len() {
            self.shown = story;
            self.revision += 1;
        }
    }
}
