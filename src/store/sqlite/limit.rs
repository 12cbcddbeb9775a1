//! What is counted of recipients, addresses and months: read once for all operations of a batch, counted on in memory by the domain's
//! rules, and written once. All of it runs inside the writer's transaction, so that to read, decide and write is one step.

use std::collections::{HashMap, hash_map};

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::bulk::{Write, key_list};
use super::row::Fields;
use super::{StoreError, quota};
use crate::domain::id::EnvironmentId;
use crate::domain::idempotency::KeyedHash;
use crate::domain::limit::{Counters, SendLimits, SendRefusal, Window, refusal};
use crate::domain::policy::{DAY, HOUR};
use crate::domain::time::Timestamp;
use crate::store::Page;
use crate::store::outbox::{MonthlyCounter, MonthlyLimit};

/// A send that is to be counted.
pub(super) struct CountedSend {
    pub(super) environment_id: EnvironmentId,
    pub(super) recipient_key: KeyedHash,
    pub(super) ip_key: Option<KeyedHash>,
    pub(super) limits: SendLimits,
    pub(super) quota: Option<MonthlyLimit>,
    pub(super) now: Timestamp,
}

/// What was counted so far of those that a batch is about.
pub(super) struct Tally {
    counters: HashMap<KeyedHash, Entry>,
    months: HashMap<(EnvironmentId, MonthlyCounter, Timestamp), Month>,
}

/// What was counted by one key.
struct Entry {
    /// Or the column that holds something unreadable.
    counters: Result<Counters, &'static str>,
    is_changed: bool,
}

/// What was counted of one month.
struct Month {
    used: u32,
    reserved: u32,
}

const OF_KEYS: &str = "SELECT * FROM limit_counters WHERE key IN (SELECT unhex(value) FROM json_each(?1))";

const SAVE: Write = Write {
    before: "INSERT INTO limit_counters (key, hour_started_at, hour_sends, day_started_at, day_sends, guesses_started_at,
                                         wrong_guesses)
             VALUES",
    row: "(?, ?, ?, ?, ?, ?, ?)",
    after: "ON CONFLICT (key) DO UPDATE SET
                hour_started_at = excluded.hour_started_at, hour_sends = excluded.hour_sends,
                day_started_at = excluded.day_started_at, day_sends = excluded.day_sends,
                guesses_started_at = excluded.guesses_started_at, wrong_guesses = excluded.wrong_guesses",
};

impl Tally {
    /// Reads what was counted by `keys` and of the months that places are to be reserved in.
    pub(super) async fn load(
        db: &mut SqliteConnection,
        keys: Vec<KeyedHash>,
        quotas: Vec<(EnvironmentId, MonthlyLimit)>,
    ) -> Result<Self, StoreError> {
        let mut months = HashMap::new();
        for (environment, MonthlyLimit { counter, month, .. }) in quotas {
            if let hash_map::Entry::Vacant(place) = months.entry((environment, counter, month)) {
                let used = quota::used(&mut *db, environment, counter, month).await?;
                place.insert(Month { used, reserved: 0 });
            }
        }
        let rows = sqlx::query(OF_KEYS).bind(key_list(&keys)).fetch_all(db).await?;
        Ok(Self {
            counters: rows.iter().map(read_entry).collect::<Result<_, _>>()?,
            months,
        })
    }

    /// What was counted by a key, where anything was.
    pub(super) fn counted_by(&self, key: &KeyedHash) -> Result<Option<Counters>, StoreError> {
        let counters = self.counters.get(key).map(|entry| entry.counters);
        counters.transpose().map_err(|column| StoreError::Corrupt {
            table: "limit_counters",
            column,
            id: hex::encode(key),
        })
    }

    /// Changes what was counted by a key, from nothing where there is nothing.
    pub(super) fn change(
        &mut self,
        key: KeyedHash,
        now: Timestamp,
        change: impl FnOnce(&mut Counters),
    ) -> Result<(), StoreError> {
        let before = self.counted_by(&key)?.unwrap_or_else(|| Counters::empty(now));
        let mut after = before;
        change(&mut after);
        if after != before {
            let entry = Entry {
                counters: Ok(after),
                is_changed: true,
            };
            self.counters.insert(key, entry);
        }
        Ok(())
    }

    /// Counts a send against every limit, or answers why not and counts it against none.
    pub(super) fn count_send(&mut self, send: &CountedSend) -> Result<Option<SendRefusal>, StoreError> {
        let recipient = self.counted_by(&send.recipient_key)?;
        let address = match &send.ip_key {
            Some(key) => self.counted_by(key)?,
            None => None,
        };
        let mut month = send.quota.and_then(|limit| {
            let month = (send.environment_id, limit.counter, limit.month);
            Some((self.months.get_mut(&month)?, limit.limit))
        });
        let quota_left = match &month {
            Some((month, limit)) => month.used + month.reserved < *limit,
            None => true,
        };
        let address_hour = address.map(|address| address.hour);
        if let Some(refused) = refusal(recipient, address_hour, quota_left, &send.limits, send.now) {
            return Ok(Some(refused));
        }
        if let Some((month, _)) = &mut month {
            month.reserved += 1;
        }
        self.change(send.recipient_key, send.now, |counters| {
            counters.count_send(send.now);
        })?;
        if let Some(key) = send.ip_key {
            self.change(key, send.now, |counters| {
                counters.count_send_for_address(send.now);
            })?;
        }
        Ok(None)
    }

