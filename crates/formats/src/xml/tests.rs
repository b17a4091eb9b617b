use std::io::Cursor;

use super::*;
use crate::source::Input;

/// Each step as `open PATH`, or `PATH = TEXT`, with its place; an error as its code and place.
fn told(text: &str) -> Vec<String> {
    let mut reader = XmlReader::open(Input::new("test", Cursor::new(text.to_owned())), 1, 1 << 20);
    let mut lines = Vec::new();
    loop {
        let step = reader.next();
        let Place { line, column } = reader.place();
        match step {
            Ok(Step::Open) => lines.push(format!("{line}:{column} open {}", reader.path())),
            Ok(Step::Close) => lines.push(format!("{line}:{column} {} = {:?}", reader.path(), reader.text())),
            Ok(Step::End) => return lines,
            Err(error) => {
                lines.push(format!("{} {error}", error.code));
                return lines;
            }
        }
    }
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(told(text), expected, "{text}");
}

#[test]
fn elements_have_paths_places_and_texts() {
    check(
        "<a>\n <b> x<!-- y --> &lt;<![CDATA[<z>]]></b>\n\t<b/></a>\n<!-- end -->",
        &["1:1 open a", "2:2 open a/b", "2:2 a/b = \" x <<z>\"", "3:2 open a/b", "3:2 a/b = \"\"", "1:1 a = \"\""],
    );
    // The text beside other elements says nothing.
    check("<a>1<b/>2</a>", &["1:1 open a", "1:5 open a/b", "1:5 a/b = \"\"", "1:1 a = \"\""]);
}

#[test]
fn elements_of_other_namespaces_are_skipped() {
    check(
        "<p:a xmlns:p='u'><p:b>1</p:b><b>2<p:c/></b><q:b xmlns:q='u'>3</q:b><p:b xmlns:p='v'/></p:a>",
        &["1:1 open a", "1:18 open a/b", "1:18 a/b = \"1\"", "1:44 open a/b", "1:44 a/b = \"3\"", "1:1 a = \"\""],
    );
    check("<a>1<b xmlns='u'/></a>", &["1:1 open a", "1:1 a = \"\""]);
}

#[test]
fn the_text_of_a_record_is_kept() {
    let text = "<a> <b c='1'>\n<d/></b> <e/></a>";
    let mut reader = XmlReader::open(Input::new("test", Cursor::new(text)), 1, 1 << 20);
    let mut kept = Vec::new();
    while reader.next().unwrap() != Step::End {
        if reader.depth() == 2 {
            kept.push((String::from_utf8_lossy(reader.raw().0).into_owned(), reader.attribute("c").map(str::to_owned)));
        }
    }
    let one = |text: &str, attribute: Option<&str>| (text.to_owned(), attribute.map(str::to_owned));
    assert_eq!(
        kept,
        [one("<b c='1'>", Some("1")), one("<b c='1'>\n<d/></b>", None), one("<e/>", None), one("<e/>", None)]
    );
}
