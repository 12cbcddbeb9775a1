//! What becomes of settings: of what an administrator gives, with secrets that are new or stay, settings; of settings the record that is
//! kept, with sealed secrets, and the view that is read back, with hints.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Deserialize as Readable, Serialize};

use crate::domain::id::EnvironmentId;
use crate::domain::keyring::{Generation, GenerationId, KeyRing, OpenError, sealed_under};
use crate::domain::random::Random;
use crate::domain::secret::Secret;
use crate::domain::settings::{
    API_KEY_SECRET, EmailSettings, SMTP_PASSWORD, Secrets, SmsSettings, SmtpAccount, Tell, TwilioAccount,
};

/// A secret that an administrator gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum GivenSecret {
    /// Left out, or sent back as it was read: what is stored stays.
    #[default]
    Kept,
    /// A new one.
    New(Secret),
    /// `null`: what is stored goes.
    Dropped,
}

impl utoipa::PartialSchema for GivenSecret {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::OneOfBuilder::new()
            .description(Some(
                "The secret, write-only. What was read back, or leaving it out, keeps the one that is stored; `null` drops it.",
            ))
            .item(utoipa::schema!(String))
            .item(SecretHint::schema())
            .into()
    }
}

impl utoipa::ToSchema for GivenSecret {
    fn name() -> std::borrow::Cow<'static, str> {
        "SecretInput".into()
    }
}

impl<'de> Deserialize<'de> for GivenSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;

        impl<'de> Visitor<'de> for Form {
            type Value = GivenSecret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, null, or what was read back")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<GivenSecret, E> {
                if text.trim().is_empty() {
                    return Err(E::custom("must not be empty"));
                }
                Ok(GivenSecret::New(Secret::new(text)))
            }

            fn visit_unit<E>(self) -> Result<GivenSecret, E> {
                Ok(GivenSecret::Dropped)
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<GivenSecret, A::Error> {
                let fields = serde::de::value::MapAccessDeserializer::new(fields);
                Hint::deserialize(fields).map(|_| GivenSecret::Kept)
            }
        }

        deserializer.deserialize_any(Form)
    }
}

/// A secret as it is read back; `null` where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SecretHint(Option<Hint>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Readable)]
#[serde(deny_unknown_fields)]
struct Hint {
    set: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl utoipa::PartialSchema for SecretHint {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
        let hint = "Its last four characters, where it has at least 16 and is no password.";
        let member = |of: Type, text| ObjectBuilder::new().schema_type(of).description(Some(text));
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
            .description(Some("A secret as it is read back; `null` where there is none."))
            .property("set", member(Type::Boolean, "Whether there is one."))
            .required("set")
            .property("hint", member(Type::String, hint))
            .into()
    }
}

impl utoipa::ToSchema for SecretHint {}

impl Hint {
    /// Its last four characters, where it has at least 16 and is no password.
    fn of(place: &str, secret: &Secret) -> Self {
        let characters: Vec<char> = secret.expose().chars().collect();
        let is_shown = place != SMTP_PASSWORD && characters.len() >= 16;
        let hint = is_shown.then(|| format!("…{}", String::from_iter(&characters[characters.len() - 4..])));
        Self { set: true, hint }
    }
}

/// A secret as it is stored: XChaCha20-Poly1305 in base64, bound to its environment and place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Readable)]
pub struct SealedSecret(String);

impl SealedSecret {
    /// The generation of keys that it is sealed under.
    pub fn generation(&self) -> Result<GenerationId, OpenError> {
        let bytes = BASE64.decode(&self.0).map_err(|_| OpenError::Form)?;
        sealed_under(&bytes)
    }
}

fn context(environment: EnvironmentId, place: &str) -> Vec<u8> {
    [environment.0.as_bytes(), place.as_bytes()].concat()
}

/// The secrets that there are, by their JSON pointers.
pub fn secrets<S, D: Secrets<Option<S>>>(settings: D) -> BTreeMap<&'static str, S> {
    let mut found = BTreeMap::new();
    settings.map_secrets(|place, secret| found.extend(secret.map(|secret| (place, secret))));
    found
}

