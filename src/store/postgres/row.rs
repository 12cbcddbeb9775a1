//! Reading rows: every column into the domain's own type. What cannot be is told by table, column and row.

use std::sync::Arc;

use sqlx::types::Uuid;
use time::OffsetDateTime;

use super::StoreError;
use super::fault::corrupt;
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId, MessageId, VerificationId};
use crate::domain::idempotency::KeyedHash;
use crate::domain::limit::{self, Counters, MonthlyLimit, Window};
use crate::domain::locale::LanguageTag;
use crate::domain::message::{Channel, Failure, FailureCode, MessageStatus, MessageSummary, Provider};
use crate::domain::time::Timestamp;
use crate::domain::verification::{Purpose, Verification};
use crate::store::verification::{SendLimits, SendRefusal, StoredVerification};

/// The columns of a verification, as every statement that reads one names them.
pub(super) struct VerificationRow {
    pub(super) id: Uuid,
    pub(super) environment_id: Uuid,
    pub(super) application_id: Uuid,
    pub(super) connection_id: Uuid,
    pub(super) purpose: String,
    pub(super) channel: String,
    pub(super) recipient_key: Vec<u8>,
    pub(super) sealed_recipient: Vec<u8>,
    pub(super) masked_recipient: String,
    pub(super) locale: Option<String>,
    pub(super) sealed_code: Option<Vec<u8>>,
    pub(super) max_guesses: i16,
    pub(super) wrong_guesses: i16,
    pub(super) max_sends: i16,
    pub(super) sends: i16,
    pub(super) created_at: OffsetDateTime,
    pub(super) expires_at: OffsetDateTime,
    pub(super) resend_at: OffsetDateTime,
    pub(super) verified_at: Option<OffsetDateTime>,
    pub(super) canceled_at: Option<OffsetDateTime>,
}

/// Takes the columns of a verification out of the record of any statement that has them.
macro_rules! verification_row {
    ($record:expr) => {
        $crate::store::postgres::row::VerificationRow {
            id: $record.id,
            environment_id: $record.environment_id,
            application_id: $record.application_id,
            connection_id: $record.connection_id,
            purpose: $record.purpose,
            channel: $record.channel,
            recipient_key: $record.recipient_key,
            sealed_recipient: $record.sealed_recipient,
            masked_recipient: $record.masked_recipient,
            locale: $record.locale,
            sealed_code: $record.sealed_code,
            max_guesses: $record.max_guesses,
            wrong_guesses: $record.wrong_guesses,
            max_sends: $record.max_sends,
            sends: $record.sends,
            created_at: $record.created_at,
            expires_at: $record.expires_at,
            resend_at: $record.resend_at,
            verified_at: $record.verified_at,
            canceled_at: $record.canceled_at,
        }
    };
}
pub(super) use verification_row;

impl VerificationRow {
    /// The verification with its newest message.
    pub(super) fn verification(self, message: MessageSummary) -> Result<Verification, StoreError> {
        let id = VerificationId(self.id);
        let of = |column| corrupt("verifications", column, id);
        let count = |column, value: i16| u8::try_from(value).map_err(|_| of(column));
        Ok(Verification {
            id,
            connection_id: ConnectionId(self.connection_id),
            channel: Channel::parse(&self.channel).ok_or_else(|| of("channel"))?,
            masked_recipient: self.masked_recipient,
            purpose: Purpose::parse(&self.purpose).ok_or_else(|| of("purpose"))?,
            created_at: Timestamp::new(self.created_at),
            expires_at: Timestamp::new(self.expires_at),
            max_guesses: count("max_guesses", self.max_guesses)?,
            wrong_guesses: count("wrong_guesses", self.wrong_guesses)?,
            max_sends: count("max_sends", self.max_sends)?,
            sends: count("sends", self.sends)?,
            resend_at: Timestamp::new(self.resend_at),
            verified_at: self.verified_at.map(Timestamp::new),
            canceled_at: self.canceled_at.map(Timestamp::new),
            message,
        })
    }

    /// The verification with what sending it again takes.
    pub(super) fn stored(mut self, message: MessageSummary) -> Result<StoredVerification, StoreError> {
        let id = VerificationId(self.id);
        let of = |column| corrupt("verifications", column, id);
        let recipient_key = KeyedHash::try_from(&self.recipient_key[..]);
        let locale = self.locale.take().map(|tag| LanguageTag::parse(&tag)).transpose();
        Ok(StoredVerification {
            environment_id: EnvironmentId(self.environment_id),
            application_id: ApplicationId(self.application_id),
            recipient_key: recipient_key.map_err(|_| of("recipient_key"))?,
            sealed_recipient: std::mem::take(&mut self.sealed_recipient),
            locale: locale.map_err(|_| of("locale"))?,
            sealed_code: self.sealed_code.take(),
            verification: self.verification(message)?,
        })
    }
}

/// The error for what a statement left alone as unreadable, and that could be read all the same.
pub(super) fn left_alone(verification: &Verification) -> StoreError {
    corrupt("verifications", "id", verification.id)
}

/// The columns of a message that callers see. All are `None` where a join found no message.
pub(super) struct SummaryRow {
    pub(super) id: Uuid,
    pub(super) status: Option<String>,
    pub(super) provider: Option<String>,
    pub(super) fallback: Option<bool>,
    pub(super) error_code: Option<String>,
    pub(super) error_detail: Option<String>,
}

