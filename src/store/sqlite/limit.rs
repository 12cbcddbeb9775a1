//! Counting sends and guesses of a recipient and sends for an end user's address. A window begins with the first event
//! counted in it; all of this runs inside the writer's transaction, so that to read, compare and write is one step.

use std::time::Duration;

use sqlx::SqliteConnection;

use super::row::Fields;
use super::{StoreError, fault, quota};
use crate::domain::id::EnvironmentId;
use crate::domain::policy::{DAY, HOUR};
use crate::domain::time::Timestamp;
use crate::store::outbox::MonthlyLimit;
use crate::store::verification::{LimitName, SendLimits, SendRefusal};

/// A send that is to be counted.
pub(super) struct CountedSend<'a> {
    pub(super) environment_id: EnvironmentId,
    pub(super) recipient_key: &'a str,
    pub(super) ip_key: Option<&'a str>,
    pub(super) limits: SendLimits,
    pub(super) quota: Option<MonthlyLimit>,
    pub(super) now: Timestamp,
}

/// Counts a send against every limit, or answers why not and counts it against none.
pub(super) async fn count_send(
    db: &mut SqliteConnection,
    send: &CountedSend<'_>,
) -> Result<Option<SendRefusal>, StoreError> {
    let (environment, now, limits) = (send.environment_id, send.now, send.limits);
    let mut recipient = RecipientCounters::load(db, environment, send.recipient_key, now).await?;
    if let Some(until) = recipient.locked_until(limits.guesses_per_day, now) {
        return Ok(Some(SendRefusal::RecipientLocked { until }));
    }
    let mut address = match send.ip_key {
        Some(ip_key) => Some((ip_key, load_address(db, environment, ip_key, now).await?)),
        None => None,
    };
    let mut windows = vec![
        (
            LimitName::RecipientHour,
            &mut recipient.hour,
            HOUR,
            limits.per_hour,
        ),
        (LimitName::RecipientDay, &mut recipient.day, DAY, limits.per_day),
    ];
    if let Some((_, window)) = &mut address {
        windows.push((LimitName::IpHour, window, HOUR, limits.ip_per_hour));
    }
    let mut longest: Option<(LimitName, Timestamp)> = None;
    for (limit, window, length, most) in &mut windows {
        window.begin_if_over(*length, now);
        let resets_at = window.started_at + *length;
        if window.count >= *most && longest.is_none_or(|(_, other)| other < resets_at) {
            longest = Some((*limit, resets_at));
        }
        window.count += 1;
    }
    if let Some((limit, resets_at)) = longest {
        return Ok(Some(SendRefusal::Throttled { limit, resets_at }));
    }
    if let Some(quota) = send.quota
        && !quota::reserve(db, environment, quota).await?
    {
        return Ok(Some(SendRefusal::QuotaExhausted));
    }
    recipient.save(db, environment, send.recipient_key, now).await?;
    if let Some((ip_key, window)) = address {
        save_address(db, environment, ip_key, window).await?;
    }
    Ok(None)
}

/// When the recipient may be guessed at again; `None` when it may be now.
pub(super) async fn locked_until(
    db: &mut SqliteConnection,
    environment: EnvironmentId,
    recipient_key: &str,
    guesses_per_day: u32,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let recipient = RecipientCounters::load(db, environment, recipient_key, now).await?;
    Ok(recipient.locked_until(guesses_per_day, now))
}

/// Counts a wrong guess.
pub(super) async fn count_wrong_guess(
    db: &mut SqliteConnection,
    environment: EnvironmentId,
    recipient_key: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut recipient = RecipientCounters::load(db, environment, recipient_key, now).await?;
    recipient.guesses.begin_if_over(DAY, now);
    recipient.guesses.count += 1;
    recipient.save(db, environment, recipient_key, now).await
}

/// Forgets the wrong guesses.
pub(super) async fn clear_wrong_guesses(
    db: &mut SqliteConnection,
    environment: EnvironmentId,
    recipient_key: &str,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE recipients SET wrong_guesses = 0 WHERE environment_id = ?1 AND recipient_key = ?2")
        .bind(environment.0)
        .bind(recipient_key)
        .execute(db)
        .await
        .map_err(fault)?;
    Ok(())
}

/// Gives back the places that a send made at `counted_at` took, where the windows that counted it still stand.
pub(super) async fn give_back(
    db: &mut SqliteConnection,
    environment: EnvironmentId,
    recipient_key: &str,
    counted_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut recipient = RecipientCounters::load(db, environment, recipient_key, now).await?;
    recipient.hour.give_back(counted_at);
    recipient.day.give_back(counted_at);
    recipient.save(db, environment, recipient_key, now).await
}

