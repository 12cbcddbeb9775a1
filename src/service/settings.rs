//! Settings as documents: the same JSON shape for an administrator who writes it, for one who reads it back, and for
//! the database. Only the form of a secret differs: given, hinted at, or sealed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::field::FieldError;
use crate::domain::id::EnvironmentId;
use crate::domain::keyring::{Generation, GenerationId, KeyRing, OpenError, sealed_under};
use crate::domain::random::Random;
use crate::domain::secret::Secret;

pub mod content;
pub mod email;
pub mod sms;

/// A secret in an administrator's document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenSecret {
    /// A new one.
    New(Secret),
    /// What was read back: `{"set": …}`. Keeps what is stored.
    ReadBack,
    /// `null`: what is stored goes.
    Dropped,
}

/// What `null` means where a secret may stand: nothing, or the wish to drop the one that is stored.
pub trait FromNull: Sized {
    /// The secret that `null` stands for.
    #[must_use]
    fn from_null() -> Option<Self> {
        None
    }
}

impl FromNull for GivenSecret {
    fn from_null() -> Option<Self> {
        Some(Self::Dropped)
    }
}

impl FromNull for SealedSecret {}

/// Reads a secret, or what `null` stands for.
fn secret_or_null<'de, D: Deserializer<'de>, S: FromNull + Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<S>, D::Error> {
    Ok(Option::deserialize(deserializer)?.or_else(S::from_null))
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
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "read for its form alone; what it says does not matter")]
        struct Hint {
            set: bool,
            #[serde(default)]
            hint: Option<String>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(Secret),
            #[expect(dead_code, reason = "read for its form alone")]
            Hint(Hint),
        }
        // The error of an untagged enum names no value, so a malformed secret is not repeated.
        Form::deserialize(deserializer).map(|form| match form {
            Form::Text(secret) => Self::New(secret),
            Form::Hint(_) => Self::ReadBack,
        })
    }
}

/// A secret as it is read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecretHint {
    /// Whether there is one.
    pub set: bool,
    /// Its last four characters, where it has at least 16 and is no password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
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

impl SecretHint {
    /// For tokens and keys that machines made.
    #[must_use]
    pub fn of_token(secret: &Secret) -> Self {
        let characters: Vec<char> = secret.expose().chars().collect();
        let hint = (characters.len() >= 16).then(|| {
            format!(
                "…{}",
                characters[characters.len() - 4..].iter().collect::<String>()
            )
        });
        Self { set: true, hint }
    }

    /// For passwords, of which nothing is shown.
    #[must_use]
    pub fn of_password() -> Self {
        Self {
            set: true,
            hint: None,
        }
    }
}

/// A secret as it is stored: XChaCha20-Poly1305 in base64, bound to its environment and field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret(String);

impl SealedSecret {
    /// The generation of keys that it is sealed under.
    pub fn generation(&self) -> Result<GenerationId, OpenError> {
        let bytes = BASE64.decode(&self.0).map_err(|_| OpenError::Form)?;
        sealed_under(&bytes)
    }
}

/// Seals the secrets of one environment.
#[derive(Clone, Copy)]
pub struct Sealer<'a> {
    /// The keys in use.
    pub keys: &'a Generation,
    /// Whose secrets.
    pub environment: EnvironmentId,
}

impl Sealer<'_> {
    /// Seals the secret of `field`.
    pub fn seal(&self, random: &dyn Random, field: &str, secret: &Secret) -> SealedSecret {
        let context = context(self.environment, field);
        let sealed = self.keys.seal(random, &context, secret.expose().as_bytes());
        SealedSecret(BASE64.encode(sealed))
    }

    /// Whether a secret is sealed under these keys.
    #[must_use]
    pub fn is_current(&self, sealed: &SealedSecret) -> bool {
        sealed.generation() == Ok(self.keys.id)
    }
}

/// Opens the secrets of one environment.
#[derive(Clone, Copy)]
pub struct Opener<'a> {
    /// All keys.
    pub keys: &'a KeyRing,
    /// Whose secrets.
    pub environment: EnvironmentId,
}

impl Opener<'_> {
    /// Opens the secret of `field`; `None` when it was sealed for another field or under unknown keys.
    #[must_use]
    pub fn open(&self, field: &str, sealed: &SealedSecret) -> Option<Secret> {
        let bytes = BASE64.decode(&sealed.0).ok()?;
        let plain = self.keys.open(&context(self.environment, field), &bytes).ok()?;
        String::from_utf8(plain.to_vec()).ok().map(Secret::new)
    }
}

fn context(environment: EnvironmentId, field: &str) -> Vec<u8> {
    [environment.0.as_bytes(), field.as_bytes()].concat()
}

/// Decides which secret a document ends up with: the new one, or the stored one where it may stay.
/// `moved` says that the secret would now go somewhere else; then it is needed anew.
fn resolve_secret(
    given: Option<GivenSecret>,
    stored: Option<&Secret>,
    moved: bool,
    pointer: &str,
    errors: &mut Vec<FieldError>,
) -> Option<Secret> {
    match given {
        Some(GivenSecret::New(secret)) => Some(secret),
        // Whether it may be missing is for the validation of the whole.
        Some(GivenSecret::Dropped) => None,
        _ if moved && stored.is_some() => {
            errors.push(FieldError::new(
                pointer,
                "is needed again, because where it goes to has changed; nothing stored is sent to a new place",
            ));
            None
        }
        _ => stored.cloned(),
    }
}