/// Takes the columns of a message out of the record of any statement that has them.
macro_rules! summary_row {
    ($record:expr, $id:expr) => {
        $crate::store::postgres::row::SummaryRow {
            id: $id,
            status: $record.status.take(),
            provider: $record.provider.take(),
            fallback: $record.fallback,
            error_code: $record.error_code.take(),
            error_detail: $record.error_detail.take(),
        }
    };
}
pub(super) use summary_row;

impl SummaryRow {
    pub(super) fn summary(self) -> Result<MessageSummary, StoreError> {
        let id = MessageId(self.id);
        let of = |column| corrupt("messages", column, id);
        let status = self.status.as_deref().and_then(MessageStatus::parse);
        let provider = self
            .provider
            .as_deref()
            .map(|name| Provider::parse(name).ok_or_else(|| of("provider")));
        let code = self
            .error_code
            .as_deref()
            .map(|name| FailureCode::parse(name).ok_or_else(|| of("error_code")));
        let detail = self.error_detail.unwrap_or_default();
        Ok(MessageSummary {
            id,
            status: status.ok_or_else(|| of("status"))?,
            provider: provider.transpose()?,
            fallback: self.fallback.unwrap_or(false),
            error: code.transpose()?.map(|code| Failure { code, detail }),
        })
    }
}

/// The counters of a recipient, as an outer join gives them; all are `None` where there is no row.
#[derive(Default)]
pub(super) struct CounterColumns {
    pub(super) hour: (Option<OffsetDateTime>, Option<i32>),
    pub(super) day: (Option<OffsetDateTime>, Option<i32>),
    pub(super) guesses: (Option<OffsetDateTime>, Option<i32>),
}

/// Takes a recipient's counters out of the record of any statement that has them.
macro_rules! counter_columns {
    ($record:expr) => {
        $crate::store::postgres::row::CounterColumns {
            hour: ($record.hour_started_at, $record.hour_sends),
            day: ($record.day_started_at, $record.day_sends),
            guesses: ($record.guesses_started_at, $record.recipient_wrong_guesses),
        }
    };
}
pub(super) use counter_columns;

/// What was counted since a moment, as an outer join gives it.
pub(super) fn window((started_at, count): (Option<OffsetDateTime>, Option<i32>)) -> Option<Window> {
    Some(Window {
        started_at: Timestamp::new(started_at?),
        count: u32::try_from(count?).unwrap_or(0),
    })
}

impl CounterColumns {
    pub(super) fn counters(&self) -> Option<Counters> {
        Some(Counters {
            hour: window(self.hour)?,
            day: window(self.day)?,
            guesses: window(self.guesses)?,
        })
    }
}

/// What a statement found that a send is counted against.
pub(super) struct FoundLimits {
    pub(super) recipient: Option<Counters>,
    /// Of the end user's address.
    pub(super) hour: Option<Window>,
    pub(super) quota_used: Option<i32>,
}

impl FoundLimits {
    pub(super) fn refusal(
        &self,
        limits: &SendLimits,
        quota: Option<MonthlyLimit>,
        now: Timestamp,
    ) -> Option<SendRefusal> {
        let used = u32::try_from(self.quota_used.unwrap_or(0)).unwrap_or(0);
        let quota_left = quota.is_none_or(|quota| used < quota.limit);
        limit::refusal(self.recipient, self.hour, quota_left, limits, now)
    }
}

/// Takes what a send is counted against out of the record of either statement.
macro_rules! found_limits {
    ($record:expr) => {
        $crate::store::postgres::row::FoundLimits {
            recipient: $crate::store::postgres::row::counter_columns!($record).counters(),
            hour: $crate::store::postgres::row::window(($record.ip_hour_started_at, $record.ip_hour_sends)),
            quota_used: $record.quota_used,
        }
    };
}
pub(super) use found_limits;

/// Something of each operation of a batch.
pub(super) fn column<'b, O, T>(batch: &'b [Arc<O>], of: impl Fn(&'b O) -> T) -> Vec<T> {
    batch.iter().map(|operation| of(operation)).collect()
}

/// Rows that an answer has no more than one of for each operation of a batch, by the operation's place.
pub(super) fn by_place<R>(batch: usize, rows: Vec<R>, number: impl Fn(&R) -> i32) -> Vec<Option<R>> {
    let mut places: Vec<_> = std::iter::repeat_with(|| None).take(batch).collect();
    for row in rows {
        let place = usize::try_from(number(&row) - 1).ok();
        if let Some(place) = place.and_then(|place| places.get_mut(place)) {
            *place = Some(row);
        }
    }
    places
}

/// Gives a struct the name of the schema's type whose attributes it has, in their order; several of it are bound as one array.
macro_rules! composite_type {
    ($row:ident, $name:literal) => {
        impl sqlx::Type<sqlx::Postgres> for $row<'_> {
            fn type_info() -> sqlx::postgres::PgTypeInfo {
                sqlx::postgres::PgTypeInfo::with_name($name)
            }
        }

        impl sqlx::postgres::PgHasArrayType for $row<'_> {
            fn array_type_info() -> sqlx::postgres::PgTypeInfo {
                sqlx::postgres::PgTypeInfo::array_of($name)
            }
        }
    };
}
pub(super) use composite_type;

/// A limit or count as the database's `integer`; what is beyond that is as good as the highest.
pub(super) fn integer(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The month that a monthly limit counts, as its counter's row has it.
pub(super) fn month(limit: MonthlyLimit) -> OffsetDateTime {
    limit.month.to_offset_date_time()
}
