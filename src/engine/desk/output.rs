//! Writes what a person named as an output (`-o`, Save, Export): never over something else than what they meant.
//!
//! A regular file is replaced whole, through a link if there is one, and only by its own kind. What is not a regular file (a
//! device, a pipe, `/dev/stdout`) is opened and written to: renaming a file over `/dev/null` would replace it for everybody.

use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Read as _, Write};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::engine::system::files;
use crate::model::diagram::{Container, PictureFormat};
use crate::model::simulate::world::Verb;
use crate::report::Report;

/// What is written, and therefore what may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Design,
    Bundle,
    Picture(PictureFormat),
    Scenario,
    /// An audit, as Markdown or HTML.
    Report,
    /// What was learnt.
    Progress,
}

/// Where to, and what the person said about it.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    pub path: &'a Path,
    pub kind: Kind,
    /// The file that it was made from, which it must not replace.
    pub input: Option<&'a Path>,
    /// Whatever is there may be replaced (`--force`).
    pub is_forced: bool,
}

impl Output<'_> {
    /// Writes all of it, or says why not.
    ///
    /// # Errors
    ///
    /// If it is the input, a folder, a disk, or of another kind without `is_forced`; if another user's link leads there; or if
    /// it cannot be written whole.
    pub fn write(self, bytes: &[u8]) -> Result<(), Report> {
        let headline = || format!("{} could not be written.", self.path.display());
        let failed = |error: io::Error| Report::of(headline(), &error);
        let target = target_of(self.path).map_err(failed)?;
        let there = match fs::metadata(&target.path) {
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !target.is_stream => {
                return files::write_durably(&target.path, bytes, 0o666 & !umask()).map_err(failed);
            }
            Err(error) => return Err(failed(error)),
        };
        if there.is_dir() {
            return Err(Report::new(headline()).hint("A folder of that name exists; choose another name."));
        }
        if self.is_input(&there) {
            return Err(Report::new(headline()).hint(
                "This is the input file, and even --force does not overwrite it. Choose another name.",
            ));
        }
        if !there.is_file() || target.is_stream {
            if there.file_type().is_block_device() && !self.is_forced {
                return Err(Report::new(headline()).hint("It is a disk; --force overwrites its contents."));
            }
            return stream(&target.path, &there, bytes).map_err(failed);
        }
        if !self.is_forced && there.len() > 0 {
            let found = kind_of(&beginning(&target.path).map_err(failed)?);
            if found != Some(self.kind) {
                let is = found.map_or("of an unknown kind", Kind::words);
                return Err(Report::new(headline()).hint(format!(
                    "The file is {is}, not {}. Choose another name, or use --force to overwrite it.",
                    self.kind.words()
                )));
            }
        }
        files::write_durably(&target.path, bytes, there.mode() & 0o777).map_err(failed)
    }

    /// By device and inode: whatever names lead there.
    fn is_input(self, there: &Metadata) -> bool {
        let input = self.input.and_then(|input| fs::metadata(input).ok());
        input.is_some_and(|input| is_same(&input, there) && there.is_file())
    }
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Design => "a design",
            Self::Bundle => "a tarball",
            Self::Picture(PictureFormat::Svg) => "an SVG picture",
            Self::Picture(PictureFormat::Png) => "a PNG picture",
            Self::Picture(PictureFormat::Mermaid) => "a Mermaid diagram",
            Self::Picture(PictureFormat::Dot) => "a DOT diagram",
            Self::Scenario => "a scenario",
            Self::Report => "a report",
            Self::Progress => "progress of lessons",
        }
    }
}

/// What is written in the end.
struct Target {
    path: PathBuf,
    /// It is one of a process's open files, such as `/dev/stdout`: written to, wherever it leads.
    is_stream: bool,
}

/// So many links are followed, as the kernel does.
const MOST_LINKS: usize = 40;

/// Follows the links that the path ends in, also where the last one leads to nothing yet: the link is the user's arrangement
/// and stays.
fn target_of(path: &Path) -> io::Result<Target> {
    let mut path = std::path::absolute(path)?;
    for _ in 0..MOST_LINKS {
        let folder = path.parent().unwrap_or(&path);
        // The folder's own links, so that `../x` in a link means what the kernel means by it.
        if let Ok(real) = folder.canonicalize() {
            if real.starts_with("/proc") {
                return Ok(Target {
                    path,
                    is_stream: true,
                });
            }
            if let Some(name) = path.file_name() {
                path = real.join(name);
            }
        }
        let Ok(link) = fs::symlink_metadata(&path) else {
            break;
        };
        if !link.is_symlink() {
            break;
        }
        refuse_strange_link(&path, &link)?;
        let leads_to = fs::read_link(&path)?;
        path = path.parent().unwrap_or(Path::new("/")).join(leads_to);
    }
    if fs::symlink_metadata(&path).is_ok_and(|there| there.is_symlink()) {
        return Err(io::Error::other("too many levels of symbolic links"));
    }
    Ok(Target {
        path,
        is_stream: false,
    })
}

