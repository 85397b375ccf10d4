//! What moves at one moment, for drawing: commits on their way down a link, at the standby, and answers on their way up.
//!
//! A moment may lie between two ticks: what is sent goes on evenly in between. Nothing here changes the run.

use super::commits::Leader;
use super::link::{Progress, Stage};
use super::{Micros, Run, TICK};
use crate::model::topology::{CommitLevel, ServerId};

/// Commits that are drawn as one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Token {
    pub leg: Leg,
    /// From 0 to 1 along the leg.
    pub way: f32,
    /// How far the commits have come; for an answer, what it confirms.
    pub stage: Stage,
    /// How many commits end here; 0: a part of a larger one.
    pub commits: usize,
}

/// Where a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leg {
    /// From the upstream to the standby.
    Down,
    /// At the standby: from its operating system to its disk, and into its tables.
    Here,
    /// From the standby to its upstream, which waits for it.
    Up,
}

/// What moves at one moment of a run.
#[derive(Debug)]
pub struct Traffic<'a> {
    run: &'a Run,
    at: Micros,
    /// Where each commit ends that is kept and not lost, in order.
    ends: Vec<u64>,
}

impl Run {
    /// What moves now, or so many microseconds after the last tick.
    pub fn traffic(&self, since_tick: Micros) -> Traffic<'_> {
        let commits = self.ended().chain(self.waiting());
        let known = commits.filter(|commit| commit.lost.is_none());
        let mut ends: Vec<u64> = known.map(|commit| commit.end).collect();
        ends.sort_unstable();
        Traffic {
            run: self,
            at: self.now + since_tick.min(TICK),
            ends,
        }
    }
}

impl Traffic<'_> {
    /// What moves between a standby and its upstream, and at the standby; of each leg at most so many.
    pub fn of(&self, standby: ServerId, most: usize) -> Vec<Token> {
        let Some(place) = self.run.place(standby) else {
            return Vec::new();
        };
        if !self.run.conditions[place].is_up {
            return Vec::new();
        }
        let mut tokens = merged(self.down(place), most);
        tokens.extend(self.here(place));
        tokens.extend(merged(self.up(place), most));
        tokens
    }

    /// True if anything moves between the two at all: cheaper than asking for it.
    pub fn flows(&self, standby: ServerId) -> bool {
        let link = self.run.place(standby).map(|place| &self.run.links[place]);
        link.is_some_and(|link| link.upstream.is_some() && !(link.down.is_empty() && link.up.is_empty()))
    }

    fn down(&self, place: usize) -> Vec<Token> {
        let packets = self.run.links[place].down.iter();
        let token = |sent, arrives, commits| Token {
            leg: Leg::Down,
            way: self.share(sent, arrives),
            stage: Stage::Sent,
            commits,
        };
        packets
            .map(|packet| {
                token(
                    packet.sent,
                    packet.arrives,
                    self.between(packet.from, packet.up_to),
                )
            })
            .collect()
    }

    /// What has been written is on the disk with the next tick, and what is there is applied with the one after it.
    fn here(&self, place: usize) -> Vec<Token> {
        let own = self.run.servers[place];
        let since = self.at.saturating_sub(self.run.now) as f32 / TICK as f32;
        let is_held = self.run.conditions[place].is_paused || self.run.delays[place].is_some();
        let stages = [
            (Stage::Written, own.flushed, own.written, since / 2.0),
            (
                Stage::Flushed,
                own.replayed,
                own.flushed,
                if is_held { 0.5 } else { 0.5 + since / 2.0 },
            ),
        ];
        let tokens = stages.into_iter().map(|(stage, from, up_to, way)| Token {
            leg: Leg::Here,
            way,
            stage,
            commits: self.between(from, up_to),
        });
        tokens.filter(|token| token.commits > 0).collect()
    }

    /// Only of a standby that commits wait for: nobody looks at the answers of the others.
    fn up(&self, place: usize) -> Vec<Token> {
        let link = &self.run.links[place];
        let leader = link.upstream.and_then(|upstream| self.awaits(upstream, place));
        let Some(leader) = leader else {
            return Vec::new();
        };
        let stage = match leader.level {
            CommitLevel::RemoteWrite => Stage::Written,
            CommitLevel::RemoteApply => Stage::Replayed,
            CommitLevel::Off | CommitLevel::Local | CommitLevel::On => Stage::Flushed,
        };
        let confirmed = |progress: Progress| progress.for_level(leader.level);
        let mut before = confirmed(link.known);
        let mut tokens = Vec::new();
        for answer in &link.up {
            let commits = self.between(before, confirmed(answer.progress));
            before = confirmed(answer.progress);
            if commits > 0 {
                tokens.push(Token {
                    leg: Leg::Up,
                    way: self.share(answer.sent, answer.arrives),
                    stage,
                    commits,
                });
            }
        }
        tokens
    }

    fn awaits(&self, upstream: usize, standby: usize) -> Option<&Leader> {
        let mut leaders = self.run.leaders.iter();
        leaders.find(|leader| leader.place == upstream && leader.waits_for.contains(&standby))
    }

    /// How many commits end behind one byte and up to the other.
    fn between(&self, from: u64, up_to: u64) -> usize {
        let up_to_byte = |byte: u64| self.ends.partition_point(|end| *end <= byte);
        up_to_byte(up_to).saturating_sub(up_to_byte(from))
    }

    fn share(&self, sent: Micros, arrives: Micros) -> f32 {
        let whole = arrives.saturating_sub(sent).max(1);
        (self.at.saturating_sub(sent) as f32 / whole as f32).min(1.0)
    }
}

