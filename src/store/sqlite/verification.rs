//! Verifications: reading them, and ending them for their caller. Sending and checking have files of their own.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::row::{Fields, id_of};
use super::{SqliteStore, StoreError, fault, message};
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId, MessageId, VerificationId};
use crate::domain::idempotency::{KeyedRequest, KeyedResend};
use crate::domain::locale::LanguageTag;
use crate::domain::message::Channel;
use crate::domain::recipient::Recipient;
use crate::domain::time::Timestamp;
use crate::domain::verification::{Purpose, Verification, VerificationStatus};
use crate::store::Upkeep;
use crate::store::verification::{
    Cancel, Check, Guess, Issue, KeyedRequests, NewSend, NewVerification, Resend, StoredVerification,
    Verifications,
};

mod check;
mod send;

/// The columns of a verification and, with `message_` in front, those of its newest message.
macro_rules! select_verifications {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT v.*, m.status AS message_status, m.provider AS message_provider, \
             m.fallback AS message_fallback, m.error_code AS message_error_code, \
             m.error_detail AS message_error_detail",
            $columns,
            " FROM verifications v JOIN messages m ON m.id = v.message_id ",
            $rest
        )
    };
}
pub(super) use select_verifications;

#[async_trait]
impl Verifications for SqliteStore {
    async fn issue(&self, new: NewVerification) -> Result<Issue, StoreError> {
        let issued = self.writer.write(move |db| Box::pin(send::issue(db, new))).await;
        issued.map(|issued| self.write_health().proven_by(issued))
    }

    async fn check(&self, guess: Guess) -> Result<Check, StoreError> {
        let checked = self
            .writer
            .write(move |db| Box::pin(check::check(db, guess)))
            .await;
        checked.map(|checked| self.write_health().proven_by(checked))
    }

    async fn resend(&self, again: NewSend) -> Result<Resend, StoreError> {
        let resent = self
            .writer
            .write(move |db| Box::pin(send::resend(db, again)))
            .await;
        resent.map(|resent| self.write_health().proven_by(resent))
    }

    async fn cancel(
        &self,
        application: ApplicationId,
        id: VerificationId,
        now: Timestamp,
    ) -> Result<Cancel, StoreError> {
        self.writer
            .write(move |db| Box::pin(cancel(db, application, id, now)))
            .await
    }

    async fn find(
        &self,
        application: ApplicationId,
        id: VerificationId,
    ) -> Result<Option<StoredVerification>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(fault)?;
        let kept = find(&mut connection, application, id).await?;
        Ok(kept.map(|kept| kept.stored))
    }

    async fn find_keyed_requests(
        &self,
        application: ApplicationId,
        id: VerificationId,
    ) -> Result<Option<KeyedRequests>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(fault)?;
        let kept = find(&mut connection, application, id).await?;
        Ok(kept.map(|kept| kept.requests))
    }

    async fn count_pending(&self, environment: EnvironmentId, now: Timestamp) -> Result<u64, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(fault)?;
        count_pending(&mut connection, environment, now).await
    }
}

async fn count_pending(
    db: &mut SqliteConnection,
    environment: EnvironmentId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    // What is pending has its code, so the index over those is all that is walked.
    let row = sqlx::query(
        "SELECT count(*) AS pending FROM verifications
         WHERE sealed_code IS NOT NULL AND expires_at > ?2 AND environment_id = ?1
           AND verified_at IS NULL AND canceled_at IS NULL AND wrong_guesses < max_guesses",
    )
    .bind(environment.0)
    .bind(now.unix_micros())
    .fetch_one(db)
    .await
    .map_err(fault)?;
    row.try_get("pending").map_err(fault)
}

/// A verification with what only the store looks at.
pub(super) struct KeptVerification {
    pub(super) stored: StoredVerification,
    pub(super) recipient_key: String,
    ip_key: Option<String>,
    code_key_id: i32,
    code_mac: Vec<u8>,
    code_digits: u8,
    requests: KeyedRequests,
    verify_request: Option<KeyedRequest>,
}

