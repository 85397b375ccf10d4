//! A picture with a design in it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pgcascade::model::diagram::embedded;

fuzz_target!(|bytes: &[u8]| {
    let _ = embedded::in_png(bytes);
    let _ = std::str::from_utf8(bytes).map(embedded::in_svg);
});
