//! A secret in the file: never itself, but where it stands.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Unexpected, Visitor};

use crate::domain::secret::SecretReference;

/// How the file gives a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DeclaredSecret {
    /// By naming where it stands.
    Reference(SecretReference),
    /// As the one that is stored, which must be there.
    Keep,
}

const FORMS: &[&str] = &["env", "file", "keep"];

impl<'de> Deserialize<'de> for DeclaredSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Form)
    }
}

struct Form;

impl<'de> Visitor<'de> for Form {
    type Value = DeclaredSecret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "{ env = \"NAME\" }, { file = \"PATH\" } or { keep = true }: the secret itself does not stand in this file",
        )
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<DeclaredSecret, A::Error> {
        let other = |form: &Self| <A::Error as de::Error>::invalid_type(Unexpected::Map, form);
        let Some(name) = fields.next_key::<String>()? else {
            return Err(other(&self));
        };
        let declared = match name.as_str() {
            "env" => DeclaredSecret::Reference(SecretReference::Variable(fields.next_value()?)),
            "file" => DeclaredSecret::Reference(SecretReference::File(fields.next_value::<String>()?.into())),
            "keep" if fields.next_value::<bool>()? => DeclaredSecret::Keep,
            "keep" => return Err(other(&self)),
            _ => return Err(de::Error::unknown_field(&name, FORMS)),
        };
        match fields.next_key::<String>()? {
            None => Ok(declared),
            Some(_) => Err(other(&self)),
        }
    }
}
