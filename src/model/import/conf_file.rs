//! postgresql.conf with everything that it includes, every line in the order in which the server reads it: the last one of a
//! name wins, an include counts where it stands, and names and the words for an include are read in any case.

use super::files::{Files, Unread, folder_of, join};
use super::tokens::{LineSays, line};

/// A file may include another so many levels deep (`CONF_FILE_MAX_DEPTH` is 10).
const MOST_LEVELS: usize = 10;

/// The lines of a file and its includes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    pub lines: Vec<ConfLine>,
    pub problems: Vec<ConfProblem>,
}

/// A line that sets something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfLine {
    pub file: String,
    pub number: usize,
    /// As it is written.
    pub name: String,
    /// Unquoted.
    pub value: String,
}

/// A line for which the server refuses the file. Its text is not kept, since nobody knows what secret it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfProblem {
    pub file: String,
    pub number: usize,
    /// Its first word, if it has one.
    pub word: String,
    pub message: String,
}

/// Reads the file and its includes.
///
/// # Errors
///
/// If the file itself cannot be read; an include that cannot is a problem of its line.
pub fn read(files: &dyn Files, path: &str) -> Result<Conf, Unread> {
    let mut conf = Conf::default();
    let contents = files.read(path)?;
    conf.take(files, path, &contents, &mut vec![path.to_owned()]);
    Ok(conf)
}

impl Conf {
    /// The last line of this name: the one that counts.
    pub fn last(&self, name: &str) -> Option<&ConfLine> {
        self.lines
            .iter()
            .rev()
            .find(|line| line.name.eq_ignore_ascii_case(name))
    }

    fn take(&mut self, files: &dyn Files, path: &str, contents: &[u8], above: &mut Vec<String>) {
        let mut contents = contents;
        if let Some(rest) = contents.strip_prefix(b"\xef\xbb\xbf") {
            contents = rest;
            self.refuse(
                path,
                1,
                "",
                "The file begins with a byte order mark, which PostgreSQL takes for a part of the first name.",
            );
        }
        for (text, number) in contents.split(|byte| *byte == b'\n').zip(1..) {
            match line(text) {
                LineSays::Nothing => {}
                LineSays::Sets { name, value } => match name.to_ascii_lowercase().as_str() {
                    "include" => self.include(files, path, number, &value, true, above),
                    "include_if_exists" => self.include(files, path, number, &value, false, above),
                    "include_dir" => self.include_dir(files, path, number, &value, above),
                    _ => self.lines.push(ConfLine {
                        file: path.to_owned(),
                        number,
                        name,
                        value,
                    }),
                },
                LineSays::Refused { .. } => {
                    let word = first_word(text);
                    let message = "The line has a syntax error, so PostgreSQL refuses the file: put values with blanks, \
                         commas, slashes or other signs in single quotes.";
                    self.refuse(path, number, &word, message);
                }
            }
        }
    }

    fn include(
        &mut self,
        files: &dyn Files,
        path: &str,
        number: usize,
        value: &str,
        is_needed: bool,
        above: &mut Vec<String>,
    ) {
        self.include_at(
            files,
            path,
            number,
            &join(folder_of(path), value),
            is_needed,
            above,
        );
    }

    fn include_at(
        &mut self,
        files: &dyn Files,
        path: &str,
        number: usize,
        included: &str,
        is_needed: bool,
        above: &mut Vec<String>,
    ) {
        let included = included.to_owned();
        let is_nameless = included.is_empty() || included.ends_with('/');
        if is_nameless || above.len() > MOST_LEVELS || above.contains(&included) {
            let message = if is_nameless {
                "The include names no file."
            } else {
                "The file includes itself, or the includes are nested too deeply; PostgreSQL refuses both."
            };
            self.refuse(path, number, "include", message);
            return;
        }
        match files.read(&included) {
            Ok(contents) => {
                above.push(included.clone());
                self.take(files, &included, &contents, above);
                above.pop();
            }
            Err(Unread::Missing) if !is_needed => {}
            Err(error) => {
                let message = format!("{included} is included and cannot be read: {error}.");
                self.refuse(path, number, "include", &message);
            }
        }
    }

