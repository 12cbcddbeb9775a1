//! From what the manifest says and the environments as they are to the environments as they are to be. Every mistake is found, also
//! behind another one.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Display;

use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::secret::ManifestSecret;
use super::{Held, Manifests};
use crate::document::{self, Mistake, Value, child};
use crate::domain::business::{AutofillDomain, BusinessName, BusinessUrl};
use crate::domain::content::EmailContent;
use crate::domain::country::Country;
use crate::domain::environment::{
    Application, ApplicationFields, Connection, Environment, EnvironmentCode, EnvironmentFields, Name,
};
use crate::domain::id::{ConnectionId, EnvironmentId};
use crate::domain::locale::LanguageTag;
use crate::domain::parsed;
use crate::domain::policy::OtpPolicy;
use crate::domain::secret::Secret;
use crate::domain::settings::{EmailSettings, MfaSettings, Secrets, SmsSettings, Tell};
use crate::domain::verification::Strategy;
use crate::service::directory::{Contents, EnvironmentSnapshot};
use crate::service::settings::{GivenSecret, resolve_email, resolve_sms, secrets};

const NO_CUSTOM_SENDER: &str =
    "needs email.custom_sender: only emails through a server of one's own have texts of one's own";
const NOTHING_KEPT: &str =
    "is to be kept, but none is stored; say where it stands: { env = \"NAME\" } or { file = \"PATH\" }";
const NAME_TWICE: &str = "is the name of more than one application; give them names of their own first";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    #[serde(default)]
    environments: BTreeMap<EnvironmentCode, EnvironmentTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvironmentTable {
    name: Name,
    business_name: BusinessName,
    business_url: BusinessUrl,
    #[serde(default, deserialize_with = "country_or_none")]
    default_country: Option<Country>,
    #[serde(default = "LanguageTag::english")]
    default_locale: LanguageTag,
    sms: Option<SmsSettings<ManifestSecret>>,
    email: Option<EmailSettings<ManifestSecret>>,
    content: Option<EmailContent>,
    mfa: Option<MfaSettings>,
    otp: Option<OtpPolicy>,
    #[serde(default)]
    applications: BTreeMap<TableName, ApplicationTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplicationTable {
    #[serde(default, deserialize_with = "domain_or_none")]
    autofill_domain: Option<AutofillDomain>,
    connections: Option<Vec<Strategy>>,
}

/// A name in the exact spelling in which it is kept.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct TableName(Name);

impl<'de> Deserialize<'de> for TableName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed::read(deserializer, "example", |text: String| {
            match Name::parse(&text)? {
                name if name.as_str() == text => Ok(Self(name)),
                _ => Err("must not begin or end with a space"),
            }
        })
    }
}

fn country_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Country>, D::Error> {
    empty_is_none(deserializer, Country::parse)
}

fn domain_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<AutofillDomain>, D::Error> {
    empty_is_none(deserializer, AutofillDomain::parse)
}

/// The format has no null: text that is empty is no value where there may be none.
fn empty_is_none<'de, T, E: Display, D: Deserializer<'de>>(
    deserializer: D,
    parse: fn(&str) -> Result<T, E>,
) -> Result<Option<T>, D::Error> {
    parsed::read(deserializer, "", |text: Option<String>| match text.as_deref() {
        None | Some("") => Ok(None),
        Some(text) => parse(text).map(Some),
    })
}

/// The environments that the manifest mentions, as they are to be.
///
/// # Errors
/// Everything that is wrong.
pub(super) fn resolve(
    with: &Manifests<'_>,
    document: &Value,
    held: &Held<'_>,
) -> Result<Vec<EnvironmentSnapshot>, Vec<Mistake>> {
    let draft = document::read::<Manifest>(&with_what_stays(document, held));
    let is_good = Cell::new(draft.is_good());
    let environments = draft.check(|manifest, tell| {
        let mut tell = |pointer: &str, detail: &str| {
            is_good.set(false);
            tell(pointer, detail);
        };
        let tables = manifest.environments.into_iter();
        let resolved = tables.map(|(code, table)| {
            let pointer = child("/environments", code.as_str());
            let held = held.get(code.as_str()).copied();
            let mut resolving = Resolving {
                with,
                tell: &mut tell,
                is_good: &is_good,
            };
            resolving.environment(&pointer, code, table, held)
        });
        resolved.collect()
    });
    environments.finish()
}

/// The document with the fields that it leaves out of what it mentions and that there is.
fn with_what_stays(document: &Value, held: &Held<'_>) -> Value {
    let mentioned = document.field("environments").into_iter().flat_map(Value::fields);
    let stays = mentioned.filter_map(|(code, table)| {
        let environment = held.get(code)?;
        let applications = table.field("applications").into_iter().flat_map(Value::fields);
        let applications = applications.filter_map(|(name, _)| {
            let application = named(environment, name).next()?;
            let stays = json!({ "autofill_domain": application.fields.autofill_domain });
            Some((name.clone(), stays))
        });
        let mut fields = json!(environment.environment.fields);
        if let Some(fields) = fields.as_object_mut() {
            // The code is the table's own name.
            fields.remove("code");
            fields.insert("applications".to_owned(), applications.collect());
        }
        Some((code.clone(), fields))
    });
    let environments: serde_json::Value = stays.collect();
    Value::of(&json!({ "environments": environments })).merged(document)
}

