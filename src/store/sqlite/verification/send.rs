//! Issuing and resending: a send is counted against every limit, and its message made, or nothing of it.

use std::time::Duration;

use sqlx::SqliteConnection;

use super::find;
use crate::domain::idempotency::KeyedResend;
use crate::domain::locale::LanguageTag;
use crate::domain::message::{MessagePurpose, MessageStatus, MessageSummary};
use crate::domain::verification::VerificationStatus;
use crate::store::sqlite::limit::{CountedSend, count_send};
use crate::store::sqlite::message::{MessageOrigin, insert_message};
use crate::store::sqlite::row::Fields;
use crate::store::sqlite::{StoreError, fault};
use crate::store::verification::{Issue, NewSend, NewVerification, Resend};

pub(super) async fn issue(db: &mut SqliteConnection, new: NewVerification) -> Result<Issue, StoreError> {
    if let Some(again) = made_before(db, &new).await? {
        return Ok(again);
    }
    let recipient_key = new.recipient.key();
    let send = CountedSend {
        environment_id: new.environment_id,
        recipient_key: &recipient_key,
        ip_key: new.ip_key.as_deref(),
        limits: new.limits,
        quota: new.message.quota,
        now: new.created_at,
    };
    if let Some(refusal) = count_send(db, &send).await? {
        return Ok(Issue::Refused(refusal));
    }
    insert_verification(db, &new, &recipient_key).await?;
    let origin = MessageOrigin {
        environment_id: new.environment_id,
        application_id: new.application_id,
        verification_id: Some(new.id),
        notification_id: None,
        channel: new.recipient.channel(),
        purpose: MessagePurpose::Code(new.purpose),
        recipient_key: &recipient_key,
        masked_recipient: &new.recipient.masked(),
        created_at: new.created_at,
    };
    insert_message(db, &origin, &new.message).await?;
    Ok(Issue::Issued)
}

/// What a request under a key is after one that made something under it.
async fn made_before(db: &mut SqliteConnection, new: &NewVerification) -> Result<Option<Issue>, StoreError> {
    if new.body_hash.is_none() {
        return Ok(None);
    }
    let row = sqlx::query("SELECT body_hash FROM verifications WHERE id = ?1")
        .bind(new.id.0)
        .fetch_optional(db)
        .await
        .map_err(fault)?;
    let Some(row) = row else { return Ok(None) };
    let first = Fields::of(&row, "verifications", new.id).hash_if_any("body_hash")?;
    Ok(Some(if first == new.body_hash {
        Issue::Repeated
    } else {
        Issue::KeyReused
    }))
}

async fn insert_verification(
    db: &mut SqliteConnection,
    new: &NewVerification,
    recipient_key: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO verifications (id, environment_id, application_id, connection_id, message_id, purpose, channel,
                                    recipient, recipient_key, masked_recipient, locale, ip_key, code_key_id,
                                    code_mac, code_digits, sealed_code, max_guesses, max_sends, created_at,
                                    expires_at, resend_at, body_hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
    )
    .bind(new.id.0)
    .bind(new.environment_id.0)
    .bind(new.application_id.0)
    .bind(new.connection_id.0)
    .bind(new.message.id.0)
    .bind(new.purpose.as_str())
    .bind(new.recipient.channel().as_str())
    .bind(new.recipient.address())
    .bind(recipient_key)
    .bind(new.recipient.masked())
    .bind(new.locale.as_ref().map(LanguageTag::as_str))
    .bind(new.ip_key.as_deref())
    .bind(new.code_mac.generation.get())
    .bind(&new.code_mac.mac[..])
    .bind(new.code_digits)
    .bind(&new.sealed_code[..])
    .bind(new.max_guesses)
    .bind(new.max_sends)
    .bind(new.created_at.unix_micros())
    .bind(new.expires_at.unix_micros())
    .bind(new.resend_at.unix_micros())
    .bind(new.body_hash.as_ref().map(|hash| &hash[..]))
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}

pub(super) async fn resend(db: &mut SqliteConnection, again: NewSend) -> Result<Resend, StoreError> {
    let Some(kept) = find(db, again.application_id, again.verification_id).await? else {
        return Ok(Resend::NotFound);
    };
    if let Some(made) = again.made_by(&kept.requests.resends) {
        return Ok(made);
    }
    let mut stored = kept.stored;
    let verification = &mut stored.verification;
    if !again.enabled_connections.contains(&verification.connection_id) {
        return Ok(Resend::ConnectionDisabled);
    }
    match verification.status(again.now) {
        VerificationStatus::Pending => {}
        VerificationStatus::Verified => return Ok(Resend::AlreadyVerified),
        VerificationStatus::Canceled => return Ok(Resend::Canceled),
        VerificationStatus::Locked => return Ok(Resend::Locked),
        VerificationStatus::Expired => return Ok(Resend::Expired),
    }
    if verification.resends_left() == 0 {
        return Ok(Resend::LimitReached);
    }
    if again.now < verification.resend_at {
        let resend_at = verification.resend_at;
        return Ok(Resend::TooSoon { resend_at });
    }
    let send = CountedSend {
        environment_id: stored.environment_id,
        recipient_key: &kept.recipient_key,
        ip_key: kept.ip_key.as_deref(),
        limits: again.limits,
        quota: again.message.quota,
        now: again.now,
    };
    if let Some(refusal) = count_send(db, &send).await? {
        return Ok(Resend::Refused(refusal));
    }
    verification.sends += 1;
    verification.resend_at = again.now + wait_after(verification.sends, &again.resend_after_seconds);
    verification.message = queued(&again);
    let resends = kept.requests.resends.into_iter().chain(again.keyed_resend());
    let keyed: Vec<u8> = resends.flat_map(KeyedResend::to_bytes).collect();
    sqlx::query(
        "UPDATE verifications SET sends = ?2, resend_at = ?3, message_id = ?4, keyed_resends = nullif(?5, x'')
         WHERE id = ?1",
    )
    .bind(verification.id.0)
    .bind(verification.sends)
    .bind(verification.resend_at.unix_micros())
    .bind(again.message.id.0)
    .bind(keyed)
    .execute(&mut *db)
    .await
    .map_err(fault)?;
    let origin = MessageOrigin {
        environment_id: stored.environment_id,
        application_id: stored.application_id,
        verification_id: Some(verification.id),
        notification_id: None,
        channel: verification.channel,
        purpose: MessagePurpose::Code(verification.purpose),
        recipient_key: &kept.recipient_key,
        masked_recipient: &verification.masked_recipient,
        created_at: again.now,
    };
    insert_message(db, &origin, &again.message).await?;
    Ok(Resend::Resent(Box::new(stored)))
}

fn queued(again: &NewSend) -> MessageSummary {
    MessageSummary {
        id: again.message.id,
        status: MessageStatus::Queued,
        provider: None,
        fallback: false,
        error: None,
    }
}

/// The wait after message number `sends`; the last of `waits` repeats.
fn wait_after(sends: u8, waits: &[u32]) -> Duration {
    let index = usize::from(sends.max(1)) - 1;
    let seconds = waits.get(index).or(waits.last()).copied().unwrap_or_default();
    Duration::from_secs(seconds.into())
}