/// The form for the database, sealed under `keys`.
pub fn seal<D: Secrets<Option<Secret>>>(
    settings: D,
    keys: &Generation,
    environment: EnvironmentId,
    random: &dyn Random,
) -> D::With<Option<SealedSecret>> {
    settings.map_secrets(|place, secret| {
        let secret = secret?;
        let sealed = keys.seal(random, &context(environment, place), secret.expose().as_bytes());
        Some(SealedSecret(BASE64.encode(sealed)))
    })
}

/// Opens what was stored; `None` when a secret was sealed for another environment or place, or under keys that are not among
/// `keys`.
pub fn open<D: Secrets<Option<SealedSecret>>>(
    stored: D,
    keys: &KeyRing,
    environment: EnvironmentId,
) -> Option<D::With<Option<Secret>>> {
    let plain = |place, sealed: SealedSecret| {
        let bytes = BASE64.decode(sealed.0).ok()?;
        let plain = keys.open(&context(environment, place), &bytes).ok()?;
        String::from_utf8(plain.to_vec()).ok().map(Secret::new)
    };
    let mut can_be_read = true;
    let settings = stored.map_secrets(|place, sealed| {
        let secret = plain(place, sealed?);
        can_be_read &= secret.is_some();
        secret
    });
    can_be_read.then_some(settings)
}

/// The form that is read back.
pub fn hint<D: Secrets<Option<Secret>>>(settings: D) -> D::With<SecretHint> {
    settings.map_secrets(|place, secret| SecretHint(secret.map(|secret| Hint::of(place, &secret))))
}

/// The SMS settings that are given, with the stored secrets where they may stay.
pub fn resolve_sms(given: SmsSettings<GivenSecret>, stored: &SmsSettings, tell: Tell<'_>) -> SmsSettings {
    let account = given.twilio.as_ref();
    let before = stored.twilio.as_ref();
    let has_moved = before
        .zip(account)
        .is_some_and(|(before, account)| before.account_sid != account.account_sid);
    let has_key = account.is_some_and(|account| account.api_key_sid.is_some());
    let mut held = secrets(stored.clone());
    let mut settings = given.map_secrets(|place, given| {
        // Without its SID a key's secret has no use, so a removed key takes its secret with it.
        if place == API_KEY_SECRET && !has_key {
            return None;
        }
        resolve(given, held.remove(place), has_moved, |detail| tell(place, detail))
    });
    settings.twilio = settings.twilio.map(TwilioAccount::without_what_is_unused);
    settings.check(tell);
    settings
}

/// The email settings that are given, with the stored password where it may stay.
pub fn resolve_email(
    given: EmailSettings<GivenSecret>,
    stored: &EmailSettings,
    allow_plaintext: bool,
    tell: Tell<'_>,
) -> EmailSettings {
    let account = given.custom_sender.as_ref();
    let before = stored.custom_sender.as_ref();
    let has_moved = before
        .zip(account)
        .is_some_and(|(before, account)| !is_same_login(before, account));
    let has_user = account.is_some_and(|account| account.username.is_some());
    let mut held = secrets(stored.clone());
    let settings = given.map_secrets(|place, given| {
        // A sender without a user needs no password; one that is given all the same is told so.
        if !has_user && !matches!(given, GivenSecret::New(_)) {
            return None;
        }
        resolve(given, held.remove(place), has_moved, |detail| tell(place, detail))
    });
    settings.check(allow_plaintext, tell);
    settings
}

/// Whether a password goes where it went before.
fn is_same_login<A, B>(one: &SmtpAccount<A>, other: &SmtpAccount<B>) -> bool {
    (&one.server, one.port, &one.username) == (&other.server, other.port, &other.username)
}

/// The new secret, or the stored one where it may stay. One that would now go somewhere else is needed anew. Whether it may be missing is
/// for the rules of the whole.
fn resolve(
    given: GivenSecret,
    stored: Option<Secret>,
    has_moved: bool,
    refuse: impl FnOnce(&str),
) -> Option<Secret> {
    match given {
        GivenSecret::New(secret) => Some(secret),
        GivenSecret::Dropped => None,
        GivenSecret::Kept if has_moved && stored.is_some() => {
            refuse(
                "is needed again, because where it goes to has changed; nothing stored is sent to a new place",
            );
            None
        }
        GivenSecret::Kept => stored,
    }
}

/// Whether settings hold to their rules.
pub fn is_sound(check: impl FnOnce(Tell<'_>)) -> bool {
    let mut is_sound = true;
    check(&mut |_, _| is_sound = false);
    is_sound
}