    /// `*.conf` that are not hidden, in the order of their bytes.
    fn include_dir(
        &mut self,
        files: &dyn Files,
        path: &str,
        number: usize,
        value: &str,
        above: &mut Vec<String>,
    ) {
        let folder = join(folder_of(path), value);
        match files.list(&folder) {
            Ok(entries) => {
                let mut names: Vec<String> = entries
                    .into_iter()
                    .filter(|entry| {
                        let name = &entry.name;
                        !entry.is_folder && !name.starts_with('.') && name.len() > 5 && is_conf(name)
                    })
                    .map(|entry| entry.name)
                    .collect();
                names.sort();
                for name in names {
                    self.include_at(files, path, number, &join(&folder, &name), true, above);
                }
            }
            Err(error) => {
                let message = format!("The folder {folder} is included and cannot be read: {error}.");
                self.refuse(path, number, "include_dir", &message);
            }
        }
    }

    fn refuse(&mut self, path: &str, number: usize, word: &str, message: &str) {
        self.problems.push(ConfProblem {
            file: path.to_owned(),
            number,
            word: word.to_owned(),
            message: message.to_owned(),
        });
    }
}

/// By the end of its name, which is compared as the server does it: capitals count.
pub fn is_conf(name: &str) -> bool {
    name.strip_suffix(".conf").is_some()
}

/// What may be shown of a line that cannot be read.
fn first_word(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.trim()
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
        .take(63)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::files::InMemory;
    use super::*;

    #[track_caller]
    fn check(given: &[(&str, &str)], expected: &[(&str, &str)], problems: usize) {
        let mut files = InMemory::default();
        for (path, text) in given {
            files.add(path, text.as_bytes().to_vec());
        }
        let conf = read(&files, "c/postgresql.conf").unwrap();
        for (name, value) in expected {
            assert_eq!(
                conf.last(name).map(|line| line.value.as_str()),
                Some(*value),
                "{name}"
            );
        }
        assert_eq!(conf.problems.len(), problems, "{:?}", conf.problems);
    }

    #[test]
    fn the_last_line_wins_and_an_include_counts_where_it_stands() {
        check(
            &[
                (
                    "c/postgresql.conf",
                    "work_mem=1MB\nINCLUDE = 'sub/a.conf'\nwork_MEM 2MB\ninclude_if_exists 'none'\n\
                     include_dir 'conf.d'",
                ),
                ("c/sub/a.conf", "port=1\nwork_mem=9MB\ninclude 'b.conf'\n"),
                ("c/sub/b.conf", "port=2\n"),
                ("c/conf.d/10.conf", "x.y=10\n"),
                ("c/conf.d/9.conf", "x.y=9\n"),
                ("c/conf.d/B.conf", "x.y=B\n"),
                ("c/conf.d/.z.conf", "x.y=hidden\n"),
                ("c/conf.d/z.txt", "x.y=text\n"),
            ],
            &[("work_mem", "2MB"), ("port", "2"), ("X.Y", "B")],
            0,
        );
    }

    #[test]
    fn what_the_server_refuses_is_a_problem_of_its_line() {
        check(
            &[(
                "c/postgresql.conf",
                "\u{feff}port=1\ninclude 'none'\ninclude_dir 'none'\nwork_mem = 64 MB\ninclude 'postgresql.conf'\n\
                     primary_conninfo = 'password=hunter2\nport = 3",
            )],
            &[("port", "3")],
            6,
        );
    }

    #[test]
    fn no_text_of_a_refused_line_is_kept() {
        let mut files = InMemory::default();
        files.add("c/x.conf", b"primary_conninfo = 'password=hunter2".to_vec());
        let conf = read(&files, "c/x.conf").unwrap();
        assert!(!format!("{conf:?}").contains("hunter2"));
        assert_eq!(conf.problems[0].word, "primary_conninfo");
    }
}
