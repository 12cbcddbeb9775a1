//! `/admin/v1/environments/{env}/usage/sms`: the month's test quota.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::InEnvironment;
use crate::domain::time::Timestamp;
use crate::http::auth::Administrator;
use crate::http::extract::Json;
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::store::outbox::MonthlyCounter;

/// How much of the test quota is used.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SmsUsage)]
pub struct UsageView {
    /// The calendar month (UTC).
    #[schema(example = "2026-11", pattern = "^[0-9]{4}-[0-9]{2}$")]
    month: String,
    /// Messages so far.
    used: u32,
    /// How many there may be.
    limit: u32,
    /// The first moment of the next month.
    resets_at: Timestamp,
}

/// Reads how much of the month's test quota is used.
///
/// It counts the text messages that the platform's sender carries. With an account of the environment's own there is no such
/// limit.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/usage/sms", tag = "messages",
    responses((status = 200, description = "The usage", body = UsageView)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read_sms_usage(
    State(services): State<Arc<Services>>,
    _: Administrator,
    InEnvironment(held): InEnvironment,
) -> Result<Json<UsageView>, Problem> {
    let now = services.clock.estimate();
    let month = now.month_start();
    let used = services
        .store
        .used(held.id(), MonthlyCounter::TestQuota, month)
        .await?;
    Ok(Json(UsageView {
        month: month.to_string().chars().take(7).collect(),
        used,
        limit: services.dispatcher.platform().monthly_test_quota,
        resets_at: now.next_month_start(),
    }))
}
