//! What the window asks: questions in the way of everything else.

use std::path::PathBuf;

use crate::app::{Exporting, Importing, Message, OnDisk, PathPurpose, ToHosts};
use crate::engine::deploy::Steered;
use crate::engine::deploy::adopt::Adopting;
use crate::model::desk::Unsaved;
use crate::model::diagram::{PictureFormat, PictureStyle};
use crate::model::topology::ServerId;

/// A question in the way of everything else.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialog {
    /// Where no native dialog came up: a path to type.
    Path {
        purpose: PathPurpose,
        text: String,
    },
    /// A file is at the path that was typed; `FileMessage::Chosen` replaces it.
    Replace {
        purpose: PathPurpose,
        path: PathBuf,
    },
    /// As what the drawing is exported.
    Picture {
        format: PictureFormat,
        style: PictureStyle,
    },
    /// Where the design is exported to.
    Export(Box<Exporting>),
    /// A cluster that somebody runs is imported.
    Import(Box<Importing>),
    /// There are unsaved changes; `then` happens after `FileMessage::Save` or `Discard`.
    Unsaved {
        then: Box<Message>,
    },
    /// The design's file was changed elsewhere, and there is something to lose: `KeepMine`, `TakeTheirs`.
    ChangedOnDisk {
        path: PathBuf,
        found: OnDisk,
        /// It came out when it was to be saved, which then goes on.
        is_saving: bool,
    },
    /// The text is no design: `FileMessage::SaveBroken` writes it all the same, `SaveDrawing` the last good drawing;
    /// both then go on with a path to choose if `as_new`.
    SaveBroken {
        as_new: bool,
    },
    /// An earlier session ended without saving this design: `FileMessage::Recover` takes it, `Discard` forgets it,
    /// closing the dialog keeps it for the next start.
    Recover(Unsaved),
    /// Where to deploy to.
    DeployFolder {
        text: String,
    },
    /// How the design goes to its hosts.
    ToHosts(ToHosts),
    /// The design runs something of its own: `RunMessage::Trust` lets it, and runs the plan that is shown.
    Trust,
    /// The end of a server's log, which is followed.
    Log {
        server: String,
        lines: Vec<String>,
        only_problems: bool,
    },
    /// What runs is to become the design: `ClusterMessage::Adopt` makes it so.
    Adopt(Box<Adopting>),
    /// Servers are to change their roles: `ClusterMessage::Steer` lets them.
    Steer(Box<Steered>),
    /// Everything that was learnt is to be forgotten: `LessonMessage::Forget` does it.
    ForgetProgress,
    ConfirmTeardown {
        folder: PathBuf,
    },
    /// Remove servers that have downstreams: with them, or re-attach them.
    Remove {
        servers: Vec<ServerId>,
    },
    About,
    Help,
    /// A link was to be removed, by the server at its lower end: that cannot be, and this is what can.
    KeepLink {
        server: ServerId,
    },
    /// One of a list, found by typing.
    Pick(Pick),
}

/// What is picked from a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The command palette.
    Action,
    /// A server to select and show.
    Server,
    /// The server that these are to follow.
    Upstream(Vec<ServerId>),
    /// The running server that this running one is to follow.
    Follow(ServerId),
    /// The server whose place this one is to take.
    Place(ServerId),
    /// The site at which these stand.
    Site(Vec<ServerId>),
    /// A built-in design to begin with.
    Template,
    /// The version of PostgreSQL.
    Version,
}
