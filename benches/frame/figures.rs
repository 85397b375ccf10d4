//! The figures as tables, and what of them misses its limit.

/// What is asked of a figure, if anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limit {
    /// Of the drawing, in milliseconds.
    pub millis: Option<f64>,
    /// How many times more the plain view takes, at least.
    pub ratio: Option<f64>,
}

#[derive(Debug, Default)]
pub struct Figures {
    rows: Vec<String>,
    edits: Vec<String>,
    missed: Vec<String>,
}

impl Figures {
    /// Milliseconds: of the drawing, of the plain view, of the whole window.
    pub fn add(&mut self, size: usize, case: &str, [ours, plain, window]: [f64; 3], limit: Limit) {
        let ratio = plain / ours;
        let mut asked = Vec::new();
        if let Some(most) = limit.millis {
            asked.push(format!("{most} ms"));
            if ours > most {
                self.complain(format!("{case}, {size} servers: {ours:.2} ms, limit {most} ms"));
            }
        }
        if let Some(least) = limit.ratio {
            asked.push(format!("×{least}"));
            if ratio < least {
                self.complain(format!("{case}, {size} servers: ×{ratio:.1}, at least ×{least}"));
            }
        }
        self.rows.push(format!(
            "| {case} | {size} | {ours:.2} ms | {plain:.2} ms | ×{ratio:.1} | {window:.2} ms | {} |",
            asked.join(", ")
        ));
    }

    pub fn add_edit(&mut self, size: usize, millis: f64) {
        const LIMIT: f64 = 1_000.0;
        self.edits.push(format!("| {size} | {millis:.1} ms |"));
        if millis > LIMIT {
            self.complain(format!(
                "an edit, {size} servers: {millis:.0} ms, limit {LIMIT} ms"
            ));
        }
    }

    pub fn complain(&mut self, what: String) {
        self.missed.push(what);
    }

    /// True if nothing missed its limit.
    pub fn print(&self) -> bool {
        println!("| shown | servers | the drawing | plain egui_graphs | ratio | the whole window | limit |");
        println!("|---|---|---|---|---|---|---|");
        println!("{}", self.rows.join("\n"));
        println!("\n| servers | one edit, with everything derived |\n|---|---|");
        println!("{}", self.edits.join("\n"));
        for missed in &self.missed {
            println!("Missed: {missed}");
        }
        self.missed.is_empty()
    }
}
