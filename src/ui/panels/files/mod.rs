//! The bundle: every file that the drawing stands for, as a tree and as text, with what comes from the selected
//! server lit up.

mod comparison;
mod file_text;

use egui::{Align, Button, Frame, Layout, Margin, Panel, Rect, RichText, ScrollArea, Ui, Vec2};

use crate::app::Outbox;
use crate::app::{FileMessage, Message, Session, ViewMessage};
use crate::model::bundle::{Bundle, BundleFile};
use crate::model::topology::{Server, ServerId};
use crate::ui::theme::{GAP, GAP_SMALL, Tokens};

use self::comparison::{compare_with_ui, comparison_ui};
use self::file_text::file_text_ui;
use super::parts::{main_button, note_ui};
use crate::model::words::counted;

/// The share of the height that the tree has until its lower edge is dragged.
const TREE_SHARE: f32 = 0.36;
/// What dragging leaves of the tree, and of the text below it.
const LEAST_TREE: f32 = 3.0 * ROW_HEIGHT;
const LEAST_TEXT: f32 = 120.0;

/// Every row of the tree is as high, so that only the visible ones have to be made.
const ROW_HEIGHT: f32 = 24.0;

/// The mark of a file that holds lines of the selected server.
const MARK_WIDTH: f32 = 3.0;

/// What the panel remembers between frames.
#[derive(Debug, Default)]
pub struct ToReveal {
    /// The file that "Next" or a selection asked for: once it is shown, the tree and the text are scrolled to it.
    file: Option<String>,
    /// The server that was selected in the last frame: selecting another one opens its file.
    seen: Option<ServerId>,
}

pub fn files_ui(ui: &mut Ui, session: &Session, to_reveal: &mut ToReveal, outbox: &mut Outbox) {
    let bundle = session.bundle();
    ui.horizontal(|ui| {
        if main_button(ui, true, "Export the bundle…").clicked() {
            outbox.send(Message::File(FileMessage::Export));
        }
        note_ui(
            ui,
            format!(
                "{} as {}.tar.gz",
                counted(bundle.files.len(), "file"),
                bundle.name
            ),
        );
    });
    compare_with_ui(ui, session, outbox);
    if let Some(against) = session.looks.compared {
        comparison_ui(ui, session, against, outbox);
        return;
    }
    let shown = session
        .looks
        .shown_file
        .as_ref()
        .and_then(|path| bundle.file(path))
        .or_else(|| bundle.files.first());
    // Of several, none is the one that is asked about.
    let is_single = session.looks.also_selected.is_empty();
    let selected = session.selected_server().filter(|_| is_single);
    if to_reveal.seen != selected.map(Server::id) {
        to_reveal.seen = selected.map(Server::id);
        let own = selected.and_then(|server| own_file(bundle, server, shown));
        if let Some(own) = own.filter(|own| shown.is_none_or(|shown| shown.path != own.path)) {
            outbox.send(Message::View(ViewMessage::ShowFile(own.path.clone())));
            to_reveal.file = Some(own.path.clone());
        }
    }
    match selected {
        Some(server) => {
            if let Some(next) = share_ui(ui, bundle, server, shown) {
                outbox.send(Message::View(ViewMessage::ShowFile(next.path.clone())));
                to_reveal.file = Some(next.path.clone());
            }
        }
        None => {
            note_ui(ui, "Select one server to see which lines come from it");
        }
    }
    ui.add_space(GAP_SMALL);
    // The answer to a click is there a frame later.
    let reveals = to_reveal
        .file
        .take_if(|path| shown.is_some_and(|file| file.path == *path))
        .is_some();
    let room = ui.available_height();
    Panel::top("bundle tree panel")
        .resizable(true)
        .default_size(room * TREE_SHARE)
        .size_range(LEAST_TREE..=(room - LEAST_TEXT).max(LEAST_TREE))
        .frame(Frame::new().inner_margin(Margin {
            bottom: 4,
            ..Margin::ZERO
        }))
        .show(ui, |ui| tree_ui(ui, bundle, shown, selected, reveals, outbox));
    ui.add_space(GAP);
    if let Some(file) = shown {
        let topology = session.desk.document.topology();
        file_text_ui(ui, topology, file, selected.map(Server::id), reveals, outbox);
    }
}

/// How much comes from the selected server, and the way to it: the file that was asked for.
fn share_ui<'a>(
    ui: &mut Ui,
    bundle: &'a Bundle,
    server: &Server,
    shown: Option<&BundleFile>,
) -> Option<&'a BundleFile> {
    let share = bundle.share_of(server.id());
    let come = if share.lines == 1 { "comes" } else { "come" };
    ui.horizontal(|ui| {
        let hint = format!("Show the next file with lines that come from {}", server.name());
        let next = ui.button("Next").on_hover_text(hint);
        note_ui(
            ui,
            format!(
                "{} in {} {come} from {}",
                counted(share.lines, "line"),
                counted(share.files, "file"),
                server.name()
            ),
        );
        next.clicked().then(|| next_file(bundle, server, shown)).flatten()
    })
    .inner
}

