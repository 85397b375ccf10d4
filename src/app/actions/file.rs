//! What the File menu does: designs, exports, the end.

use super::Answer;
use super::guards::{pick, send, unheld};
use crate::app::{
    Dialog, ExportMessage, FileMessage, ImportMessage, ImportSource, Message, Pick, Session, Tab, ViewMessage,
};
use crate::model::diagram::{PictureFormat, PictureStyle};
use crate::model::document::templates;
use crate::model::topology::ServerId;

pub fn new(session: &Session, _: &[ServerId]) -> Answer {
    unheld(session)?;
    let empty = templates::EMPTY.name.to_owned();
    send(Message::File(FileMessage::New(empty)))
}

pub fn new_from(session: &Session, _: &[ServerId]) -> Answer {
    unheld(session)?;
    pick(Pick::Template)
}

pub fn open(session: &Session, _: &[ServerId]) -> Answer {
    unheld(session)?;
    send(Message::File(FileMessage::Open))
}

pub fn import(session: &Session, _: &[ServerId]) -> Answer {
    unheld(session)?;
    send(Message::Import(ImportMessage::Ask(ImportSource::default())))
}

pub fn audit(session: &Session, _: &[ServerId]) -> Answer {
    if session.imported.is_none() {
        return Err("Import a cluster first".to_owned());
    }
    send(Message::View(ViewMessage::Show(Tab::Imported)))
}

pub fn save(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::File(FileMessage::Save))
}

pub fn save_as(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::File(FileMessage::SaveAs))
}

pub fn export(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::Export(ExportMessage::Ask))
}

pub fn export_picture(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::View(ViewMessage::Dialog(Some(Dialog::Picture {
        format: PictureFormat::default(),
        style: PictureStyle::default(),
    }))))
}

pub fn quit(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::Quit)
}
