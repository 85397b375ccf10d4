//! Aligned tables, in psql's manner.

use std::fmt::Write as _;

use crate::model::health::ReplicationRow;

/// A column: its heading, and the side its values stand on.
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) is_number: bool,
}

pub(super) const fn words(title: &'static str) -> Column {
    Column {
        title,
        is_number: false,
    }
}

pub(super) const fn numbers(title: &'static str) -> Column {
    Column {
        title,
        is_number: true,
    }
}

/// No column is wider than this: a longer cell stands out to the right, and the others do not become blanks.
const WIDEST: usize = 120;

/// How wide a column of these cells is.
pub(super) fn width<'a>(cells: impl Iterator<Item = &'a str>) -> usize {
    cells.map(|cell| cell.chars().count()).max().unwrap_or(0).min(WIDEST)
}

/// The cell, and blanks up to the width. Not by `{:<width$}`, which panics from 65,536 on.
pub(super) fn left(cell: &str, width: usize) -> String {
    format!("{cell}{}", blanks(cell, width))
}

fn right(cell: &str, width: usize) -> String {
    format!("{}{cell}", blanks(cell, width))
}

fn blanks(cell: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(cell.chars().count()))
}

/// Headings, a rule, rows: without a line end at the end.
pub(super) fn table(columns: &[Column], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let cells = rows.iter().filter_map(|row| row.get(place));
            width(cells.map(String::as_str)).max(column.title.len())
        })
        .collect();
    let mut text = String::new();
    let headings: Vec<String> = columns
        .iter()
        .zip(&widths)
        .map(|(column, width)| format!(" {} ", left(column.title, *width)))
        .collect();
    let _ = writeln!(text, "{}", headings.join("|").trim_end());
    let rules: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
    text.push_str(&rules.join("+"));
    for row in rows {
        let cells: Vec<String> = columns
            .iter()
            .zip(&widths)
            .zip(row)
            .map(|((column, width), cell)| {
                if column.is_number {
                    format!(" {} ", right(cell, *width))
                } else {
                    format!(" {} ", left(cell, *width))
                }
            })
            .collect();
        let _ = write!(text, "\n{}", cells.join("|").trim_end());
    }
    text
}

/// What one server's `pg_stat_replication` shows: the article's columns.
pub(super) fn replication(rows: &[ReplicationRow]) -> String {
    let columns = [
        words("application_name"),
        words("state"),
        numbers("sync_priority"),
        words("sync_state"),
    ];
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.application_name.clone(),
                row.state.clone(),
                row.sync_priority.to_string(),
                row.sync_state.clone(),
            ]
        })
        .collect();
    table(&columns, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_under_their_headings() {
        let row = |name: &str, priority: u32, sync_state: &str| ReplicationRow {
            application_name: name.to_owned(),
            state: "streaming".to_owned(),
            sync_priority: priority,
            sync_state: sync_state.to_owned(),
        };
        assert_eq!(
            replication(&[row("slave1", 1, "sync"), row("slave2", 2, "potential")]),
            [
                " application_name | state     | sync_priority | sync_state",
                "------------------+-----------+---------------+------------",
                " slave1           | streaming |             1 | sync",
                " slave2           | streaming |             2 | potential",
            ]
            .join("\n")
        );
    }
}
