//! What is another one in each run, and what stands for it in an example: ids, times, keys and the month.

use std::collections::BTreeMap;
use std::time::Duration;

use otpost::domain::time::{Clock, Timestamp};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;

/// When the examples begin.
const BEGINNING: OffsetDateTime = datetime!(2026-11-22 09:00 UTC);

/// An API key that never existed: its checksum is wrong.
const KEY: &str = "0Example0of0a0key0with0a0wrong0sum00";

/// Both ways between a run and the examples.
pub struct Names {
    began: Timestamp,
    /// Ids of this run, and those that stand for them.
    ids: BTreeMap<String, String>,
}

impl Names {
    pub fn beginning_at(clock: &dyn Clock) -> Self {
        Self {
            began: clock.now(),
            ids: BTreeMap::new(),
        }
    }

    /// What stands for an id: the first of a kind is the one that request examples have.
    pub fn of_id(&mut self, id: &str) -> String {
        if let Some(known) = self.ids.get(id) {
            return known.clone();
        }
        let (kind, _) = id.split_once('_').unwrap();
        let before = self.ids.values().filter(|known| known.starts_with(kind)).count();
        let name = format!("{kind}_0191c6f2a1b37c0e9d1b5d2c8f3e4a{:02x}", 0x5b + before);
        self.ids.insert(id.to_owned(), name.clone());
        name
    }

    /// A request's example with the ids of this run.
    pub fn real(&self, example: &Value) -> Value {
        replaced(example, &mut |_, text| {
            let real = self.ids.iter().find(|(_, name)| *name == text);
            assert!(real.is_some() || !is_id(text), "{text} stands for nothing");
            real.map_or_else(|| text.to_owned(), |(id, _)| id.clone())
        })
    }

    /// An answer of this run in the words of examples.
    pub fn on_paper(&mut self, answer: &Value) -> Value {
        replaced(answer, &mut |field, text| match field {
            "month" => "2026-11".to_owned(),
            "resets_at" => "2026-12-01T00:00:00Z".to_owned(),
            "prefix" => text[..10].to_owned() + &KEY[..4],
            "last_four" => KEY[KEY.len() - 4..].to_owned(),
            "key" => text[..10].to_owned() + KEY,
            _ if is_id(text) => self.of_id(text),
            _ if text.starts_with("SM") && text.len() == 34 => {
                "SM0123456789abcdef0123456789abcdef".to_owned()
            }
            _ => match OffsetDateTime::parse(text, &Rfc3339) {
                Ok(moment) => self.moment(moment),
                Err(_) => text.to_owned(),
            },
        })
    }

    /// A time as far from the examples' beginning as from this run's.
    fn moment(&self, moment: OffsetDateTime) -> String {
        let since: Duration = self.began.until(Timestamp::new(moment));
        (Timestamp::new(BEGINNING) + since).to_string()
    }
}

/// An id in our form: a prefix and 32 hexadecimal digits.
fn is_id(text: &str) -> bool {
    text.split_once('_').is_some_and(|(kind, digits)| {
        kind.chars().all(|char| char.is_ascii_lowercase())
            && digits.len() == 32
            && digits.chars().all(|char| char.is_ascii_hexdigit())
    })
}

/// The value with every text replaced, which is given with the name of its field.
fn replaced(value: &Value, replace: &mut dyn FnMut(&str, &str) -> String) -> Value {
    fn inner(field: &str, value: &Value, replace: &mut dyn FnMut(&str, &str) -> String) -> Value {
        match value {
            Value::String(text) => replace(field, text).into(),
            Value::Array(items) => items.iter().map(|item| inner(field, item, replace)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, member)| (name.clone(), inner(name, member, replace)))
                .collect(),
            other => other.clone(),
        }
    }
    inner("", value, replace)
}
