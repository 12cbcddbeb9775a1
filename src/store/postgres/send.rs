//! Sends: the first message of a verification and every further one, each counted against all limits in the statement
//! that makes it.

use sqlx::{PgConnection, query_file};
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::{integer, left_alone, verification_row};
use super::{Lent, StoreError, fault};
use crate::domain::id::VerificationId;
use crate::domain::idempotency::KeyedResend;
use crate::domain::locale::LanguageTag;
use crate::domain::message::{Channel, MessageStatus, MessageSummary};
use crate::domain::time::Timestamp;
use crate::domain::verification::Purpose;
use crate::store::outbox::MonthlyLimit;
use crate::store::verification::{Issue, LimitName, NewSend, NewVerification, Resend, SendRefusal};

/// How often a statement is run that others overtook on their way to the last place of a counter. The second run sees
/// that the place is taken; only places that are given back at the same moment lead to a third.
pub(super) const TRIES: usize = 5;

pub(super) async fn issue(lent: &mut Lent, new: &NewVerification) -> Result<Issue, StoreError> {
    for _ in 0..TRIES {
        match lent
            .try_ask(async |connection| try_issue(connection, new).await)
            .await
        {
            Ok(Some(outcome)) => return Ok(outcome),
            Ok(None) => {}
            Err(error) if fault::is_lost_race(&error) || fault::is_overtaken_by_a_copy(&error) => {}
            Err(error) => return Err(fault::of(error)),
        }
    }
    Err(fault::contended(TRIES))
}

async fn try_issue(
    connection: &mut PgConnection,
    new: &NewVerification,
) -> Result<Option<Issue>, sqlx::Error> {
    let quota = new.message.quota;
    let made = query_file!(
        "src/store/postgres/sql/issue.sql",
        new.id.0,
        new.environment_id.0,
        new.application_id.0,
        new.connection_id.0,
        new.purpose.as_str(),
        new.recipient.channel().as_str(),
        new.recipient.address(),
        new.recipient.key(),
        new.recipient.masked(),
        new.locale.as_ref().map(LanguageTag::as_str),
        new.ip_key.as_deref(),
        new.code_mac.generation.get(),
        &new.code_mac.mac[..],
        i16::from(new.code_digits),
        &new.sealed_code[..],
        i16::from(new.max_guesses),
        i16::from(new.max_sends),
        new.created_at.to_offset_date_time(),
        new.expires_at.to_offset_date_time(),
        new.resend_at.to_offset_date_time(),
        new.message.id.0,
        new.message.decision.as_str(),
        new.message.lease.token,
        new.message.lease.until.to_offset_date_time(),
        integer(new.limits.per_hour),
        integer(new.limits.per_day),
        integer(new.limits.ip_per_hour),
        integer(new.limits.guesses_per_day),
        quota.map(|quota| quota.counter.as_str()),
        quota.map(month),
        quota.map(|quota| integer(quota.limit)),
        new.body_hash.as_ref().map(|hash| &hash[..]),
    )
    .fetch_one(connection)
    .await?;
    if made.issued {
        return Ok(Some(Issue::Issued));
    }
    if made.made {
        let repeated = made.made_body_hash.as_deref() == new.body_hash.as_ref().map(|hash| &hash[..]);
        return Ok(Some(if repeated {
            Issue::Repeated
        } else {
            Issue::KeyReused
        }));
    }
    let standing = Standing {
        locked_until: made.locked_until,
        hour_resets_at: made.hour_resets_at,
        day_resets_at: made.day_resets_at,
        address_resets_at: made.address_resets_at,
        quota_exhausted: made.quota_exhausted,
    };
    Ok(standing.refusal().map(Issue::Refused))
}

pub(super) async fn resend(lent: &mut Lent, again: &NewSend) -> Result<Resend, StoreError> {
    for _ in 0..TRIES {
        match lent
            .try_ask(async |connection| try_resend(connection, again).await)
            .await
        {
            Ok(Some(outcome)) => return outcome,
            Ok(None) => {}
            Err(error) if fault::is_lost_race(&error) => {}
            Err(error) => return Err(fault::of(error)),
        }
    }
    Err(fault::contended(TRIES))
}

