//! A scenario for the seed's cluster: read, written back, played for a while.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pgcascade::model::simulate::time::{Player, Scenario};
use pgcascade::model::topology::notation;

fuzz_target!(|text: &str| {
    let topology = notation::parse(notation::SEED).unwrap();
    let (scenario, _) = Scenario::read(text, &topology);
    let written = scenario.text(&topology);
    assert_eq!(Scenario::parse(&written, &topology).as_ref(), Ok(&scenario));
    Player::new(&topology, scenario).scrub_within(10_000_000, 40);
});
