//! Exporting the drawing as a picture, and opening a picture that holds a design.

use std::path::PathBuf;

use super::*;
use crate::app::{Dialog, FileMessage, PathPurpose};
use crate::model::diagram::{PictureFormat, PictureStyle};
use crate::model::document::templates;

const STYLE: PictureStyle = PictureStyle {
    is_dark: true,
    is_anonymous: false,
};

fn file(message: FileMessage) -> Message {
    Message::File(message)
}

#[test]
fn a_picture_is_drawn_as_its_files_name_says() {
    let mut session = seed();
    let asked = update(
        &mut session,
        file(FileMessage::ExportPicture(PictureFormat::Png, STYLE)),
    );
    let purpose = PathPurpose::ExportPicture(PictureFormat::Png, STYLE);
    let suggested = "seed.png".to_owned();
    assert_eq!(asked, [Effect::AskPath { purpose, suggested }]);
    let path = PathBuf::from("/home/u/seed.SVG");
    let effects = update(
        &mut session,
        file(FileMessage::Chosen(purpose, Some(path.clone()))),
    );
    let [
        Effect::WritePicture {
            format: PictureFormat::Svg,
            style: STYLE,
            document,
            ..
        },
    ] = &effects[..]
    else {
        panic!("{effects:?}");
    };
    assert_eq!(**document, session.desk.document);
    update(&mut session, file(FileMessage::Written(purpose, path, None)));
    assert_eq!(notice(&session), (NoticeKind::Done, "Exported seed.SVG"));
    assert_eq!(session.desk.path, None, "the picture is not the design's file");
}

#[test]
fn where_there_is_no_file_dialog_the_format_is_kept_too() {
    let mut session = seed();
    let purpose = PathPurpose::ExportPicture(PictureFormat::Mermaid, STYLE);
    update(&mut session, file(FileMessage::NoDialog(purpose)));
    let Some(Dialog::Path { text, .. }) = &session.dialog else {
        panic!("{:?}", session.dialog);
    };
    assert!(text.ends_with("seed.mmd"), "{text}");
}

#[test]
fn a_name_that_is_no_pictures_is_refused_with_those_that_are() {
    let mut session = seed();
    let chosen = FileMessage::Chosen(
        PathPurpose::ExportPicture(PictureFormat::Png, STYLE),
        Some("/home/u/seed".into()),
    );
    assert_eq!(update(&mut session, file(chosen)), []);
    assert_eq!(
        notice(&session),
        (NoticeKind::Problem, "\"seed\" does not name a picture format")
    );
}

#[test]
fn a_design_from_a_picture_is_saved_elsewhere() {
    let mut session = seed();
    let text = templates::find("pair").unwrap().text.to_owned();
    let read = FileMessage::ReadPicture("/home/u/pair.png".into(), text);
    update(&mut session, file(read));
    assert_eq!(session.desk.document.topology().name(), "pair");
    assert!(!session.is_modified());
    let suggested = "pair.toml".to_owned();
    let purpose = PathPurpose::SaveDesign;
    assert_eq!(
        update(&mut session, file(FileMessage::Save)),
        [Effect::AskPath { purpose, suggested }]
    );
}
