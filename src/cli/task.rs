//! A lesson's task as text: pages with their questions, then the goals.

use super::print;
use crate::model::lessons::{Lesson, On, options};

pub(super) fn task(lesson: &Lesson) {
    print::line(format_args!("{} ({} min)", lesson.title, lesson.minutes));
    for page in &lesson.pages {
        print::line("");
        for line in wrapped(&plain(&page.text)) {
            print::line(line);
        }
        if let Some(ask) = page.ask.as_deref().and_then(|id| lesson.ask(id)) {
            print::line(format_args!("  ? {}", ask.text));
            print::line(format_args!("    {}", options(lesson, ask).join(" / ")));
        }
    }
    print::line("");
    print::line("Goals:");
    for goal in &lesson.goals {
        let on = match goal.on {
            On::Design => "",
            On::Story => " (in What-if)",
            On::Time => " (in What-if, Timeline)",
            On::Servers => " (on real servers, not required)",
        };
        print::line(format_args!("  - {}{on}", goal.text));
    }
    if !lesson.given.is_empty() {
        let given: Vec<&str> = lesson.given.iter().map(|line| line.text.as_str()).collect();
        print::line(format_args!(
            "What has happened when What-if begins: {}",
            given.join("; ")
        ));
    }
    print::note(format_args!(
        "Begin with: {0} --start -o my.toml, then: {0} --check my.toml",
        command(lesson)
    ));
}

/// How the terminal calls it.
pub(super) fn command(lesson: &Lesson) -> String {
    let verb = if lesson.chapter == "challenges" {
        "challenge"
    } else {
        "lesson"
    };
    format!("pgcascade {verb} {}", lesson.name)
}

/// Without the few signs that a page may have.
fn plain(text: &str) -> String {
    text.replace("**", "").replace(['*', '`'], "")
}

/// Lines that a terminal shows whole.
fn wrapped(text: &str) -> Vec<String> {
    const WIDTH: usize = 78;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
