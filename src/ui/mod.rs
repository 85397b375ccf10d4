//! What the window draws.
//!
//! `shell` is the window; `panels` stand around the `canvas`; both read the `Session` and put what is wanted into the `Outbox`.
//! What can be done is app's (`app::actions`); `keys` says with which keys, `server_menu` offers it for a server (`what_if_menu`
//! in that mode, `breaking_menu` what can be broken on purpose). `start` is the page that lies over the drawing when there is something
//! to resume, `highlight` what each piece of a file's line is, `dialogs` asks the desktop for paths, `theme` is the look,
//! `motion` whether things may move.

mod breaking_menu;
pub mod canvas;
pub mod dialogs;
mod fonts;
mod highlight;
mod icon;
pub mod keys;
pub mod motion;
pub mod panels;
mod server_menu;
pub mod shell;
mod sides;
mod start;
pub mod theme;
mod thumbnail;
mod what_if_menu;

use std::path::PathBuf;
use std::sync::Arc;

pub use panels::PanelState;

use crate::app::{Worker, first_session};
use crate::report::Report;

/// At these sizes nothing is cut off; tried down to the smaller one, which is a laptop's screen at 200 %.
const SMALLEST: [f32; 2] = [800.0, 500.0];
const FIRST: [f32; 2] = [1280.0, 800.0];

/// Opens the designer on a design (a file, or a built-in one) and returns when it is closed.
///
/// # Errors
///
/// If the file cannot be read or is not even meant as a design, or if no window can be shown.
pub fn open(file: Option<PathBuf>) -> Result<(), Report> {
    let session = first_session(file)?;
    let viewport = egui::ViewportBuilder::default()
        .with_title(format!("pgcascade — {}", session.title()))
        .with_app_id("pgcascade")
        .with_icon(Arc::new(icon::icon()))
        .with_inner_size(FIRST)
        .with_min_inner_size(SMALLEST);
    let options = eframe::NativeOptions {
        viewport,
        renderer: eframe::Renderer::Glow,
        ..eframe::NativeOptions::default()
    };
    let run = eframe::run_native(
        "pgcascade",
        options,
        Box::new(|creation| {
            let ctx = &creation.egui_ctx;
            prepare(ctx);
            let wake = ctx.clone();
            let worker = Worker::new(move || wake.request_repaint())?;
            let chooser = dialogs::DesktopChooser::new(ctx.clone());
            Ok(Box::new(shell::Shell::new(
                session,
                Box::new(worker),
                Box::new(chooser),
            )))
        }),
    );
    run.map_err(|error| {
        Report::of("The window cannot be opened", &error)
            .hint("Without a display, use the command line: pgcascade --help")
    })
}

/// The look, and nothing that would keep an idle window awake.
pub fn prepare(ctx: &egui::Context) {
    fonts::install(ctx, &[]);
    theme::install(ctx);
    ctx.all_styles_mut(|style| style.visuals.text_cursor.blink = false);
}
