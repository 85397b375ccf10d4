//! `lesson` and `challenge`: the task, the start, hints, the solution, and whether work solves it.

use std::borrow::Cow;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::args::{ChallengeArgs, LessonArgs, Work};
use super::prove::prove;
use super::task::{command, task};
use super::{Ending, designs, print, target};
use crate::engine::cluster::{self, Task};
use crate::engine::deploy::Cancel;
use crate::engine::desk::output::{Kind, Output};
use crate::engine::desk::{progress, store};
use crate::engine::servers_user::{self, Fate};
use crate::model::document::{Document, Problem, format};
use crate::model::lessons::{
    self, Bench, FRAME, Lesson, Live, On, Translation, check_design, check_result, read, read_result,
};
use crate::model::plan::Outcome;
use crate::report::Report;

/// A built-in lesson or a challenge.
pub(super) fn named(name: &str) -> Option<Cow<'static, Lesson>> {
    if let Some(lesson) = lessons::find(name) {
        return Some(Cow::Borrowed(lesson));
    }
    let challenge = lessons::parse_challenge(name).ok()?;
    lessons::challenge(challenge).map(Cow::Owned)
}

pub(super) fn lesson(args: &LessonArgs) -> Result<Ending, Report> {
    let name = args.lesson.to_string_lossy();
    if name == "new" {
        return frame(args.frame.as_deref());
    }
    if let Some(more) = &args.frame {
        return Err(
            Report::new(format!("\"{}\" is one argument too many", more.display()))
                .hint("Write a frame for a lesson of your own with: pgcascade lesson new FILE"),
        );
    }
    let mut lesson = find(&args.lesson)?;
    if args.test {
        return Ok(test(&args.lesson, &lesson));
    }
    if let Some(language) = &args.template {
        print::text(&lessons::template(&lesson, language));
        return Ok(Ending::Fine);
    }
    if let Some(file) = &args.translation {
        lesson = Cow::Owned(translated(file, &lesson)?);
    }
    if let Some(dir) = &args.prove {
        return prove(&lesson, dir, args);
    }
    work(&lesson, &args.work)
}

pub(super) fn challenge(args: &ChallengeArgs) -> Result<Ending, Report> {
    let challenge = match &args.challenge {
        Some(text) => lessons::parse_challenge(text).map_err(|error| Report::new(error.to_string()))?,
        None => today(),
    };
    let lesson = lessons::challenge(challenge)
        .ok_or_else(|| Report::new("This challenge cannot be made").hint("Choose another number"))?;
    work(&lesson, &args.work)
}

fn today() -> lessons::Challenge {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    lessons::today(since.map_or(0, |since| since.as_secs() / 86_400))
}

/// The lesson in the words of a translation's file.
fn translated(file: &Path, lesson: &Lesson) -> Result<Lesson, Report> {
    let text = store::text(file)
        .map_err(|error| Report::of(format!("\"{}\" cannot be read", file.display()), &error))?;
    let translation = Translation::read(&text, lesson).map_err(|problems| {
        let headline = format!(
            "\"{}\" is not a translation of \"{}\"",
            file.display(),
            lesson.name
        );
        let mut report = Report::new(headline);
        report.causes = problems.iter().map(|problem| in_place(file, problem)).collect();
        report
    })?;
    if translation.is_outdated(lesson) {
        print::note("note: the English words have changed since this translation was made");
    }
    Ok(translation.of(lesson))
}

/// A file for a path or something that ends in `.toml`, else a name.
fn find(word: &Path) -> Result<Cow<'static, Lesson>, Report> {
    let name = word.to_string_lossy();
    if let Some(lesson) = named(&name) {
        return Ok(lesson);
    }
    let is_file = word.is_file() || word.extension().is_some_and(|extension| extension == "toml");
    if !is_file {
        let names = lessons::lessons().iter().map(|lesson| lesson.name.as_str());
        let near = crate::model::topology::nearest(&name, names);
        let hint = near.map_or_else(
            || "List them with: pgcascade lessons".to_owned(),
            |near| format!("Did you mean \"{near}\"?"),
        );
        return Err(Report::new(format!("There is no lesson \"{name}\"")).hint(hint));
    }
    let text = store::text(word)
        .map_err(|error| Report::of(format!("\"{}\" cannot be read", word.display()), &error))?;
    read(&text).map(Cow::Owned).map_err(|problems| {
        let mut report = Report::new(format!("\"{}\" is not a valid lesson", word.display()));
        report.causes = problems.iter().map(|problem| in_place(word, problem)).collect();
        report
    })
}

