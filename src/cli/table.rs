//! Aligned tables, in psql's manner.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

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

/// How many columns of a terminal these cells take.
pub(super) fn width<'a>(cells: impl Iterator<Item = &'a str>) -> usize {
    cells.map(UnicodeWidthStr::width).max().unwrap_or(0).min(WIDEST)
}

/// Filled with blanks up to so many columns of a terminal. The formatter would count characters, and "漢" takes two columns;
/// and it panics from 65,536 on.
pub(super) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", blanks(text, columns))
}

fn right(text: &str, columns: usize) -> String {
    format!("{}{text}", blanks(text, columns))
}

fn blanks(text: &str, columns: usize) -> String {
    " ".repeat(columns.saturating_sub(text.width()))
}

/// Headings, a rule, rows: without a line end at the end.
pub(super) fn table(columns: &[Column], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let cells = rows.iter().filter_map(|row| row.get(place));
            width(cells.map(String::as_str)).max(column.title.width())
        })
        .collect();
    let mut text = String::new();
    let headings: Vec<String> = columns
        .iter()
        .zip(&widths)
        .map(|(column, width)| format!(" {} ", padded(column.title, *width)))
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
                    format!(" {} ", padded(cell, *width))
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

    #[test]
    fn wide_and_combining_characters_take_the_columns_that_they_are_shown_in() {
        let rows = ["漢字", "e\u{301}", "ab"].map(|name| vec![name.to_owned(), "x".to_owned()]);
        assert_eq!(
            table(&[words("name"), words("state")], &rows),
            [
                " name | state",
                "------+-------",
                " 漢字 | x",
                " e\u{301}    | x",
                " ab   | x",
            ]
            .join("\n")
        );
    }
}
