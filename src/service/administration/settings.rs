//! Settings documents: each is replaced whole, with its secrets sealed. One that is saved as it was is still saved: that closes the
//! breaker of its sender.

use super::{Actor, Administration, ChangeError, Expected, OtpPolicyPatch, environment};
use crate::domain::id::EnvironmentId;
use crate::domain::settings::MfaSettings;
use crate::service::settings::GivenSecret;
use crate::service::settings::email::EmailDocument;
use crate::service::settings::sms::SmsDocument;

impl Administration {
    /// Replaces the SMS settings.
    pub async fn put_sms(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        document: &SmsDocument<GivenSecret>,
        expected: Expected,
    ) -> Result<(), ChangeError> {
        self.change(actor, |held, change| {
            let before = &environment(held, id)?.sms;
            expected.check(before.version)?;
            let after = document.clone().resolve(&before.row);
            Ok(change.put_sms(id, &before.row, &after.map_err(ChangeError::Invalid)?)?)
        })
        .await
    }

    /// Replaces the email settings. Without a custom sender its details are gone from the database, and with them the texts
    /// that only its emails may have.
    pub async fn put_email(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        document: &EmailDocument<GivenSecret>,
        expected: Expected,
    ) -> Result<(), ChangeError> {
        self.change(actor, |held, change| {
            let held = environment(held, id)?;
            let before = &held.email;
            expected.check(before.version)?;
            let after = document.clone().resolve(&before.row, self.allow_plaintext_smtp);
            let after = after.map_err(ChangeError::Invalid)?;
            Ok(change.put_email(id, &before.row, &after, &held.content.row)?)
        })
        .await
    }

    /// Replaces which factors `mfa` may use.
    pub async fn put_mfa(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        settings: MfaSettings,
        expected: Expected,
    ) -> Result<(), ChangeError> {
        self.change(actor, |held, change| {
            let before = &environment(held, id)?.mfa;
            expected.check(before.version)?;
            Ok(change.put_mfa(id, before.row, settings)?)
        })
        .await
    }

    /// Changes the rules of codes. Verifications that are already made keep theirs.
    pub async fn patch_otp(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        patch: &OtpPolicyPatch,
        expected: Expected,
    ) -> Result<(), ChangeError> {
        self.change(actor, |held, change| {
            let before = &environment(held, id)?.otp;
            expected.check(before.version)?;
            let after = patch.clone().apply(before.row.clone());
            let errors = after.out_of_range();
            if !errors.is_empty() {
                return Err(ChangeError::Invalid(errors));
            }
            Ok(change.put_otp(id, &before.row, &after)?)
        })
        .await
    }
}