/// In a folder where everybody may put something (`/tmp`), a link of somebody else would lead us wherever they like. The
/// kernel refuses to open such a link (`protected_symlinks`); renaming a file to where it leads must be refused here.
fn refuse_strange_link(path: &Path, link: &Metadata) -> io::Result<()> {
    const STICKY_AND_OPEN: u32 = 0o1002;
    let Some(folder) = path.parent().and_then(|folder| fs::metadata(folder).ok()) else {
        return Ok(());
    };
    let is_open = folder.mode() & STICKY_AND_OPEN == STICKY_AND_OPEN;
    let is_ours = link.uid() == nix::unistd::geteuid().as_raw() || link.uid() == folder.uid();
    if is_open && !is_ours {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!(
                "{} is a symbolic link that another user made in a folder open to everybody",
                path.display()
            ),
        ));
    }
    Ok(())
}

fn stream(path: &Path, there: &Metadata, bytes: &[u8]) -> io::Result<()> {
    // Our own standard output goes on where it is, also when it is a file: opened once more, it would begin at its start.
    let stdout = fs::metadata("/proc/self/fd/1");
    if stdout.is_ok_and(|stdout| is_same(&stdout, there)) {
        return all(io::stdout().lock(), bytes);
    }
    let append = there.is_file();
    all(OpenOptions::new().write(true).append(append).open(path)?, bytes)
}

/// A reader that has gone away is not an error.
fn all(mut out: impl Write, bytes: &[u8]) -> io::Result<()> {
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Enough to know what a file is: a design can begin with a page of comments.
const LOOKED_AT_BYTES: u64 = 64 * 1024;

fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(LOOKED_AT_BYTES)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What a file that begins like this is; `None`: nothing that pgcascade writes.
fn kind_of(bytes: &[u8]) -> Option<Kind> {
    const GZIP: &[u8] = b"\x1f\x8b";
    if bytes.starts_with(GZIP) {
        return Some(Kind::Bundle);
    }
    let text = String::from_utf8_lossy(bytes);
    let is_page = text.starts_with("<!DOCTYPE html>") && text.contains("<title>Audit of ");
    if is_page || text.starts_with("# Audit of ") {
        return Some(Kind::Report);
    }
    match Container::of(bytes) {
        Some(Container::Png) => return Some(Kind::Picture(PictureFormat::Png)),
        Some(Container::Svg) => return text.contains("<svg").then_some(Kind::Picture(PictureFormat::Svg)),
        None => {}
    }
    let lines = || text.lines().map(str::trim);
    let is_word = |line: &str, word: &str| {
        let rest = line.strip_prefix(word);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '=', '{', '"']))
    };
    let first = lines().find(|line| !line.is_empty() && !line.starts_with(['#', '%']))?;
    if is_word(first, "flowchart") {
        return Some(Kind::Picture(PictureFormat::Mermaid));
    }
    if is_word(first, "digraph") {
        return Some(Kind::Picture(PictureFormat::Dot));
    }
    // Also one that is not finished, or broken by hand.
    let begins_design =
        |line: &str| line.starts_with("[[server]]") || is_word(line, "postgres") || is_word(line, "format");
    if first == "{" && text.contains("\"checksum\":") {
        return Some(Kind::Progress);
    }
    if lines().any(begins_design) {
        return Some(Kind::Design);
    }
    let verbs = Verb::ALL.map(Verb::word);
    let mut begins_scenario = ["seed", "clients", "network", "link", "at"]
        .into_iter()
        .chain(verbs);
    begins_scenario
        .any(|word| is_word(first, word))
        .then_some(Kind::Scenario)
}

