//! What was measured: medians, ratios, and whether the targets are met.

/// Every time that was taken, by its way.
#[derive(Default)]
pub struct Figures(Vec<(&'static str, f64)>);

impl Figures {
    pub fn add(&mut self, way: &'static str, took: f64) {
        println!("  {way}: {took:.2} s");
        self.0.push((way, took));
    }

    fn of(&self, way: &str) -> Vec<f64> {
        let its = self.0.iter().filter(|(name, _)| *name == way);
        its.map(|(_, took)| *took).collect()
    }

    fn median(&self, way: &str) -> f64 {
        let times = sorted(self.of(way));
        times[times.len() / 2]
    }

    /// Of the medians, and the lowest and the highest of the rounds.
    fn ratio(&self, way: &str, other: &str) -> (f64, f64, f64) {
        let each = self.of(way).into_iter().zip(self.of(other));
        let each = sorted(each.map(|(one, other)| one / other).collect());
        (
            self.median(way) / self.median(other),
            each[0],
            each[each.len() - 1],
        )
    }

    /// The tables of BENCHMARKS.md; false where a target is missed.
    pub fn print(&self, large: usize, (servers, own): &(f64, f64)) -> bool {
        println!("\n| way to the seed's cluster | median | fastest to slowest |\n|---|---|---|");
        let mut ways = vec![
            ("script", "the post's script, with its sleeps".to_owned()),
            (
                "basebackup",
                "pg_basebackup, one standby after another".to_owned(),
            ),
            ("floor", "the floor: initdb, copies, starts".to_owned()),
            ("first", "pgcascade, built and verified".to_owned()),
            ("second", "pgcascade, the second time".to_owned()),
        ];
        if large > 0 {
            ways.push(("large floor", format!("the floor of {large} servers")));
            ways.push(("large", format!("pgcascade, {large} servers, built and verified")));
        }
        for (way, words) in &ways {
            let times = sorted(self.of(way));
            println!(
                "| {words} | {:.2} s | {:.2} to {:.2} s |",
                self.median(way),
                times[0],
                times[times.len() - 1]
            );
        }
        println!("\n| compared | ratio | of the rounds | target | |\n|---|---|---|---|---|");
        let mut targets = vec![
            ("script : pgcascade", "script", "first", 7.0, true),
            ("pg_basebackup : pgcascade", "basebackup", "first", 2.0, true),
            ("pgcascade : floor", "first", "floor", 1.35, false),
            (
                "script : pgcascade, the second time",
                "script",
                "second",
                15.0,
                true,
            ),
        ];
        if large > 0 {
            targets.push((
                "pgcascade : floor, many servers",
                "large",
                "large floor",
                1.35,
                false,
            ));
        }
        let mut missed = 0;
        for (words, way, other, target, at_least) in targets {
            let (ratio, lowest, highest) = self.ratio(way, other);
            let is_met = if at_least {
                ratio >= target
            } else {
                ratio <= target
            };
            missed += u32::from(!is_met);
            let (sign, word) = (
                if at_least { "≥" } else { "≤" },
                if is_met { "met" } else { "missed" },
            );
            println!("| {words} | {ratio:.2} | {lowest:.2} to {highest:.2} | {sign} {target} | {word} |");
        }
        println!(
            "\nFive idle servers take {servers:.0} MB (PSS of all their processes), pgcascade at most {own:.0} MB while it deploys them (limit 30 MiB)."
        );
        missed += u32::from(*own > 31.46);
        if missed > 0 {
            println!("{missed} of the targets were missed in this run.");
        }
        missed == 0
    }
}

fn sorted(mut times: Vec<f64>) -> Vec<f64> {
    times.sort_by(f64::total_cmp);
    times
}
