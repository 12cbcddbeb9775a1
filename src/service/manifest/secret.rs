//! A secret in the manifest: never itself, but where it stands.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Unexpected, Visitor};

use crate::domain::secret::SecretReference;

/// How the manifest gives a secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum ManifestSecret {
    /// Not at all: the one that is stored stays.
    #[default]
    LeftOut,
    /// By naming where it stands.
    Reference(SecretReference),
    /// As the one that is stored, which must be there.
    Keep,
    /// As none: the one that is stored goes.
    Drop,
}

const FORMS: &[&str] = &["env", "file", "keep"];

impl<'de> Deserialize<'de> for ManifestSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Form)
    }
}

struct Form;

impl<'de> Visitor<'de> for Form {
    type Value = ManifestSecret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "{ env = \"NAME\" }, { file = \"PATH\" }, { keep = true } or, to drop it, { keep = false }: the secret itself does not \
             stand in this file",
        )
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<ManifestSecret, A::Error> {
        let other = |form: &Self| <A::Error as de::Error>::invalid_type(Unexpected::Map, form);
        let Some(name) = fields.next_key::<String>()? else {
            return Err(other(&self));
        };
        let secret = match name.as_str() {
            "env" => ManifestSecret::Reference(SecretReference::Variable(fields.next_value()?)),
            "file" => ManifestSecret::Reference(SecretReference::File(fields.next_value::<String>()?.into())),
            "keep" if fields.next_value::<bool>()? => ManifestSecret::Keep,
            "keep" => ManifestSecret::Drop,
            _ => return Err(de::Error::unknown_field(&name, FORMS)),
        };
        match fields.next_key::<String>()? {
            None => Ok(secret),
            Some(_) => Err(other(&self)),
        }
    }
}