fn in_place(path: &Path, problem: &Problem) -> String {
    let fix = problem
        .fix
        .as_ref()
        .map_or_else(String::new, |fix| format!("; {fix}"));
    print::in_one_line(&format!(
        "{}: {}{fix}",
        designs::place(path, problem),
        problem.message
    ))
}

fn work(lesson: &Lesson, work: &Work) -> Result<Ending, Report> {
    if work.start {
        return start(lesson, work);
    }
    if let Some(file) = &work.check {
        return check(lesson, file);
    }
    if let Some(number) = work.hint {
        return hint(lesson, number);
    }
    if work.solution {
        for step in &lesson.solution {
            print::line(&step.text);
        }
        remember(|progress| progress.begin(&lesson.name).shown = true);
        return Ok(Ending::Fine);
    }
    if let Some(dir) = &work.servers {
        servers_user::take_on(dir, None, Fate::Stays)?;
        return super::wait_for(servers(lesson, dir));
    }
    task(lesson);
    begun(lesson);
    Ok(Ending::Fine)
}

fn frame(path: Option<&Path>) -> Result<Ending, Report> {
    let Some(path) = path else {
        print::text(FRAME);
        return Ok(Ending::Fine);
    };
    if path.exists() {
        return Err(Report::new(format!("\"{}\" already exists", path.display())).hint("Choose another name"));
    }
    write(path, FRAME, false)?;
    print::note(format_args!(
        "Wrote a lesson to {}. Test it with: pgcascade lesson {} --test",
        path.display(),
        crate::model::quoting::shell_path(path)
    ));
    Ok(Ending::Fine)
}

pub(super) fn write(path: &Path, text: &str, is_forced: bool) -> Result<(), Report> {
    let whole = Output {
        path,
        kind: Kind::Design,
        input: None,
        is_forced,
    };
    whole.write(text.as_bytes())
}

fn start(lesson: &Lesson, work: &Work) -> Result<Ending, Report> {
    let mut text = format!(
        "# {}\n# Check it with: {} --check FILE\n",
        lesson.title,
        command(lesson)
    );
    if lesson.is_locked {
        text.push_str("# The drawing stays as it is.");
        text.push('\n');
    }
    if lesson
        .goals
        .iter()
        .any(|goal| matches!(goal.on, On::Story | On::Time))
    {
        text.push_str("# What you do in What-if is a scenario of this file, for example:\n");
        text.push_str("# [[scenario]]\n# name = \"mine\"\n# text = \"\"\"\n# crash SERVER\n# promote SERVER\n# \"\"\"\n");
    }
    for line in &lesson.given {
        text.push_str(&format!("# Has happened when What-if begins: {}\n", line.text));
    }
    text.push_str(&lesson.start.text());
    begun(lesson);
    let Some(path) = &work.output else {
        print::text(&text);
        return Ok(Ending::Fine);
    };
    if path.is_file() && !work.force {
        return Err(Report::new(format!("\"{}\" already exists", path.display()))
            .hint("Choose another name, or use --force to overwrite it"));
    }
    write(path, &text, work.force)?;
    print::note(format_args!(
        "Wrote the start of \"{}\" to {}",
        lesson.name,
        path.display()
    ));
    Ok(Ending::Fine)
}

