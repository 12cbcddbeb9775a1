//! Writes a file that [`super::parse`] reads as the same document.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::document::within_section;

const PREAMBLE: &str = "\
# Written by `otpost export`; `otpost apply` with this file on the same database changes nothing.
# Secrets are not written. { keep = true } keeps the one that is stored; for another database say where each of them stands:
# { env = \"NAME\" } for an environment variable, { file = \"PATH\" } for a file. API keys are no part of this file.
";

/// The text of a document. What is `null` is left out.
#[must_use]
pub fn print(document: &Value) -> String {
    let mut text = PREAMBLE.to_owned();
    if let Some(table) = document.as_object() {
        print_table(&mut text, "", table);
    }
    text
}

fn print_table(text: &mut String, path: &str, table: &Map<String, Value>) {
    let is_table = |value: &Value| value.as_object().is_some_and(|table| !is_inline(table));
    let (tables, values): (Vec<_>, Vec<_>) = table
        .iter()
        .filter(|(_, value)| !value.is_null())
        .partition(|(_, value)| is_table(value));
    // A table of tables alone follows from their headers.
    let is_said = !values.is_empty() || tables.is_empty();
    if !path.is_empty() && is_said {
        let _ = writeln!(text, "\n[{path}]");
    }
    for (name, value) in values {
        let _ = writeln!(text, "{} = {}", within_section("", name), inline(value));
    }
    for (name, value) in tables {
        if let Some(table) = value.as_object() {
            print_table(text, &within_section(path, name), table);
        }
    }
}

/// A secret, `{ keep = … }`.
fn is_inline(table: &Map<String, Value>) -> bool {
    table.len() == 1 && table.get("keep").is_some_and(Value::is_boolean)
}

fn inline(value: &Value) -> String {
    // Within a value there is nothing that is `null`, and so nothing that TOML cannot say.
    toml::Value::try_from(value).map_or(String::new(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_printed_is_read_back() {
        let document = json!({ "environments": {
            "default": {
                "name": "quotes \" and ' and \\ and \u{e9}\u{1F600}",
                "sms": { "list": ["au", "nz"], "twilio": { "auth_token": { "keep": true } } },
                "email": {},
                "otp": { "digits": 6, "on": false, "waits": [30, 60] },
                "content": { "pt-BR": { "sign_in": { "body": "Olá,\n\n{{ code }}\n\"\"\" '''\ttab\n" } } },
                "applications": { "Web \"shop\".": { "autofill_domain": "" }, "": { "a": 1 } },
            },
        } });
        let text = print(&document);
        let file = super::super::parse(Path::new("exported.toml"), &text);
        assert_eq!(
            *file
                .unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
                .document(),
            crate::document::Value::of(&document),
            "{text}"
        );
    }

    #[test]
    fn what_is_null_is_left_out_and_an_empty_section_is_said() {
        let document =
            json!({ "environments": { "a": { "email": { "custom_sender": null }, "name": null } } });
        let text = print(&document);
        assert!(text.ends_with("\n[environments.a.email]\n"), "{text}");
    }
}
