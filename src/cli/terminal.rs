//! A terminal that is drawn on as a whole: the alternate screen, its size, single keys. All of it is given back at the end.

use std::io::IsTerminal as _;

use rustix::termios::{self, LocalModes, OptionalActions, Termios};
use tokio::sync::mpsc;

use super::print;

/// What a terminal is taken for that does not tell its size: columns and lines.
const USUAL: (usize, usize) = (80, 24);

/// The screen, as long as this lives.
pub(super) struct Screen {
    /// How its keyboard was; `None`: it is none.
    before: Option<Termios>,
}

impl Screen {
    /// `None`: the output is not a terminal.
    pub(super) fn open() -> Option<Self> {
        if !std::io::stdout().is_terminal() {
            return None;
        }
        let before = termios::tcgetattr(std::io::stdin()).ok();
        if let Some(before) = &before {
            let mut keys = before.clone();
            // Each key at once and unseen; Ctrl-C stays a signal.
            keys.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
            let _ = termios::tcsetattr(std::io::stdin(), OptionalActions::Now, &keys);
        }
        print::text("\u{1b}[?1049h\u{1b}[?25l");
        Some(Self { before })
    }

    /// Columns and lines.
    pub(super) fn size() -> (usize, usize) {
        let size = termios::tcgetwinsize(std::io::stdout()).ok();
        let size = size.filter(|size| size.ws_col > 0 && size.ws_row > 0);
        size.map_or(USUAL, |size| (size.ws_col.into(), size.ws_row.into()))
    }

    /// Draws these lines from the top, over what was there.
    pub(super) fn draw(lines: &[String]) {
        let mut text = "\u{1b}[H".to_owned();
        for (place, line) in lines.iter().enumerate() {
            if place > 0 {
                text.push_str("\r\n");
            }
            text.push_str(line);
            text.push_str("\u{1b}[K");
        }
        text.push_str("\u{1b}[J");
        print::text(&text);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        print::text("\u{1b}[?25h\u{1b}[?1049l");
        if let Some(before) = &self.before {
            let _ = termios::tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        }
    }
}

/// The keys that are pressed. The thread that reads them ends with the program: nothing else ends a read.
pub(super) fn keys() -> mpsc::Receiver<u8> {
    use std::io::Read as _;
    let (sender, keys) = mpsc::channel(16);
    std::thread::spawn(move || {
        for key in std::io::stdin().lock().bytes().map_while(Result::ok) {
            if sender.blocking_send(key).is_err() {
                break;
            }
        }
    });
    keys
}
