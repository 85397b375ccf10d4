//! Tests with the machine's PostgreSQL. Required: where there is no server they fail and say so.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's panic is its message, also in its helpers"
)]

mod adopt;
mod advice;
mod apply;
mod archive;
mod audit;
mod besieged;
mod broken;
mod bundle;
mod bystander;
mod catalogue;
mod cli;
mod commits;
mod crash;
mod deploy;
mod designs;
mod differential;
mod drift;
mod drift_kinds;
mod faults;
mod foreign;
mod frozen;
mod hostile;
mod import;
mod import_conf;
mod import_hosts;
mod interrupted;
mod lab;
mod lesson_facts;
mod lessons;
mod logs;
mod names;
mod observe;
mod own_hosts;
mod planted;
mod plants;
mod predict;
mod quoting;
mod random;
mod root;
mod rounds;
mod rules;
mod safety;
mod scene;
mod secrets;
mod silence;
mod situations;
mod steer;
mod tasks;
mod template;
mod templates;
mod terminal;
mod terms;
mod tls;
mod tried;
mod trust;
mod versions;
mod worker;
