//! Settling: one attempt and what follows from it, in one statement that finds nothing to do once the lease is lost.

use sqlx::{PgConnection, query_file};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Lent, StoreError};
use crate::domain::message::{Attempt, Failure, MessageStatus, Provider};
use crate::domain::time::Timestamp;
use crate::store::outbox::{Outcome, Settled, Settlement};

pub(super) async fn settle(lent: &mut Lent, settlement: &Settlement) -> Result<Settled, StoreError> {
    let held = lent
        .ask(async |connection| match &settlement.outcome {
            Outcome::Accepted {
                provider,
                fallback,
                provider_message_id,
            } => {
                let holder = Holder {
                    status: MessageStatus::Accepted,
                    provider: *provider,
                    fallback: *fallback,
                    provider_message_id: provider_message_id.as_deref(),
                };
                hand_over(connection, settlement, holder).await
            }
            Outcome::Unknown { provider, fallback } => {
                let holder = Holder {
                    status: MessageStatus::Unknown,
                    provider: *provider,
                    fallback: *fallback,
                    provider_message_id: None,
                };
                hand_over(connection, settlement, holder).await
            }
            Outcome::NextSender { lease_until } => {
                keep(connection, settlement, *lease_until, Some(settlement.token)).await
            }
            Outcome::RetryAt(due_at) => keep(connection, settlement, *due_at, None).await,
            Outcome::Failed(failure) => {
                give_back(connection, settlement, MessageStatus::Failed, Some(failure)).await
            }
            Outcome::Expired => give_back(connection, settlement, MessageStatus::Expired, None).await,
        })
        .await?;
    Ok(if held {
        Settled::Recorded
    } else {
        Settled::LeaseLost
    })
}

/// Who has a message, for good or perhaps.
struct Holder<'a> {
    status: MessageStatus,
    provider: Provider,
    fallback: bool,
    provider_message_id: Option<&'a str>,
}

async fn hand_over(
    connection: &mut PgConnection,
    settlement: &Settlement,
    holder: Holder<'_>,
) -> Result<bool, sqlx::Error> {
    let attempt = AttemptColumns::of(settlement.attempt.as_ref());
    let row = query_file!(
        "src/store/postgres/sql/settle_handed_over.sql",
        settlement.message_id.0,
        settlement.token,
        holder.status.as_str(),
        holder.provider.as_str(),
        holder.fallback,
        holder.provider_message_id,
        settlement.now.to_offset_date_time(),
        attempt.id,
        attempt.provider,
        attempt.outcome,
        attempt.provider_code,
        attempt.detail,
        attempt.provider_message_id,
        attempt.started_at,
        attempt.finished_at,
    )
    .fetch_one(connection)
    .await?;
    Ok(row.held)
}

async fn keep(
    connection: &mut PgConnection,
    settlement: &Settlement,
    due_at: Timestamp,
    token: Option<Uuid>,
) -> Result<bool, sqlx::Error> {
    let attempt = AttemptColumns::of(settlement.attempt.as_ref());
    let row = query_file!(
        "src/store/postgres/sql/settle_queued.sql",
        settlement.message_id.0,
        settlement.token,
        due_at.to_offset_date_time(),
        token,
        settlement.now.to_offset_date_time(),
        attempt.id,
        attempt.provider,
        attempt.outcome,
        attempt.provider_code,
        attempt.detail,
        attempt.provider_message_id,
        attempt.started_at,
        attempt.finished_at,
    )
    .fetch_one(connection)
    .await?;
    Ok(row.held)
}

async fn give_back(
    connection: &mut PgConnection,
    settlement: &Settlement,
    status: MessageStatus,
    failure: Option<&Failure>,
) -> Result<bool, sqlx::Error> {
    let attempt = AttemptColumns::of(settlement.attempt.as_ref());
    let row = query_file!(
        "src/store/postgres/sql/settle_given_back.sql",
        settlement.message_id.0,
        settlement.token,
        status.as_str(),
        failure.map(|failure| failure.code.as_str()),
        failure.map(|failure| failure.detail.as_str()),
        settlement.now.to_offset_date_time(),
        attempt.id,
        attempt.provider,
        attempt.outcome,
        attempt.provider_code,
        attempt.detail,
        attempt.provider_message_id,
        attempt.started_at,
        attempt.finished_at,
    )
    .fetch_one(connection)
    .await?;
    Ok(row.held)
}

/// The columns of an attempt; all `None` where there was none.
#[derive(Default)]
struct AttemptColumns<'a> {
    id: Option<Uuid>,
    provider: Option<&'static str>,
    outcome: Option<&'a str>,
    provider_code: Option<&'a str>,
    detail: Option<&'a str>,
    provider_message_id: Option<&'a str>,
    started_at: Option<OffsetDateTime>,
    finished_at: Option<OffsetDateTime>,
}

impl<'a> AttemptColumns<'a> {
    fn of(attempt: Option<&'a Attempt>) -> Self {
        let Some(attempt) = attempt else {
            return Self::default();
        };
        Self {
            id: Some(attempt.id.0),
            provider: Some(attempt.provider.as_str()),
            outcome: Some(&attempt.outcome),
            provider_code: attempt.provider_code.as_deref(),
            detail: attempt.detail.as_deref(),
            provider_message_id: attempt.provider_message_id.as_deref(),
            started_at: Some(attempt.started_at.to_offset_date_time()),
            finished_at: Some(attempt.finished_at.to_offset_date_time()),
        }
    }
}