fn check(lesson: &Lesson, file: &Path) -> Result<Ending, Report> {
    let text = store::text(file)
        .map_err(|error| Report::of(format!("\"{}\" cannot be read", file.display()), &error))?;
    let checked = match read_result(&text) {
        Some(Ok(result)) => {
            if result.lesson != lesson.name {
                return Err(Report::new(format!(
                    "\"{}\" is a result of the lesson \"{}\"",
                    file.display(),
                    result.lesson
                )));
            }
            check_result(lesson, &result)
        }
        Some(Err(problems)) => {
            let mut report = Report::new(format!("\"{}\" is not a valid result", file.display()));
            report.causes = problems.iter().map(|problem| in_place(file, problem)).collect();
            return Err(report);
        }
        None => {
            let document: Document = format::read(&text).map_err(|problems| {
                let mut report = Report::new(format!("\"{}\" is not a valid design", file.display()));
                report.causes = problems.iter().map(|problem| in_place(file, problem)).collect();
                report
            })?;
            check_design(lesson, &document)
        }
    };
    for remark in &checked.remarks {
        print::line(remark);
    }
    for (goal, state) in lesson.goals.iter().zip(&checked.state.goals) {
        if !state.is_met && goal.on != On::Servers {
            print::line(format_args!("{}: {}", goal.text, state.found.join("; ")));
        }
    }
    for wrong in checked
        .state
        .wrong
        .iter()
        .filter_map(|place| lesson.wrong.get(*place))
    {
        print::line(format_args!("  {}", wrong.says));
    }
    for ask in checked.state.unanswered.iter().filter_map(|id| lesson.ask(id)) {
        print::line(format_args!("The question is not answered: {}", ask.text));
    }
    if !checked.is_solved() {
        begun(lesson);
        return Ok(Ending::Failed);
    }
    print::line(format_args!("Solved: {}", lesson.title));
    if !lesson.learnt.is_empty() {
        print::line(&lesson.learnt);
    }
    remember(|progress| progress.solve(lesson, checked.steps, false));
    Ok(Ending::Fine)
}

fn hint(lesson: &Lesson, number: usize) -> Result<Ending, Report> {
    let hints: Vec<&String> = lesson.all_hints().collect();
    let Some(hint) = number.checked_sub(1).and_then(|place| hints.get(place)) else {
        let message = format!(
            "This lesson has {}",
            crate::model::words::counted(hints.len(), "hint")
        );
        return Err(Report::new(message).hint("The first one is --hint 1"));
    };
    print::line(hint);
    remember(|progress| {
        let record = progress.begin(&lesson.name);
        record.hints = record.hints.max(number);
    });
    Ok(Ending::Fine)
}

fn test(path: &Path, lesson: &Lesson) -> Ending {
    let faults = lessons::test(lesson);
    for fault in &faults {
        print::line(format_args!(
            "{}:{}: {}",
            path.display(),
            fault.line,
            fault.message
        ));
    }
    if faults.is_empty() {
        print::line("The lesson is good: unsolved at its start, solved by its solution");
        return Ending::Fine;
    }
    Ending::Failed
}

/// The goals on servers, asked of a deployed cluster, after it was verified.
async fn servers(lesson: &Lesson, dir: &Path) -> Result<Ending, Report> {
    let folder = target::absolute(dir)?;
    let document = cluster::design(&folder)?;
    let board = cluster::observe(&folder).await?.board();
    let is_proved = verified(&folder).await?;
    let mut bench = Bench::on(lesson, document);
    bench.answer_all();
    bench.look_at_servers(&Live {
        board: &board,
        is_proved,
    });
    let mut all = true;
    let goals = lesson.goals.iter().zip(&bench.state().goals);
    for (goal, state) in goals.filter(|(goal, _)| matches!(goal.on, On::Servers | On::Design)) {
        if !state.is_met {
            all = false;
            print::line(format_args!("{}: {}", goal.text, state.found.join("; ")));
        }
    }
    if !lesson.asks_servers() {
        print::line("This lesson asks nothing of servers");
        return Ok(Ending::Failed);
    }
    if !all {
        return Ok(Ending::Failed);
    }
    print::line(format_args!("Proved on real servers: {}", lesson.title));
    remember(|progress| {
        let record = progress.begin(&lesson.name);
        record.proved = record.solved;
    });
    Ok(Ending::Fine)
}

/// Whether the running cluster passes its own verification now; what it says is not shown.
async fn verified(folder: &Path) -> Result<bool, Report> {
    const EVENTS: usize = 256;
    let (sender, mut events) = tokio::sync::mpsc::channel(EVENTS);
    let task = Task::verify(folder)?;
    let ear = async { while events.recv().await.is_some() {} };
    let (performed, ()) = tokio::join!(task.perform(1, sender, Cancel::default()), ear);
    Ok(matches!(performed.outcome, Outcome::Done))
}

/// Progress is a convenience: where it cannot be kept, a note says so and the answer stays.
pub(super) fn remember(change: impl FnOnce(&mut lessons::Progress)) {
    if let Err(report) = progress::change(change) {
        print::note(format_args!("note: {report}"));
    }
}

/// It was looked at.
fn begun(lesson: &Lesson) {
    remember(|progress| {
        progress.begin(&lesson.name);
    });
}