#[derive(Debug, Clone, Copy)]
struct Window {
    started_at: Timestamp,
    count: u32,
}

impl Window {
    fn empty(now: Timestamp) -> Self {
        Self {
            started_at: now,
            count: 0,
        }
    }

    fn is_over(self, length: Duration, now: Timestamp) -> bool {
        self.count == 0 || self.started_at + length <= now
    }

    fn begin_if_over(&mut self, length: Duration, now: Timestamp) {
        if self.is_over(length, now) {
            *self = Self::empty(now);
        }
    }

    fn give_back(&mut self, counted_at: Timestamp) {
        if self.started_at <= counted_at {
            self.count = self.count.saturating_sub(1);
        }
    }
}

struct RecipientCounters {
    hour: Window,
    day: Window,
    guesses: Window,
}

impl RecipientCounters {
    fn locked_until(&self, guesses_per_day: u32, now: Timestamp) -> Option<Timestamp> {
        let used_up = self.guesses.count >= guesses_per_day && !self.guesses.is_over(DAY, now);
        used_up.then(|| self.guesses.started_at + DAY)
    }

    async fn load(
        db: &mut SqliteConnection,
        environment: EnvironmentId,
        recipient_key: &str,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let row = sqlx::query(
            "SELECT hour_started_at, hour_sends, day_started_at, day_sends, guesses_started_at, wrong_guesses
             FROM recipients WHERE environment_id = ?1 AND recipient_key = ?2",
        )
        .bind(environment.0)
        .bind(recipient_key)
        .fetch_optional(db)
        .await
        .map_err(fault)?;
        let Some(row) = row else {
            let window = Window::empty(now);
            return Ok(Self {
                hour: window,
                day: window,
                guesses: window,
            });
        };
        // The key is the full recipient, which no error may show.
        let fields = Fields::of(&row, "recipients", environment);
        let window = |started_at, count| {
            Ok(Window {
                started_at: fields.time(started_at)?,
                count: fields.value(count)?,
            })
        };
        Ok(Self {
            hour: window("hour_started_at", "hour_sends")?,
            day: window("day_started_at", "day_sends")?,
            guesses: window("guesses_started_at", "wrong_guesses")?,
        })
    }

    async fn save(
        &self,
        db: &mut SqliteConnection,
        environment: EnvironmentId,
        recipient_key: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO recipients (environment_id, recipient_key, hour_started_at, hour_sends, day_started_at,
                                     day_sends, guesses_started_at, wrong_guesses, touched_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (environment_id, recipient_key) DO UPDATE SET
                 hour_started_at = excluded.hour_started_at, hour_sends = excluded.hour_sends,
                 day_started_at = excluded.day_started_at, day_sends = excluded.day_sends,
                 guesses_started_at = excluded.guesses_started_at, wrong_guesses = excluded.wrong_guesses,
                 touched_at = excluded.touched_at",
        )
        .bind(environment.0)
        .bind(recipient_key)
        .bind(self.hour.started_at.unix_micros())
        .bind(self.hour.count)
        .bind(self.day.started_at.unix_micros())
        .bind(self.day.count)
        .bind(self.guesses.started_at.unix_micros())
        .bind(self.guesses.count)
        .bind(now.unix_micros())
        .execute(db)
        .await
        .map_err(fault)?;
        Ok(())
    }
}

async fn load_address(
    db: &mut SqliteConnection,
    environment: EnvironmentId,
    ip_key: &str,
    now: Timestamp,
) -> Result<Window, StoreError> {
    let row = sqlx::query(
        "SELECT hour_started_at, hour_sends FROM end_user_addresses WHERE environment_id = ?1 AND ip_key = ?2",
    )
    .bind(environment.0)
    .bind(ip_key)
    .fetch_optional(db)
    .await
    .map_err(fault)?;
    let Some(row) = row else {
        return Ok(Window::empty(now));
    };
    let fields = Fields::of(&row, "end_user_addresses", environment);
    Ok(Window {
        started_at: fields.time("hour_started_at")?,
        count: fields.value("hour_sends")?,
    })
}

async fn save_address(
    db: &mut SqliteConnection,
    environment: EnvironmentId,
    ip_key: &str,
    window: Window,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO end_user_addresses (environment_id, ip_key, hour_started_at, hour_sends)
         VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (environment_id, ip_key) DO UPDATE SET
             hour_started_at = excluded.hour_started_at, hour_sends = excluded.hour_sends",
    )
    .bind(environment.0)
    .bind(ip_key)
    .bind(window.started_at.unix_micros())
    .bind(window.count)
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}