impl KeptVerification {
    /// Reads what [`select_verifications`] selects.
    pub(super) fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let id = VerificationId(id_of(row, "verifications", "id")?);
        let fields = Fields::of(row, "verifications", id);
        let channel = fields.parsed("channel", Channel::parse)?;
        let message_id = MessageId(fields.value("message_id")?);
        let message = Fields::joined(row, "messages", "message_", message_id);
        let verification = Verification {
            id,
            connection_id: ConnectionId(fields.value("connection_id")?),
            channel,
            masked_recipient: fields.value("masked_recipient")?,
            purpose: fields.parsed("purpose", Purpose::parse)?,
            created_at: fields.time("created_at")?,
            expires_at: fields.time("expires_at")?,
            max_guesses: fields.value("max_guesses")?,
            wrong_guesses: fields.value("wrong_guesses")?,
            max_sends: fields.value("max_sends")?,
            sends: fields.value("sends")?,
            resend_at: fields.time("resend_at")?,
            verified_at: fields.time_if_any("verified_at")?,
            canceled_at: fields.time_if_any("canceled_at")?,
            message: message::read_summary(&message, message_id)?,
        };
        let stored = StoredVerification {
            verification,
            environment_id: EnvironmentId(fields.value("environment_id")?),
            application_id: ApplicationId(fields.value("application_id")?),
            recipient: fields.parsed("recipient", |address| Recipient::from_stored(channel, address))?,
            locale: fields.parsed_if_any("locale", |tag| LanguageTag::parse(tag).ok())?,
            sealed_code: fields.value("sealed_code")?,
        };
        Ok(Self {
            stored,
            recipient_key: fields.value("recipient_key")?,
            ip_key: fields.value("ip_key")?,
            code_key_id: fields.value("code_key_id")?,
            code_mac: fields.value("code_mac")?,
            code_digits: fields.value("code_digits")?,
            requests: read_requests(&fields)?,
            verify_request: read_verify_request(&fields)?,
        })
    }
}

fn read_requests(fields: &Fields<'_>) -> Result<KeyedRequests, StoreError> {
    let resends: Option<&[u8]> = fields.value("keyed_resends")?;
    let resends = KeyedResend::read_all(resends.unwrap_or_default());
    Ok(KeyedRequests {
        body_hash: fields.hash_if_any("body_hash")?,
        resends: resends.ok_or_else(|| fields.corrupt("keyed_resends"))?,
    })
}

fn read_verify_request(fields: &Fields<'_>) -> Result<Option<KeyedRequest>, StoreError> {
    let request = |(key_hash, body_hash)| KeyedRequest { key_hash, body_hash };
    let hashes = fields
        .hash_if_any("verify_key_hash")?
        .zip(fields.hash_if_any("verify_body_hash")?);
    Ok(hashes.map(request))
}

async fn find(
    db: &mut SqliteConnection,
    application: ApplicationId,
    id: VerificationId,
) -> Result<Option<KeptVerification>, StoreError> {
    let row = sqlx::query(select_verifications!(
        "",
        "WHERE v.id = ?1 AND v.application_id = ?2"
    ))
    .bind(id.0)
    .bind(application.0)
    .fetch_optional(db)
    .await
    .map_err(fault)?;
    row.as_ref().map(KeptVerification::read).transpose()
}

async fn cancel(
    db: &mut SqliteConnection,
    application: ApplicationId,
    id: VerificationId,
    now: Timestamp,
) -> Result<Cancel, StoreError> {
    let Some(kept) = find(db, application, id).await? else {
        return Ok(Cancel::NotFound);
    };
    let mut verification = kept.stored.verification;
    match verification.status(now) {
        VerificationStatus::Verified => return Ok(Cancel::AlreadyVerified),
        VerificationStatus::Canceled => return Ok(Cancel::Canceled(Box::new(verification))),
        _ if verification.expires_at <= now => return Ok(Cancel::Expired),
        VerificationStatus::Pending | VerificationStatus::Locked | VerificationStatus::Expired => {}
    }
    sqlx::query("UPDATE verifications SET canceled_at = ?2, sealed_code = NULL WHERE id = ?1")
        .bind(id.0)
        .bind(now.unix_micros())
        .execute(db)
        .await
        .map_err(fault)?;
    verification.canceled_at = Some(now);
    Ok(Cancel::Canceled(Box::new(verification)))
}
