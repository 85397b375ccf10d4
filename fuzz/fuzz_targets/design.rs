//! A design file: read, written back, checked, and everything that is made of it.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use pgcascade::model::diagram::{self, PictureStyle};
use pgcascade::model::document::format;
use pgcascade::model::simulate::predict;
use pgcascade::model::simulate::survives::single_failures;
use pgcascade::model::topology::check;
use pgcascade::model::bundle;

fuzz_target!(|text: &str| {
    let Ok(document) = format::read(text) else {
        return;
    };
    let written = document.text();
    let again = format::read(&written).map(|again| again.text());
    assert_eq!(again, Ok(written));
    let topology = document.topology();
    let _ = check(topology);
    let _ = topology.hazards();
    let _ = predict(topology, &BTreeSet::new());
    if topology.servers().len() < 50 {
        let _ = bundle::pack(&bundle::generate(&document));
        let _ = single_failures(topology);
        let _ = diagram::svg(&document, PictureStyle::default());
        let _ = diagram::mermaid(&document, PictureStyle::default());
        let _ = diagram::dot(&document, PictureStyle::default());
    }
});