/// The file of the server's own folder that is shown for the one before: of the same name, or else its settings.
fn own_file<'a>(bundle: &'a Bundle, server: &Server, shown: Option<&BundleFile>) -> Option<&'a BundleFile> {
    let folder = format!("servers/{}/", server.name());
    let name = shown.and_then(|shown| shown.path.strip_prefix("servers/")?.split_once('/'));
    let of_same_name = name.and_then(|(_, name)| bundle.file(&format!("{folder}{name}")));
    of_same_name.or_else(|| bundle.file(&format!("{folder}postgresql.conf")))
}

/// The file after the shown one that holds lines of the server; after the last the first.
fn next_file<'a>(bundle: &'a Bundle, server: &Server, shown: Option<&BundleFile>) -> Option<&'a BundleFile> {
    let after = shown
        .and_then(|shown| bundle.files.iter().position(|file| file.path == shown.path))
        .map_or(0, |place| place + 1);
    let from_there = bundle.files.iter().skip(after);
    from_there
        .chain(&bundle.files)
        .find(|file| file.provenance.count_of(server.id()) > 0)
}

/// A row of the tree.
enum Row<'a> {
    Folder(&'a str),
    File {
        file: &'a BundleFile,
        name: &'a str,
        is_in_folder: bool,
    },
}

/// Folders as headings, files below them.
fn rows(bundle: &Bundle) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut folder = "";
    for file in &bundle.files {
        let (in_folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        if in_folder != folder {
            folder = in_folder;
            if !folder.is_empty() {
                rows.push(Row::Folder(folder));
            }
        }
        rows.push(Row::File {
            file,
            name,
            is_in_folder: !folder.is_empty(),
        });
    }
    rows
}

fn tree_ui(
    ui: &mut Ui,
    bundle: &Bundle,
    shown: Option<&BundleFile>,
    selected: Option<&Server>,
    reveals: bool,
    outbox: &mut Outbox,
) {
    let rows = rows(bundle);
    let height = ui.available_height();
    let is_shown = |row: &Row<'_>| match row {
        Row::Folder(_) => false,
        Row::File { file, .. } => shown.is_some_and(|shown| shown.path == file.path),
    };
    let reveal = rows.iter().position(is_shown).filter(|_| reveals);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.spacing_mut().button_padding.y = 3.0;
        ui.spacing_mut().interact_size.y = ROW_HEIGHT;
        let mut area = ScrollArea::vertical()
            .id_salt("bundle tree")
            .max_height(height)
            .auto_shrink(false);
        if let Some(place) = reveal {
            // In the middle, so that its neighbours are seen too.
            let middle = (place as f32).mul_add(ROW_HEIGHT, (ROW_HEIGHT - height) / 2.0);
            area = area.vertical_scroll_offset(middle.max(0.0));
        }
        area.show_rows(ui, ROW_HEIGHT, rows.len(), |ui, visible| {
            for row in rows.get(visible).unwrap_or_default() {
                let size = Vec2::new(ui.available_width(), ROW_HEIGHT);
                let layout = Layout::left_to_right(Align::Center);
                ui.allocate_ui_with_layout(size, layout, |ui| {
                    ui.set_min_height(ROW_HEIGHT);
                    row_ui(ui, row, shown, selected, outbox);
                });
            }
        });
    });
}

fn row_ui(
    ui: &mut Ui,
    row: &Row<'_>,
    shown: Option<&BundleFile>,
    selected: Option<&Server>,
    outbox: &mut Outbox,
) {
    let tokens = Tokens::of(ui.visuals());
    let (file, name, is_in_folder) = match *row {
        Row::Folder(folder) => {
            ui.label(RichText::new(format!("{folder}/")).color(tokens.text_weak));
            return;
        }
        Row::File {
            file,
            name,
            is_in_folder,
        } => (file, name, is_in_folder),
    };
    let left = ui.max_rect().left_top();
    if is_in_folder {
        ui.add_space(GAP);
    }
    let is_shown = shown.is_some_and(|shown| shown.path == file.path);
    let mut hint = file.path.clone();
    if let Some(server) = selected {
        let count = file.provenance.count_of(server.id());
        if count > 0 {
            let mark = Rect::from_min_size(left, Vec2::new(MARK_WIDTH, ROW_HEIGHT));
            ui.painter().rect_filled(mark, 0.0, tokens.accent);
            hint += &format!(": {} from {}", counted(count, "line"), server.name());
        }
    }
    let response = ui.add(Button::selectable(is_shown, name)).on_hover_text(hint);
    if response.clicked() {
        outbox.send(Message::View(ViewMessage::ShowFile(file.path.clone())));
    }
}
