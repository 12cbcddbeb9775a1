//! Verifications: reading them, and ending them for their caller. Sending and checking have files of their own.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, SqliteExecutor};

use super::bulk::{ids_in, key_list};
use super::row::{Fields, id_of};
use super::{SqliteStore, StoreError, message};
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId, MessageId, VerificationId};
use crate::domain::idempotency::KeyedResend;
use crate::domain::locale::LanguageTag;
use crate::domain::message::Channel;
use crate::domain::time::Timestamp;
use crate::domain::verification::{Purpose, Verification};
use crate::store::Maintenance;
use crate::store::verification::{
    Cancel, Check, Guess, Issue, KeyedRequests, NewSend, NewVerification, Resend, StoredVerification,
    Verifications,
};

mod check;
mod send;

pub(super) use check::check;
pub(super) use send::{issue, resend};

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
        let issued = self.issues.run(new).await?;
        Ok(self.write_health().proven_by(issued))
    }

    async fn check(&self, guess: Guess) -> Result<Check, StoreError> {
        let checked = self.checks.run(guess).await?;
        Ok(self.write_health().proven_by(checked))
    }

    async fn resend(&self, again: NewSend) -> Result<Resend, StoreError> {
        let resent = self.resends.run(again).await?;
        Ok(self.write_health().proven_by(resent))
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
        let row = find(&self.readers, application, id).await?;
        row.as_ref().map(read_stored).transpose()
    }

    async fn find_keyed_requests(
        &self,
        application: ApplicationId,
        id: VerificationId,
    ) -> Result<Option<KeyedRequests>, StoreError> {
        let row = find(&self.readers, application, id).await?;
        row.as_ref().map(read_requests).transpose()
    }

    async fn count_pending(&self, environment: EnvironmentId, now: Timestamp) -> Result<u64, StoreError> {
        // Whatever is pending stands in what expires later.
        let row = sqlx::query(concat!(
            ids_in!("expiries", "verification_ids", "due_at > ?2"),
            "SELECT count(*) AS pending FROM verifications
             WHERE id IN (SELECT id FROM ids) AND environment_id = ?1 AND expires_at > ?2
               AND verified_at IS NULL AND canceled_at IS NULL AND wrong_guesses < max_guesses"
        ))
        .bind(environment.0)
        .bind(now.unix_micros())
        .fetch_one(&self.readers)
        .await?;
        Ok(row.try_get("pending")?)
    }
}

/// Reads what [`select_verifications`] selects.
pub(super) fn read_stored(row: &SqliteRow) -> Result<StoredVerification, StoreError> {
    let id = VerificationId(id_of(row, "verifications", "id")?);
    let fields = Fields::of(row, "verifications", id);
    let message_id = MessageId(fields.value("message_id")?);
    let message = Fields::joined(row, "messages", "message_", message_id);
    let verification = Verification {
        id,
        connection_id: ConnectionId(fields.value("connection_id")?),
        channel: fields.parsed("channel", Channel::parse)?,
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
    Ok(StoredVerification {
        verification,
        environment_id: EnvironmentId(fields.value("environment_id")?),
        application_id: ApplicationId(fields.value("application_id")?),
        recipient_key: fields.hash("recipient_key")?,
        sealed_recipient: fields.value("sealed_recipient")?,
        locale: fields.parsed_if_any("locale", |tag| LanguageTag::parse(tag).ok())?,
        sealed_code: fields.value("sealed_code")?,
    })
}

fn read_requests(row: &SqliteRow) -> Result<KeyedRequests, StoreError> {
    let fields = Fields::of(
        row,
        "verifications",
        VerificationId(id_of(row, "verifications", "id")?),
    );
    let resends: Option<&[u8]> = fields.value("keyed_resends")?;
    let resends = KeyedResend::read_all(resends.unwrap_or_default());
    Ok(KeyedRequests {
        body_hash: fields.hash_if_any("body_hash")?,
        resends: resends.ok_or_else(|| fields.corrupt("keyed_resends"))?,
    })
}

async fn find(
    db: impl SqliteExecutor<'_>,
    application: ApplicationId,
    id: VerificationId,
) -> Result<Option<SqliteRow>, StoreError> {
    let query = sqlx::query(select_verifications!(
        "",
        "WHERE v.id = ?1 AND v.application_id = ?2"
    ));
    Ok(query.bind(id.0).bind(application.0).fetch_optional(db).await?)
}

const BY_IDS: &str = select_verifications!("", "WHERE v.id IN (SELECT unhex(value) FROM json_each(?1))");

/// The rows of verifications, as far as they are there.
pub(super) async fn find_all(
    db: &mut SqliteConnection,
    ids: Vec<VerificationId>,
) -> Result<HashMap<VerificationId, SqliteRow>, StoreError> {
    let ids = key_list(ids.iter().map(|id| id.0.as_bytes()));
    let rows = sqlx::query(BY_IDS).bind(ids).fetch_all(db).await?;
    let with_id = |row: SqliteRow| Ok((VerificationId(id_of(&row, "verifications", "id")?), row));
    rows.into_iter().map(with_id).collect()
}

/// The row of a verification among others, if it is of `application`.
fn of_application(
    rows: &HashMap<VerificationId, SqliteRow>,
    id: VerificationId,
    application: ApplicationId,
) -> Option<&SqliteRow> {
    let is_its = |row: &&SqliteRow| row.try_get("application_id").ok() == Some(application.0);
    rows.get(&id).filter(is_its)
}

async fn cancel(
    db: &mut SqliteConnection,
    application: ApplicationId,
    id: VerificationId,
    now: Timestamp,
) -> Result<Cancel, StoreError> {
    let Some(row) = find(&mut *db, application, id).await? else {
        return Ok(Cancel::NotFound);
    };
    let outcome = Cancel::of(read_stored(&row)?.verification, now);
    if matches!(&outcome, Cancel::Canceled(verification) if verification.canceled_at == Some(now)) {
        sqlx::query("UPDATE verifications SET canceled_at = ?2, sealed_code = NULL WHERE id = ?1")
            .bind(id.0)
            .bind(now.unix_micros())
            .execute(db)
            .await?;
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::BY_IDS;
    use crate::store::sqlite::plan::plan_of;

    #[tokio::test]
    async fn those_of_a_batch_are_found_by_their_ids() {
        let plan = plan_of(BY_IDS).await;
        assert!(
            plan.contains("SEARCH v USING INDEX sqlite_autoindex_verifications_1 (id=?)"),
            "{plan}"
        );
        assert!(
            plan.contains("SEARCH m USING INDEX sqlite_autoindex_messages_1 (id=?)"),
            "{plan}"
        );
    }
}
