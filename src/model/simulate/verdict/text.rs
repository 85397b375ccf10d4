//! The verdict as text: short paragraphs for the terminal, the window's copy button and the snapshots.

use super::{Said, Verdict, glossary};

impl Verdict {
    /// Every sentence, without the reasons.
    pub fn text(&self) -> String {
        self.written(false)
    }

    /// Every sentence, each with its reason below it.
    pub fn text_with_reasons(&self) -> String {
        self.written(true)
    }

    fn written(&self, with_reasons: bool) -> String {
        let mut page = Page {
            text: String::new(),
            with_reasons,
        };
        page.chapter("What happened", &self.happened, |page, happened, number| {
            page.line(&format!("{number}. {happened}"));
        });
        page.chapter("In short", &self.summary, |page, said, _| page.said("", said));
        page.chapter("Each server", &self.servers, |page, server, _| {
            let timeline = match server.timeline {
                1 => String::new(),
                number => format!(" (timeline {number})"),
            };
            page.said("", &with_end(&server.said, &timeline));
        });
        let several = self.commits.iter().any(|commit| commit.on != self.commits[0].on);
        page.chapter(
            "Commits at each level of synchronous_commit",
            &self.commits,
            |page, commit, _| {
                let on = if several {
                    format!(", at \"{}\"", commit.server)
                } else {
                    String::new()
                };
                let is_set = if commit.is_configured { " (as set)" } else { "" };
                page.said(&format!("{}{on}{is_set}: ", commit.level.word()), &commit.said);
            },
        );
        page.chapter(
            "Candidates for promotion, best first",
            &self.heirs,
            |page, heir, number| {
                page.said(&format!("{number}. \"{}\" ", heir.name), &heir.said);
            },
        );
        page.chapter("What is lost", &self.lost, |page, said, _| page.said("", said));
        page.chapter("What to do now", &self.advice, |page, advice, number| {
            page.said(&format!("{number}. "), &advice.said);
            for command in &advice.commands {
                page.line(&format!("     {command}"));
            }
        });
        let words = glossary::words_in(&page.text);
        page.chapter("Glossary", &words, |page, (word, meaning), _| {
            page.line(&format!("{word}: {meaning}"));
        });
        page.text
    }
}

fn with_end(said: &Said, end: &str) -> Said {
    Said {
        sentence: format!("{}{end}", said.sentence),
        why: said.why.clone(),
    }
}

struct Page {
    text: String,
    with_reasons: bool,
}

impl Page {
    /// A heading and what stands below it; nothing, if there is nothing.
    fn chapter<T>(&mut self, title: &str, items: &[T], mut write: impl FnMut(&mut Self, &T, usize)) {
        if items.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(title);
        self.text.push('\n');
        for (number, item) in (1..).zip(items) {
            write(self, item, number);
        }
    }

    fn said(&mut self, before: &str, said: &Said) {
        self.line(&format!("{before}{}", said.sentence));
        if self.with_reasons {
            self.line(&format!("    why: {}", said.why));
        }
    }

    fn line(&mut self, text: &str) {
        self.text.push_str("  ");
        self.text.push_str(text);
        self.text.push('\n');
    }
}