    /// Writes what has changed.
    pub(super) async fn save(&self, db: &mut SqliteConnection) -> Result<(), StoreError> {
        let changed = self.counters.iter().filter(|(_, entry)| entry.is_changed);
        let changed = changed.filter_map(|(key, entry)| Some((key, entry.counters.ok()?)));
        let mut changed: Vec<(&KeyedHash, Counters)> = changed.collect();
        // Neighbours on a page are written one after the other.
        changed.sort_unstable_by_key(|(key, _)| *key);
        SAVE.execute(&mut *db, &changed, |statement, (key, counters)| {
            statement
                .bind(&key[..])
                .bind(counters.hour.started_at.unix_micros())
                .bind(counters.hour.count)
                .bind(counters.day.started_at.unix_micros())
                .bind(counters.day.count)
                .bind(counters.guesses.started_at.unix_micros())
                .bind(counters.guesses.count)
        })
        .await?;
        for (&(environment, counter, month), &Month { reserved, .. }) in &self.months {
            if reserved > 0 {
                // The limits of the sends that take them have been asked.
                let limit = u32::MAX;
                let limit = MonthlyLimit {
                    counter,
                    month,
                    limit,
                };
                quota::take(environment, limit, reserved)
                    .execute(&mut *db)
                    .await?;
            }
        }
        Ok(())
    }
}

fn read_entry(row: &SqliteRow) -> Result<(KeyedHash, Entry), StoreError> {
    let key = Fields::of(row, "limit_counters", "a row").hash("key")?;
    let counters = read_counters(row, &key).map_err(|error| match error {
        StoreError::Corrupt { column, .. } => column,
        _ => "key",
    });
    let entry = Entry {
        counters,
        is_changed: false,
    };
    Ok((key, entry))
}

fn read_counters(row: &SqliteRow, key: &KeyedHash) -> Result<Counters, StoreError> {
    let fields = Fields::of(row, "limit_counters", hex::encode(key));
    let window = |started_at, count| {
        Ok::<_, StoreError>(Window {
            started_at: fields.time(started_at)?,
            count: fields.value(count)?,
        })
    };
    Ok(Counters {
        hour: window("hour_started_at", "hour_sends")?,
        day: window("day_started_at", "day_sends")?,
        guesses: window("guesses_started_at", "wrong_guesses")?,
    })
}

const PAGE: &str = "SELECT * FROM limit_counters WHERE key > ?1 ORDER BY key LIMIT ?2";

/// Removes those of the next `size` counters behind `after` whose windows have all ended.
pub(super) async fn remove_ended(
    db: &mut SqliteConnection,
    after: KeyedHash,
    now: Timestamp,
    size: u32,
) -> Result<Page, StoreError> {
    let query = sqlx::query(PAGE).bind(&after[..]).bind(size);
    let rows = query.fetch_all(&mut *db).await?;
    let mut last = None;
    let mut ended = Vec::new();
    for row in &rows {
        let (key, entry) = read_entry(row)?;
        if entry.counters.is_ok_and(|counters| has_ended(&counters, now)) {
            ended.push(key);
        }
        last = Some(key);
    }
    let query =
        sqlx::query("DELETE FROM limit_counters WHERE key IN (SELECT unhex(value) FROM json_each(?1))");
    let removed = query.bind(key_list(&ended)).execute(db).await?;
    let is_full = rows.len() >= usize::try_from(size).unwrap_or(usize::MAX);
    Ok(Page {
        removed: u32::try_from(removed.rows_affected()).unwrap_or(size),
        last: last.filter(|_| is_full),
    })
}

fn has_ended(counters: &Counters, now: Timestamp) -> bool {
    let windows = [
        (counters.hour, HOUR),
        (counters.day, DAY),
        (counters.guesses, DAY),
    ];
    windows
        .iter()
        .all(|(window, length)| window.at(now, *length).count == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::plan::plan_of;

    #[tokio::test]
    async fn counters_are_found_and_walked_along_their_key() {
        for (statement, along) in [(OF_KEYS, "(key=?)"), (PAGE, "(key>?)")] {
            let plan = plan_of(statement).await;
            assert!(
                plan.contains(&format!("limit_counters USING PRIMARY KEY {along}")),
                "{plan}"
            );
        }
    }
}
