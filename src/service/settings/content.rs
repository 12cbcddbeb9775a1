//! The document of an environment's own email texts: `{ locale: { purpose: { subject, body, disclaimer } } }`.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::domain::content::{Body, Disclaimer, EmailContent, EmailTexts, Subject};
use crate::domain::field::FieldError;
use crate::domain::locale::Locale;
use crate::domain::verification::Purpose;

/// The texts by language, one of the 43 in its exact tag, and purpose. A body holds at most 64 KiB, so this document too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(as = EmailContent, example = json!({"de": {"sign_in": {"subject": "Ihr Code für {{ business_name }}", "body": "Hallo,\n\nIhr Code:\n\n{{ code }}\n\nEr gilt {{ expires_in }}.", "disclaimer": "Diese Nachricht ging an {{ email }}."}}}))]
pub struct EmailContentDocument(pub BTreeMap<String, BTreeMap<String, EmailTextsDocument>>);

/// The texts of one purpose in one language. One that is left out stays as otpost writes it. Placeholders are
/// `{{ code }}`, `{{ business_name }}`, `{{ expires_in }}` and `{{ email }}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EmailTexts)]
pub struct EmailTextsDocument {
    /// One line of at most 200 characters, without `{{ code }}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// At most 4,000 characters in any number of lines. The code has its line where `{{ code }}` stands alone on one, and
    /// otherwise below the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The small print, at most 1,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disclaimer: Option<String>,
}

impl EmailContentDocument {
    /// Reads the document.
    ///
    /// # Errors
    /// Everything that is wrong, at once, each with its JSON pointer.
    pub fn validate(&self) -> Result<EmailContent, Vec<FieldError>> {
        let mut content = HashMap::new();
        let mut errors = Vec::new();
        for (tag, purposes) in &self.0 {
            let locale = Locale::parse(tag);
            if locale.is_none() {
                let detail = "must be one of the 43 languages in its exact tag, such as \"de\" or \"pt-BR\"";
                errors.push(FieldError::new(format!("/{}", escaped(tag)), detail));
            }
            for (name, document) in purposes {
                let pointer = format!("/{}/{}", escaped(tag), escaped(name));
                let purpose = Purpose::parse(name);
                if purpose.is_none() {
                    let detail =
                        "must be \"sign_in\", \"sign_up\", \"mfa\", \"password_reset\" or \"verify\"";
                    errors.push(FieldError::new(pointer.as_str(), detail));
                }
                let texts = document.validate(&pointer, &mut errors);
                if let (Some(locale), Some(purpose)) = (locale, purpose)
                    && !texts.is_empty()
                {
                    content.insert((locale, purpose), texts);
                }
            }
        }
        if errors.is_empty() {
            Ok(EmailContent(content))
        } else {
            Err(errors)
        }
    }

    /// The document of `content`.
    #[must_use]
    pub fn of(content: &EmailContent) -> Self {
        let mut document = Self::default();
        for ((locale, purpose), texts) in &content.0 {
            let purposes = document.0.entry(locale.tag().to_owned()).or_default();
            purposes.insert(purpose.as_str().to_owned(), EmailTextsDocument::of(texts));
        }
        document
    }

    /// Every text by its JSON pointer, for what is said of a change.
    #[must_use]
    pub fn by_pointer(&self) -> BTreeMap<String, &str> {
        let mut texts = BTreeMap::new();
        for (tag, purposes) in &self.0 {
            for (purpose, document) in purposes {
                for (part, text) in document.parts() {
                    if let Some(text) = text {
                        texts.insert(format!("/{tag}/{purpose}/{part}"), text.as_str());
                    }
                }
            }
        }
        texts
    }
}

impl EmailTextsDocument {
    fn parts(&self) -> [(&'static str, Option<&String>); 3] {
        [
            ("subject", self.subject.as_ref()),
            ("body", self.body.as_ref()),
            ("disclaimer", self.disclaimer.as_ref()),
        ]
    }

    /// The texts as far as they can be read; what is wrong is added to `errors`, under `pointer`.
    pub fn validate(&self, pointer: &str, errors: &mut Vec<FieldError>) -> EmailTexts {
        let mut wrong = |part: &str, details: Vec<&'static str>| {
            let pointer = format!("{pointer}/{part}");
            errors.extend(
                details
                    .into_iter()
                    .map(|detail| FieldError::new(pointer.as_str(), detail)),
            );
        };
        let subject = self.subject.as_deref().map(Subject::parse).transpose();
        let body = self.body.as_deref().map(Body::parse).transpose();
        let disclaimer = self.disclaimer.as_deref().map(Disclaimer::parse).transpose();
        EmailTexts {
            subject: subject.unwrap_or_else(|details| {
                wrong("subject", details);
                None
            }),
            body: body.unwrap_or_else(|details| {
                wrong("body", details);
                None
            }),
            disclaimer: disclaimer.unwrap_or_else(|details| {
                wrong("disclaimer", details);
                None
            }),
        }
    }

    fn of(texts: &EmailTexts) -> Self {
        Self {
            subject: texts.subject.as_ref().map(|text| text.as_str().to_owned()),
            body: texts.body.as_ref().map(|text| text.as_str().to_owned()),
            disclaimer: texts.disclaimer.as_ref().map(|text| text.as_str().to_owned()),
        }
    }
}

/// A member's name in a JSON pointer (RFC 6901, section 3).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
