//! What-if beside the cluster that runs: what its servers show, where that is not what What-if says.

use egui::{Label, RichText, Ui};

use crate::app::Session;
use crate::model::simulate::beside;
use crate::model::simulate::world::World;
use crate::ui::panels::parts::{note_ui, section_ui};
use crate::ui::theme::{GAP_SMALL, TEXT_SMALL, Tokens};

/// Nothing where no cluster runs, or nothing can be said of it now.
pub(super) fn reality_ui(ui: &mut Ui, session: &Session, world: &World) {
    let Some(cluster) = session.live.cluster.as_ref() else {
        return;
    };
    let (None, Some(seen)) = (&cluster.unseen, &cluster.seen) else {
        return;
    };
    if seen.is_stopped() {
        return;
    }
    let rows = beside(&world.board(), &seen.board);
    let tokens = Tokens::of(ui.visuals());
    section_ui(ui, "Beside the servers that run");
    let mut differing = rows.iter().filter(|row| !row.agrees).peekable();
    if differing.peek().is_none() {
        ui.colored_label(tokens.ok, "✔ They show the same");
        return;
    }
    for row in differing {
        let words = RichText::new(format!("≠ {}: {}", row.of, row.seen)).color(tokens.warning);
        ui.add(Label::new(words).wrap());
        ui.indent(&row.of, |ui| {
            note_ui(ui, format!("What-if says: {}", row.foretold))
        });
    }
    let same = rows.iter().filter(|row| row.agrees).count();
    if same > 0 {
        ui.label(
            RichText::new(format!("✔ The rest is the same ({same} of {})", rows.len())).size(TEXT_SMALL),
        );
    }
    ui.add_space(GAP_SMALL);
}
