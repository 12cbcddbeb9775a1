//! A source file as the rules see it: without comments, literals and tests, and with every path of this crate that it names.

use std::collections::BTreeSet;
use std::path::Path;

/// A file of the sources.
pub struct Source {
    /// Its path below the folder that was read, such as `http/otp.rs`.
    pub name: String,
    /// Its text without its tests.
    pub code: String,
    /// That without comments and literals.
    bare: String,
}

/// Every Rust file below `folder`.
pub fn read_all(folder: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push(Source::parse(path.strip_prefix(folder).unwrap(), &text));
            }
        }
    }
    found
}

impl Source {
    /// Reads a file's text.
    pub fn parse(name: &Path, text: &str) -> Self {
        let code = match text.find("#[cfg(test)]\nmod tests") {
            Some(tests) => &text[..tests],
            None => text,
        };
        Self {
            name: name.to_str().unwrap().to_owned(),
            code: code.to_owned(),
            bare: bare(code),
        }
    }

    /// The layer it stands in: `http` for `http.rs` and everything in `http/`.
    pub fn layer(&self) -> &str {
        let first = self.name.split('/').next().unwrap_or_default();
        first.trim_end_matches(".rs")
    }

    /// Its path as a module, such as `http::otp`; that of the crate itself is empty.
    pub fn module(&self) -> String {
        match self.name.trim_end_matches(".rs") {
            "lib" => String::new(),
            path => path.replace('/', "::"),
        }
    }

    /// Every path of this crate that it names, without `crate::`, whichever way it is written.
    pub fn uses(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (at, _) in self.bare.match_indices("crate::") {
            if is_whole_word(&self.bare, at, "crate") {
                collect("", &self.bare[at + "crate::".len()..], &mut found);
            }
        }
        for (at, _) in self.bare.match_indices("super::") {
            if is_whole_word(&self.bare, at, "super") && !self.bare[..at].ends_with("super::") {
                self.collect_relative(&self.bare[at..], &mut found);
            }
        }
        found
    }

    /// `super::super::…`, from where it climbs to.
    fn collect_relative(&self, mut rest: &str, found: &mut BTreeSet<String>) {
        let module = self.module();
        let mut above = module.as_str();
        while let Some(after) = rest.strip_prefix("super::") {
            above = above.rsplit_once("::").map_or("", |(above, _)| above);
            rest = after;
        }
        let prefix = if above.is_empty() {
            String::new()
        } else {
            format!("{above}::")
        };
        collect(&prefix, rest, found);
    }

    /// Whether the path `name` occurs as a word of its own.
    pub fn names(&self, name: &str) -> bool {
        self.bare.match_indices(name).any(|(at, _)| {
            is_whole_word(&self.bare, at, name) && {
                let (before, after) = (&self.bare[..at], &self.bare[at + name.len()..]);
                // A library is named at the head of a path; a function at its end.
                name.contains("::")
                    || (after.starts_with("::") && !before.ends_with("::"))
                    || (before.ends_with("use ") && after.starts_with(';'))
            }
        })
    }
}

/// Adds the paths that `text` begins with, those in braces one by one.
fn collect(prefix: &str, text: &str, found: &mut BTreeSet<String>) {
    let end = text
        .find(|char: char| !is_word(char) && char != ':')
        .unwrap_or(text.len());
    let (path, rest) = text.split_at(end);
    let path = format!("{prefix}{path}");
    let group = (path.is_empty() || path.ends_with("::")) && rest.starts_with('{');
    if !group {
        found.insert(path.trim_end_matches(':').to_owned());
        return;
    }
    let (mut depth, mut begin) = (0_usize, 1);
    for (at, char) in rest.char_indices() {
        depth = match char {
            '{' => depth + 1,
            '}' => depth - 1,
            _ => depth,
        };
        if (char == ',' && depth == 1) || depth == 0 {
            let part = rest[begin..at].trim();
            if !part.is_empty() {
                collect(&path, part, found);
            }
            begin = at + 1;
        }
        if depth == 0 {
            return;
        }
    }
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

fn is_whole_word(text: &str, at: usize, word: &str) -> bool {
    !text[..at].ends_with(is_word) && !text[at + word.len()..].starts_with(is_word)
}

/// The text without line comments and what stands in double quotes.
fn bare(code: &str) -> String {
    let mut bare = String::with_capacity(code.len());
    let mut chars = code.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '/' if chars.peek() == Some(&'/') => while chars.next_if(|next| *next != '\n').is_some() {},
            // A quote as a character is no string.
            '\'' if chars.peek() == Some(&'"') => bare.push('\''),
            '"' if !bare.ends_with('\'') => {
                while let Some(inner) = chars.next() {
                    match inner {
                        '\\' => drop(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
                bare.push_str("\"\"");
            }
            other => bare.push(other),
        }
    }
    bare
}

#[test]
fn every_way_to_write_a_path_is_read() {
    let text = "
        //! crate::not::this
        use crate::one;
        use crate::{two::{self, Three}, four::Five as Six, };
        pub(in crate::seven) fn f() { crate::eight::nine(\"crate::ten\", '\"', crate::eleven::TWELVE) }
        use my_crate::thirteen; use super::super::fourteen::Fifteen; use super::sixteen;
    ";
    let source = Source::parse(Path::new("http/otp.rs"), text);
    let uses: Vec<String> = source.uses().into_iter().collect();
    assert_eq!(
        uses,
        [
            "eight::nine",
            "eleven::TWELVE",
            "four::Five",
            "fourteen::Fifteen",
            "http::sixteen",
            "one",
            "seven",
            "two::Three",
            "two::self"
        ]
    );
    assert!(source.names("my_crate"));
    assert!(!source.names("thirteen"));
    assert_eq!(source.layer(), "http");
}