/// At most so many, those that are near each other as one; all of one leg.
fn merged(tokens: Vec<Token>, most: usize) -> Vec<Token> {
    let most = most.max(1);
    if tokens.len() <= most {
        return tokens;
    }
    let mut parts: Vec<Option<(Token, usize)>> = vec![None; most];
    for token in tokens {
        let part = ((token.way * most as f32) as usize).min(most - 1);
        match &mut parts[part] {
            Some((known, count)) => {
                let all = *count as f32;
                known.way = known.way.mul_add(all, token.way) / (all + 1.0);
                known.commits += token.commits;
                *count += 1;
            }
            empty => *empty = Some((token, 1)),
        }
    }
    parts.into_iter().flatten().map(|(token, _)| token).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::simulate::time::{Scenario, Speed, Workload};
    use crate::model::topology::notation;

    fn token(way: f32, commits: usize) -> Token {
        Token {
            leg: Leg::Down,
            way,
            stage: Stage::Sent,
            commits,
        }
    }

    /// One client that commits once, on a network with this latency; a line for each half of a tick in which anything moves.
    fn story(design: &str, latency: Micros, until: Micros) -> Vec<String> {
        let topology = notation::parse(design).unwrap();
        let standby = topology.servers()[1].id();
        let speed = Speed {
            latency,
            ..Speed::default()
        };
        let workload = Workload {
            sessions: 1,
            think: 0,
            bytes: 100,
        };
        let mut run = Run::new(
            &topology,
            Scenario {
                workload,
                speed,
                ..Scenario::default()
            },
        );
        let mut told = Vec::new();
        while run.now() < until {
            for since in [0, TICK / 2] {
                let words: Vec<String> = run
                    .traffic(since)
                    .of(standby, 9)
                    .iter()
                    .map(|token| format!("{:?} {:.2} {:?}", token.leg, token.way, token.stage))
                    .collect();
                told.push(format!("{}: {}", run.now() + since, words.join(", ")));
            }
            run.step();
        }
        told
    }

    #[test]
    fn a_commit_goes_down_through_the_standby_and_its_answer_up() {
        let told = story("m 1 sync first 1\n  a 2 priority 1\n", 2_000, 7_000);
        assert_eq!(
            told[2..],
            [
                "1000: Down 0.00 Sent",
                "1500: Down 0.25 Sent",
                "2000: Down 0.50 Sent",
                "2500: Down 0.75 Sent",
                "3000: Here 0.00 Written",
                "3500: Here 0.25 Written",
                "4000: Here 0.50 Flushed, Up 0.00 Flushed",
                "4500: Here 0.75 Flushed, Up 0.25 Flushed",
                "5000: Up 0.50 Flushed",
                "5500: Up 0.75 Flushed",
                "6000: ",
                "6500: ",
            ]
        );
    }

    #[test]
    fn nobody_waits_for_the_answers_of_an_asynchronous_standby() {
        let told = story("m 1\n  a 2\n", 3_000, 30_000);
        assert!(told.iter().any(|line| line.contains("Down")));
        assert!(told.iter().all(|line| !line.contains("Up")));
    }

    #[test]
    fn many_tokens_become_few_and_none_of_their_commits_is_lost() {
        let many: Vec<Token> = (0..100).map(|n| token(n as f32 / 100.0, n)).collect();
        let few = merged(many.clone(), 4);
        assert_eq!(few.len(), 4);
        let count = |tokens: &[Token]| tokens.iter().map(|token| token.commits).sum::<usize>();
        assert_eq!(count(&few), count(&many));
        assert!((few[0].way - 0.12).abs() < 0.001 && few.is_sorted_by(|one, other| one.way < other.way));
        assert_eq!(merged(vec![token(0.5, 1)], 0), [token(0.5, 1)]);
    }

    #[test]
    fn what_a_paused_standby_has_on_its_disk_piles_up_there() {
        let topology = notation::parse("m 1\n  a 2\n").unwrap();
        let (scenario, problems) = Scenario::read("at 100ms pause a\n", &topology);
        assert_eq!(problems, []);
        let mut run = Run::new(&topology, scenario);
        run.run_until(2_000_000);
        let standby = topology.servers()[1].id();
        let here: Vec<Token> = run.traffic(TICK / 2).of(standby, 9);
        let piled = here.iter().find(|token| token.stage == Stage::Flushed).unwrap();
        assert!(piled.commits > 20 && piled.way == 0.5, "{piled:?}");
    }
}