/// What the user wants new files to be closed for; the kernel tells without it being set, which would race.
fn umask() -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("Umask:"))
        .and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok())
        .unwrap_or(0o022)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::engine::desk::picture;
    use crate::model::bundle;
    use crate::model::diagram::PictureStyle;
    use crate::model::document::{format, templates};

    fn write(path: &Path, kind: Kind, input: Option<&Path>, is_forced: bool) -> Result<(), Report> {
        Output {
            path,
            kind,
            input,
            is_forced,
        }
        .write(b"new")
    }

    #[test]
    fn everything_that_is_written_is_known_again() {
        let document = format::read(templates::find("seed").unwrap().text).unwrap();
        for format in PictureFormat::ALL {
            let picture = picture::render(&document, format, PictureStyle::default()).unwrap();
            assert_eq!(kind_of(&picture), Some(Kind::Picture(format)));
        }
        let tarball = bundle::pack(&bundle::generate(&document));
        assert_eq!(kind_of(&tarball), Some(Kind::Bundle));
        for template in &templates::TEMPLATES {
            assert_eq!(
                kind_of(template.text.as_bytes()),
                Some(Kind::Design),
                "{}",
                template.name
            );
        }
        assert_eq!(kind_of(b"# a story\nat 2s crash slave1\n"), Some(Kind::Scenario));
        for strange in ["", "export PATH=/bin\n", "<html></html>", "hello"] {
            assert_eq!(kind_of(strange.as_bytes()), None, "{strange}");
        }
    }

    #[test]
    fn only_a_file_of_the_same_kind_is_replaced_unless_it_is_forced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (there, kind, may) in [
            ("", Kind::Bundle, true),
            ("postgres = 15\n", Kind::Design, true),
            ("postgres = 15\n", Kind::Bundle, false),
            ("\u{1f}\u{8b}", Kind::Design, false),
            ("alias ll='ls -l'\n", Kind::Scenario, false),
        ] {
            fs::write(&path, there).unwrap();
            assert_eq!(write(&path, kind, None, false).is_ok(), may, "{there:?}");
            assert_eq!(fs::read(&path).unwrap() == b"new", may);
            write(&path, kind, None, true).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"new");
        }
        assert!(
            write(folder.path(), Kind::Design, None, true).is_err(),
            "a folder"
        );
    }

    #[test]
    fn the_input_is_never_replaced_whatever_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("seed.toml");
        fs::write(&input, "postgres = 15").unwrap();
        let (soft, hard) = (folder.path().join("soft"), folder.path().join("hard"));
        symlink(&input, &soft).unwrap();
        fs::hard_link(&input, &hard).unwrap();
        for path in [&input, &soft, &hard, &folder.path().join("./seed.toml")] {
            for (from, is_forced) in [(&input, false), (&soft, true), (&hard, true)] {
                let report = write(path, Kind::Design, Some(from), is_forced).unwrap_err();
                assert!(report.hints[0].contains("the input file"), "{report}");
            }
        }
        assert_eq!(fs::read(&input).unwrap(), b"postgres = 15");
    }

    #[test]
    fn a_link_stays_and_what_it_leads_to_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("in")).unwrap();
        symlink("../new.toml", at("in/second")).unwrap();
        symlink("in/second", at("first")).unwrap();
        for _ in 0..2 {
            write(&at("first"), Kind::Design, None, true).unwrap();
            assert_eq!(fs::read(at("new.toml")).unwrap(), b"new");
            for link in ["first", "in/second"] {
                assert!(fs::symlink_metadata(at(link)).unwrap().is_symlink());
            }
        }
        symlink("round", at("round")).unwrap();
        assert!(write(&at("round"), Kind::Design, None, true).is_err());
    }

    #[test]
    fn a_device_and_a_pipe_are_written_to_and_stay() {
        let folder = tempfile::tempdir().unwrap();
        let null = fs::metadata("/dev/null").unwrap();
        write(Path::new("/dev/null"), Kind::Bundle, None, false).unwrap();
        assert!(is_same(&null, &fs::metadata("/dev/null").unwrap()) && null.file_type().is_char_device());
        let full = write(Path::new("/dev/full"), Kind::Bundle, None, false).unwrap_err();
        assert!(full.causes[0].contains("No space left"), "{full}");
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let from = pipe.clone();
        let reader = std::thread::spawn(move || fs::read(from).unwrap());
        write(&pipe, Kind::Bundle, None, false).unwrap();
        assert_eq!(reader.join().unwrap(), b"new");
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    }

    #[test]
    fn another_users_link_in_a_folder_open_to_everybody_is_not_followed() {
        use std::os::unix::fs::{PermissionsExt as _, lchown};
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        let (link, precious) = (folder.path().join("link"), folder.path().join("precious"));
        symlink(&precious, &link).unwrap();
        lchown(&link, Some(65_534), Some(65_534)).unwrap();
        assert!(write(&link, Kind::Design, None, true).is_err());
        assert!(!precious.exists());
    }
}
