//! The environment's own texts of emails with codes: written only where they can be used, and shown before they are.

use serde::{Deserialize, Serialize};

use super::{Actor, Administration, ChangeError, Expected};
use crate::domain::code::Code;
use crate::domain::content::{EmailContent, EmailTexts};
use crate::domain::email::EmailAddress;
use crate::domain::id::{EnvironmentId, MessageId};
use crate::domain::locale::{LanguageTag, Locale};
use crate::domain::message::Channel;
use crate::domain::verification::Purpose;
use crate::service::directory::EnvironmentSnapshot;
use crate::service::render::{self, CodeContent};

/// What a preview shows in place of a code, as far as a code has digits.
const SAMPLE_DIGITS: &str = "1234567890";

/// Whom a preview is addressed to (RFC 2606).
const SAMPLE_ADDRESS: &str = "user@example.com";

/// Which email to show.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"purpose": "sign_in", "locale": "de", "content": {"subject": "Ihr Code", "body": "Ihr Code für {{ business_name }}:"}}))]
pub struct PreviewRequest {
    /// What the code is asked for.
    pub purpose: Purpose,
    /// The language, found as for a message (BCP 47).
    pub locale: LanguageTag,
    /// Texts that are not saved; without them the saved ones are shown, or ours.
    #[serde(default)]
    pub content: Option<EmailTexts>,
}

/// An email as it would be sent, with a sample in place of the code and of the recipient.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Preview {
    /// The subject.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

impl Administration {
    /// Replaces all texts.
    pub async fn put_content(
        &self,
        actor: &Actor,
        environment: EnvironmentId,
        content: &EmailContent,
        expected: &Expected,
    ) -> Result<(), ChangeError> {
        self.change_environment(actor, environment, |held, change| {
            expected.check(held.content.version)?;
            require_custom_sender(held)?;
            Ok(change.put_content(environment, &held.content.row, content)?)
        })
        .await
    }

    /// Shows an email as it would be sent.
    pub fn preview(
        &self,
        environment: &EnvironmentSnapshot,
        request: &PreviewRequest,
    ) -> Result<Preview, ChangeError> {
        if request.content.is_some() {
            require_custom_sender(environment)?;
        }
        let default = &environment.environment.fields.default_locale;
        let (purpose, locale) = (request.purpose, Locale::resolve(Some(&request.locale), default));
        let policy = &environment.otp.row;
        let digits = SAMPLE_DIGITS.get(..usize::from(policy.digits));
        let code = digits.and_then(Code::parse_guess);
        let sample = code.zip(EmailAddress::parse(SAMPLE_ADDRESS).ok());
        let Some((code, address)) = sample else {
            return Err(ChangeError::NotFound);
        };
        let now = self.parts.clock.estimate();
        let id = MessageId::time_ordered(&*self.parts.random, now);
        let expires_at = now + policy.life(purpose, Channel::Email);
        let saved = CodeContent::of(environment, id, purpose, &code, locale, now, expires_at);
        let content = CodeContent {
            texts: request.content.as_ref().or(saved.texts),
            ..saved
        };
        let email = render::email(&content, address)?;
        Ok(Preview {
            subject: email.subject,
            text: email.text,
            html: email.html,
        })
    }
}

fn require_custom_sender(environment: &EnvironmentSnapshot) -> Result<(), ChangeError> {
    match environment.email.row.custom_sender {
        Some(_) => Ok(()),
        None => Err(ChangeError::CustomSenderRequired),
    }
}