async fn try_resend(
    connection: &mut PgConnection,
    again: &NewSend,
) -> Result<Option<Result<Resend, StoreError>>, sqlx::Error> {
    let enabled: Vec<_> = again.enabled_connections.iter().map(|id| id.0).collect();
    let waits: Vec<_> = again.resend_after_seconds.iter().copied().map(integer).collect();
    let quota = again.message.quota;
    let keyed_resend = again.keyed_resend().map(KeyedResend::to_bytes);
    let found = query_file!(
        "src/store/postgres/sql/resend.sql",
        again.verification_id.0,
        again.application_id.0,
        &enabled,
        again.now.to_offset_date_time(),
        integer(again.limits.guesses_per_day),
        integer(again.limits.per_hour),
        integer(again.limits.per_day),
        integer(again.limits.ip_per_hour),
        quota.map(|quota| quota.counter.as_str()),
        quota.map(month),
        quota.map(|quota| integer(quota.limit)),
        again.message.id.0,
        &waits,
        again.message.decision.as_str(),
        again.message.lease.until.to_offset_date_time(),
        again.message.lease.token,
        again.request.as_ref().map(|request| &request.key_hash[..]),
        keyed_resend.as_deref(),
        Purpose::NAMES as &[&str],
        Channel::NAMES as &[&str],
    )
    .fetch_optional(connection)
    .await?;
    let Some(found) = found else {
        return Ok(Some(Ok(Resend::NotFound)));
    };
    if found.sent {
        let stored = verification_row!(found).stored(queued(again));
        return Ok(Some(stored.map(|stored| Resend::Resent(Box::new(stored)))));
    }
    Ok(match found.state.as_str() {
        "unreadable" => {
            let read = verification_row!(found).verification(queued(again));
            return Ok(Some(read.and_then(|verification| Err(left_alone(&verification)))));
        }
        "made" => return Ok(Some(made_before(again, found.id, found.keyed_resends.as_deref()))),
        "connection_disabled" => Some(Resend::ConnectionDisabled),
        "already_verified" => Some(Resend::AlreadyVerified),
        "canceled" => Some(Resend::Canceled),
        "locked" => Some(Resend::Locked),
        "expired" => Some(Resend::Expired),
        "limit_reached" => Some(Resend::LimitReached),
        "too_soon" => Some(Resend::TooSoon {
            resend_at: Timestamp::new(found.resend_at),
        }),
        _ => {
            let standing = Standing {
                locked_until: found.locked_until,
                hour_resets_at: found.hour_resets_at,
                day_resets_at: found.day_resets_at,
                address_resets_at: found.address_resets_at,
                quota_exhausted: found.quota_exhausted.unwrap_or(false),
            };
            standing.refusal().map(Resend::Refused)
        }
    }
    .map(Ok))
}

fn made_before(again: &NewSend, id: Uuid, keyed_resends: Option<&[u8]>) -> Result<Resend, StoreError> {
    let corrupt = || fault::corrupt("verifications", "keyed_resends", VerificationId(id));
    let resends = keyed_resends
        .and_then(KeyedResend::read_all)
        .ok_or_else(corrupt)?;
    again.made_by(&resends).ok_or_else(corrupt)
}

/// The new message of a verification that was sent again.
fn queued(again: &NewSend) -> MessageSummary {
    MessageSummary {
        id: again.message.id,
        status: MessageStatus::Queued,
        provider: None,
        fallback: false,
        error: None,
    }
}

pub(super) fn month(limit: MonthlyLimit) -> OffsetDateTime {
    limit.month.to_offset_date_time()
}

/// The counters that refuse a send, each with the end of its window.
struct Standing {
    locked_until: Option<OffsetDateTime>,
    hour_resets_at: Option<OffsetDateTime>,
    day_resets_at: Option<OffsetDateTime>,
    address_resets_at: Option<OffsetDateTime>,
    quota_exhausted: bool,
}

impl Standing {
    /// The refusal that lasts longest; a lock before any limit, and the quota last.
    fn refusal(&self) -> Option<SendRefusal> {
        if let Some(until) = self.locked_until {
            return Some(SendRefusal::RecipientLocked {
                until: Timestamp::new(until),
            });
        }
        let windows = [
            (LimitName::IpHour, self.address_resets_at),
            (LimitName::RecipientDay, self.day_resets_at),
            (LimitName::RecipientHour, self.hour_resets_at),
        ];
        let used_up = windows
            .into_iter()
            .filter_map(|(limit, end)| end.map(|end| (limit, end)));
        if let Some((limit, end)) = used_up.max_by_key(|(_, end)| *end) {
            return Some(SendRefusal::Throttled {
                limit,
                resets_at: Timestamp::new(end),
            });
        }
        self.quota_exhausted.then_some(SendRefusal::QuotaExhausted)
    }
}
