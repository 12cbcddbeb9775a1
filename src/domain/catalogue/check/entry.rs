//! A file as the checks see it: each string as the readings it can have, one for every form of a number.

use fluent_syntax::ast;
use fluent_syntax::parser;

/// A string of a file.
pub(super) struct Entry<'a> {
    /// Its name.
    pub id: &'a str,
    /// Where it begins, from 1.
    pub line: usize,
    /// What it can read, one where it does not depend on a number.
    pub readings: Vec<Reading<'a>>,
    /// The placeholder that selects one of them.
    pub selector: Option<&'a str>,
    /// What of Fluent it uses that these files do not.
    pub strange: Vec<&'static str>,
}

/// One text that a string can have.
pub(super) struct Reading<'a> {
    /// The form of the number that it is for.
    pub form: Option<&'a str>,
    /// In their order.
    pub pieces: Vec<Piece<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Placeholder(&'a str),
}

impl<'a> Reading<'a> {
    pub(super) fn placeholders(&self) -> impl Iterator<Item = &'a str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Placeholder(name) => Some(*name),
            Piece::Text(_) => None,
        })
    }

    /// Which of several it is, in words that follow a fault.
    pub(super) fn place(&self) -> String {
        self.form.map_or(String::new(), |form| format!(" in [{form}]"))
    }

    /// The words alone, a space for each placeholder.
    pub(super) fn words(&self) -> String {
        let piece = |piece: &Piece<'a>| match piece {
            Piece::Text(text) => *text,
            Piece::Placeholder(_) => " ",
        };
        self.pieces.iter().map(piece).collect()
    }
}

/// The strings of a file, and the lines that are none.
pub(super) fn read(file: &str) -> (Vec<Entry<'_>>, Vec<(usize, String)>) {
    let (resource, errors) = match parser::parse_runtime(file) {
        Ok(resource) => (resource, Vec::new()),
        Err((resource, errors)) => (resource, errors),
    };
    let mut malformed: Vec<(usize, String)> = errors
        .iter()
        .map(|error| (line(file, error.pos.start), format!("not Fluent: {}", error.kind)))
        .collect();
    let mut entries = Vec::new();
    for entry in resource.body {
        match entry {
            ast::Entry::Message(message) => entries.push(of(file, message)),
            ast::Entry::Term(term) => {
                let at = line(file, offset(file, term.id.name));
                malformed.push((at, "a term is of no use here: write its words out".to_owned()));
            }
            ast::Entry::Comment(_)
            | ast::Entry::GroupComment(_)
            | ast::Entry::ResourceComment(_)
            | ast::Entry::Junk { .. } => {}
        }
    }
    (entries, malformed)
}

/// Where a part of the file begins, in bytes.
fn offset(file: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(file.as_ptr() as usize)
}

fn line(file: &str, offset: usize) -> usize {
    let before = &file.as_bytes()[..offset.min(file.len())];
    before.split(|byte| *byte == b'\n').count()
}

fn of<'a>(file: &'a str, message: ast::Message<&'a str>) -> Entry<'a> {
    let mut entry = Entry {
        id: message.id.name,
        line: line(file, offset(file, message.id.name)),
        readings: Vec::new(),
        selector: None,
        strange: Vec::new(),
    };
    if !message.attributes.is_empty() {
        entry.strange.push("attributes are never read");
    }
    let Some(pattern) = message.value else {
        entry.strange.push("it has no text");
        return entry;
    };
    if let [
        ast::PatternElement::Placeable {
            expression: ast::Expression::Select { selector, variants },
        },
    ] = &pattern.elements[..]
    {
        match selector {
            ast::InlineExpression::VariableReference { id } => {
                entry.selector = Some(id.name);
            }
            _ => entry.strange.push("only a placeholder can select the form"),
        }
        for variant in variants {
            let form = match variant.key {
                ast::VariantKey::Identifier { name } => name,
                ast::VariantKey::NumberLiteral { value } => value,
            };
            let reading = entry.reading(&variant.value, Some(form));
            entry.readings.push(reading);
        }
    } else {
        let reading = entry.reading(&pattern, None);
        entry.readings.push(reading);
    }
    entry
}

impl<'a> Entry<'a> {
    fn reading(&mut self, pattern: &ast::Pattern<&'a str>, form: Option<&'a str>) -> Reading<'a> {
        let mut pieces = Vec::with_capacity(pattern.elements.len());
        for element in &pattern.elements {
            match element {
                ast::PatternElement::TextElement { value } => pieces.push(Piece::Text(value)),
                ast::PatternElement::Placeable {
                    expression: ast::Expression::Inline(ast::InlineExpression::VariableReference { id }),
                } => pieces.push(Piece::Placeholder(id.name)),
                ast::PatternElement::Placeable {
                    expression: ast::Expression::Select { .. },
                } => self
                    .strange
                    .push("a selector must hold the whole string, so that each form is a whole sentence"),
                ast::PatternElement::Placeable { .. } => self
                    .strange
                    .push("only placeholders such as { $code } may stand in braces"),
            }
        }
        Reading { form, pieces }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_has_a_reading_for_each_form_and_knows_its_line() {
        let file = "# c\n\na = Hi { $x }!\nb = { $n ->\n    [one] { $n } day\n   *[other] { $n } days\n}\n";
        let (entries, malformed) = read(file);
        assert_eq!(malformed, []);
        assert_eq!(
            entries
                .iter()
                .map(|entry| (entry.id, entry.line))
                .collect::<Vec<_>>(),
            [("a", 3), ("b", 4)]
        );
        let pieces = [Piece::Text("Hi "), Piece::Placeholder("x"), Piece::Text("!")];
        assert_eq!(entries[0].readings[0].pieces, pieces);
        let forms: Vec<_> = entries[1].readings.iter().map(|reading| reading.form).collect();
        assert_eq!(forms, [Some("one"), Some("other")]);
        assert_eq!(entries[1].selector, Some("n"));
        assert_eq!(entries[1].readings[1].words(), "  days");
    }

    #[test]
    fn what_is_not_fluent_is_told_with_its_line_and_the_rest_is_read() {
        let (entries, malformed) = read("a = A\n??\nb = { $x\nc = C\n-t = T\n");
        assert!(entries.iter().any(|entry| entry.id == "a") && entries.iter().any(|entry| entry.id == "c"));
        let lines: Vec<usize> = malformed.iter().map(|(line, _)| *line).collect();
        assert!(lines.contains(&2) && lines.contains(&5), "{malformed:?}");
    }
}