fn named<'a>(contents: &'a Contents, name: &'a str) -> impl Iterator<Item = &'a Application> {
    let all = contents.applications.values().map(|held| &*held.row);
    all.filter(move |held| held.fields.name.as_str() == name)
}

struct Resolving<'a> {
    with: &'a Manifests<'a>,
    tell: Tell<'a>,
    is_good: &'a Cell<bool>,
}

impl Resolving<'_> {
    fn environment(
        &mut self,
        pointer: &str,
        code: EnvironmentCode,
        table: EnvironmentTable,
        held: Option<&EnvironmentSnapshot>,
    ) -> EnvironmentSnapshot {
        let fields = EnvironmentFields {
            code,
            name: table.name,
            business_name: table.business_name,
            business_url: table.business_url,
            default_country: table.default_country,
            default_locale: table.default_locale,
        };
        let mut after = match held {
            Some(held) => {
                let environment = held.environment.clone();
                EnvironmentSnapshot::new(
                    Environment {
                        fields,
                        ..environment
                    },
                    held.contents.clone(),
                )
            }
            None => EnvironmentSnapshot::made(self.with.random, self.with.at, fields),
        };
        let (id, contents) = (after.id(), &mut after.contents);
        if let Some(given) = table.sms {
            let pointer = format!("{pointer}/sms");
            let stored = &contents.sms.row;
            let given = self.secrets(&pointer, given, stored);
            contents.sms.row = resolve_sms(given, stored, &mut self.below(&pointer));
        }
        if let Some(given) = table.email {
            let pointer = format!("{pointer}/email");
            let (stored, allow_plaintext) = (&contents.email.row, self.with.allow_plaintext_smtp);
            let given = self.secrets(&pointer, given, stored);
            contents.email.row = resolve_email(given, stored, allow_plaintext, &mut self.below(&pointer));
        }
        self.content(&format!("{pointer}/content"), table.content, contents);
        contents.mfa.row = table.mfa.unwrap_or(contents.mfa.row);
        if let Some(otp) = table.otp {
            contents.otp.row = otp;
        }
        for (TableName(name), table) in table.applications {
            let pointer = child(&format!("{pointer}/applications"), name.as_str());
            self.application(&pointer, id, name, table, contents);
        }
        after
    }

    /// Takes mistakes by their pointers below `pointer`.
    fn below<'b>(&'b mut self, pointer: &'b str) -> impl FnMut(&str, &str) + 'b {
        move |place, detail| (self.tell)(&format!("{pointer}{place}"), detail)
    }

    /// The settings at `pointer` with the secrets themselves.
    fn secrets<D: Secrets<ManifestSecret>>(
        &mut self,
        pointer: &str,
        given: D,
        stored: &(impl Secrets<Option<Secret>> + Clone),
    ) -> D::With<GivenSecret> {
        let held = secrets(stored.clone());
        given.map_secrets(|place, secret| {
            self.secret(&format!("{pointer}{place}"), secret, held.contains_key(place))
        })
    }

    /// The secret itself, or the word to keep or drop the stored one.
    fn secret(&mut self, pointer: &str, secret: ManifestSecret, is_stored: bool) -> GivenSecret {
        match secret {
            ManifestSecret::Reference(reference) => match (self.with.read_secret)(&reference) {
                Ok(secret) => return GivenSecret::New(secret),
                Err(problem) => (self.tell)(pointer, &problem),
            },
            ManifestSecret::Keep if !is_stored => (self.tell)(pointer, NOTHING_KEPT),
            ManifestSecret::LeftOut | ManifestSecret::Keep => {}
            ManifestSecret::Drop => return GivenSecret::Dropped,
        }
        GivenSecret::Kept
    }

    fn content(&mut self, pointer: &str, given: Option<EmailContent>, contents: &mut Contents) {
        let has_sender = contents.email.row.custom_sender.is_some();
        // A sender with mistakes may be meant to be there.
        if !has_sender && given.is_some() && self.is_good.get() {
            (self.tell)(pointer, NO_CUSTOM_SENDER);
        }
        if !has_sender {
            contents.content.row = EmailContent::default();
        } else if let Some(content) = given {
            contents.content.row = content;
        }
    }

    fn application(
        &mut self,
        pointer: &str,
        environment: EnvironmentId,
        name: Name,
        table: ApplicationTable,
        contents: &mut Contents,
    ) {
        let mut held = named(contents, name.as_str());
        let application = held.next().cloned();
        if held.next().is_some() {
            (self.tell)(pointer, NAME_TWICE);
        }
        drop(held);
        let fields = ApplicationFields {
            name,
            autofill_domain: table.autofill_domain,
        };
        let mut application = match application {
            Some(application) => Application {
                fields,
                ..application
            },
            None => Application::new(self.with.random, self.with.at, environment, fields),
        };
        if let Some(strategies) = table.connections {
            application.connections = connections(&strategies, &contents.connections);
        }
        contents.put_application(0, application);
    }
}

/// The connections with these strategies, in their order, each once.
fn connections(strategies: &[Strategy], all: &[Connection]) -> Vec<ConnectionId> {
    let mut on = Vec::new();
    for strategy in strategies {
        let found = all.iter().find(|held| held.strategy == *strategy);
        on.extend(found.map(|found| found.id).filter(|id| !on.contains(id)));
    }
    on
}
