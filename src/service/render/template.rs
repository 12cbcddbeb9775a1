//! The two parts of an email as templates: plain text, and HTML in which everything is escaped.

use std::sync::LazyLock;

use minijinja::value::Serde;
use minijinja::{Environment, Error, HtmlEscape, UndefinedBehavior, Value};
use serde::Serialize;

/// The name decides the escaping: `.html` is escaped as HTML, `.txt` not at all.
const TEXT: &str = "email.txt.j2";
const HTML: &str = "email.html.j2";

/// The longest line of the text part in characters, words longer than that excepted. RFC 5322 (2.1.1) wants at most 78, and
/// each reply that quotes the email takes some.
const WIDTH: usize = 72;

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.add_filter("lines", html_lines);
    for (name, source) in [
        (TEXT, include_str!("../../../config/templates/email.txt.j2")),
        (HTML, include_str!("../../../config/templates/email.html.j2")),
    ] {
        templates
            .add_template(name, source)
            .expect("the templates are part of the binary, and every test of an email reads them");
    }
    templates
});

/// What the templates are filled with. Not escaped for anything.
#[derive(Serialize)]
pub(super) struct Page<'a> {
    /// The BCP 47 tag of the language.
    pub lang: &'a str,
    /// `ltr` or `rtl`.
    pub dir: &'a str,
    /// The business, inert.
    pub business_name: &'a str,
    /// What mail programs show beside the subject; hidden in the page.
    pub preview: &'a str,
    /// What stands above the code. Here and in the expiry and the small print a line break separates lines, two of them
    /// paragraphs.
    pub body: &'a str,
    /// The digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'a str>,
    /// How long they work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry: Option<&'a str>,
    /// When what is told of was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<&'a str>,
    /// The button, in plain text a bare link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action<'a>>,
    /// The small print.
    pub disclaimer: &'a str,
}

/// A button.
#[derive(Serialize)]
pub(super) struct Action<'a> {
    /// The words on it.
    pub label: &'a str,
    /// Where it leads.
    pub url: &'a str,
}

/// The plain text and the HTML. A template has a place for each member that a page leaves out.
pub(super) fn fill(page: &Page<'_>) -> Result<(String, String), Error> {
    let values = Value::from(Serde(page));
    let text = TEMPLATES.get_template(TEXT)?.render(values.clone())?;
    let mut html = TEMPLATES.get_template(HTML)?.render(values)?;
    html.push('\n');
    // What begins with the code has nothing above it.
    Ok((wrap(&text).trim_start_matches('\n').to_owned(), html))
}

/// The filter `lines`: escaped, with its line breaks as HTML has them.
fn html_lines(text: &str) -> Value {
    let escaped = HtmlEscape(text).to_string();
    Value::from_safe_string(escaped.replace('\n', "<br>\n"))
}

/// Breaks every line at spaces. The result has no space at a line's end or start, and ends in a line break.
fn wrap(text: &str) -> String {
    let mut wrapped = String::with_capacity(text.len() + text.len() / WIDTH + 1);
    for line in text.lines() {
        let mut used = 0;
        for word in line.split(' ').filter(|word| !word.is_empty()) {
            let length = word.chars().count();
            if used > 0 && used + 1 + length > WIDTH {
                wrapped.push('\n');
                used = 0;
            } else if used > 0 {
                wrapped.push(' ');
                used += 1;
            }
            wrapped.push_str(word);
            used += length;
        }
        wrapped.push('\n');
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_breaks_at_spaces_and_a_long_word_stands_alone() {
        let line = "abcdefg ".repeat(20);
        let wrapped = wrap(&line);
        assert!(
            wrapped
                .lines()
                .all(|line| line.len() <= WIDTH && line == line.trim()),
            "{wrapped}"
        );
        assert_eq!(wrapped.lines().next().map(str::len), Some(71));
        let long = "x".repeat(100);
        assert_eq!(wrap(&format!("a {long}  b ")), format!("a\n{long}\nb\n"));
    }

    #[test]
    fn empty_lines_stay_and_the_last_line_ends() {
        assert_eq!(wrap("a\n\n123456\n\nb"), "a\n\n123456\n\nb\n");
        let exact = "x".repeat(WIDTH);
        assert_eq!(wrap(&exact), format!("{exact}\n"));
    }
}
