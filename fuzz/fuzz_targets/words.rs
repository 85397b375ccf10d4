//! What people type and servers show: the notation, the names of synchronous standbys, connection strings.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pgcascade::model::health::Conninfo;
use pgcascade::model::simulate::StandbyNames;
use pgcascade::model::topology::{PgMajor, check, notation};

fuzz_target!(|text: &str| {
    if let Ok(topology) = notation::parse(text) {
        let printed = notation::print(&topology);
        assert_eq!(notation::parse(&printed).map(|again| notation::print(&again)), Ok(printed));
        let _ = check(&topology);
    }
    for major in ["9.2", "9.6", "18"] {
        let _ = StandbyNames::parse(text, PgMajor::parse(major).unwrap());
    }
    let _ = Conninfo::parse(text).map(|read| read.text());
});
