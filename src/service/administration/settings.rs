//! Settings documents: each is replaced whole, with its secrets sealed. One that is saved as it was is still saved: that closes the
//! breaker of its sender.

use super::{Actor, Administration, ChangeError, Expected};
use crate::document::{Draft, Patch};
use crate::domain::id::EnvironmentId;
use crate::domain::policy::OtpPolicy;
use crate::domain::settings::{EmailSettings, MfaSettings, SmsSettings};
use crate::service::settings::{GivenSecret, resolve_email, resolve_sms};

impl Administration {
    /// Replaces the SMS settings.
    pub async fn put_sms(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        given: &Draft<SmsSettings<GivenSecret>>,
        expected: &Expected,
    ) -> Result<(), ChangeError> {
        self.change_environment(actor, id, |held, change| {
            expected.check(held.sms.version)?;
            let before = &held.sms.row;
            let after = given
                .clone()
                .check(|given, tell| resolve_sms(given, before, tell));
            Ok(change.put_sms(id, before, &after.finish()?)?)
        })
        .await
    }

    /// Replaces the email settings. Without a custom sender its details are gone from the database, and with them the texts
    /// that only its emails may have.
    pub async fn put_email(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        given: &Draft<EmailSettings<GivenSecret>>,
        expected: &Expected,
    ) -> Result<(), ChangeError> {
        self.change_environment(actor, id, |held, change| {
            expected.check(held.email.version)?;
            let before = &held.email.row;
            let after = given
                .clone()
                .check(|given, tell| resolve_email(given, before, self.allow_plaintext_smtp, tell));
            Ok(change.put_email(id, before, &after.finish()?, &held.content.row)?)
        })
        .await
    }

    /// Replaces which factors `mfa` may use.
    pub async fn put_mfa(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        settings: MfaSettings,
        expected: &Expected,
    ) -> Result<(), ChangeError> {
        self.change_environment(actor, id, |held, change| {
            expected.check(held.mfa.version)?;
            Ok(change.put_mfa(id, held.mfa.row, settings)?)
        })
        .await
    }

    /// Changes the rules of codes. Verifications that are already made keep theirs.
    pub async fn patch_otp(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        patch: &Patch<OtpPolicy>,
        expected: &Expected,
    ) -> Result<(), ChangeError> {
        self.change_environment(actor, id, |held, change| {
            expected.check(held.otp.version)?;
            let after = patch.apply(&held.otp.row).finish()?;
            Ok(change.put_otp(id, &held.otp.row, &after)?)
        })
        .await
    }
}
