//! Where the caret goes when the text changes under it: it stays at its words.

/// The one stretch in which two texts differ, in letters.
pub(super) struct Change {
    from: usize,
    before: usize,
    after: usize,
}

impl Change {
    pub(super) fn between(before: &str, after: &str) -> Self {
        let same = before
            .chars()
            .zip(after.chars())
            .take_while(|(one, other)| one == other);
        let from = same.count();
        let (all_before, all_after) = (before.chars().count(), after.chars().count());
        let most = all_before.min(all_after) - from;
        let same = before.chars().rev().zip(after.chars().rev()).take(most);
        let behind = same.take_while(|(one, other)| one == other).count();
        Self {
            from,
            before: all_before - behind,
            after: all_after - behind,
        }
    }

    /// Where a place of the first text is in the second.
    pub(super) fn moved(&self, place: usize) -> usize {
        if place <= self.from {
            place
        } else if place >= self.before {
            place - self.before + self.after
        } else {
            place.min(self.after)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Change;

    /// `|` is the caret.
    #[track_caller]
    fn check(before: &str, after: &str) {
        let caret = |text: &str| text.chars().position(|letter| letter == '|').unwrap();
        let without = |text: &str| text.replace('|', "");
        let change = Change::between(&without(before), &without(after));
        let moved = change.moved(caret(before));
        let mut found = without(after);
        let at = found.char_indices().nth(moved).map_or(found.len(), |(at, _)| at);
        found.insert(at, '|');
        assert_eq!(found, after);
    }

    #[test]
    fn the_caret_stays_at_its_words() {
        check("port = |1\nx", "port = |1\nxy");
        check("a\nport = 1|", "port = 1|");
        check("a\npört = 1|", "a\nnew\npört = 1|");
        check("a 1234| b", "a 12| b");
        check("|", "|abc");
        check("aa|", "a|");
    }
}
