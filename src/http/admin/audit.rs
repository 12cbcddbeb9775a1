//! `/admin/v1/environments/{env}/audit` and `/admin/v1/audit`: who changed what, when and from where.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::InEnvironment;
use crate::domain::id::{AuditId, EnvironmentId, KeyId};
use crate::domain::time::Timestamp;
use crate::http::auth::Administrator;
use crate::http::extract::Json;
use crate::http::page::{Page, PageQuery, Window};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::store::audit::{AuditEntry, AuditScope};

/// A change that was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditEntryView {
    id: AuditId,
    /// When it was made.
    at: Timestamp,
    /// The environment it was made in; `null` for what belongs to none, such as an administrator's key.
    environment_id: Option<EnvironmentId>,
    /// Who made it; `null` for the service itself and its command line.
    actor: Option<AuditActor>,
    /// What was done, such as `settings.sms.update`.
    #[schema(example = "settings.sms.update")]
    action: String,
    /// The id of what was changed.
    #[schema(example = "env_0191c6f2a1b37c0e9d1b5d2c8f3e4a5b")]
    target: String,
    /// What it was before and after; of a secret only whether it was changed, and its hint.
    #[schema(value_type = Object)]
    changes: Value,
    /// The address it came from.
    #[schema(example = "127.0.0.1")]
    remote_address: Option<String>,
}

/// Whose key a change was made with.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditActor {
    key_id: KeyId,
    /// The key's name for people; `null` where nothing is known of the key any more.
    name: Option<String>,
}

/// Lists the changes in an environment, newest first.
///
/// Who changed what, when and from where. Of secrets only that they were changed.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/audit", tag = "audit log",
    params(PageQuery<AuditId>),
    responses((status = 200, description = "A page", body = Page<AuditEntryView>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn list_audit_entries(
    State(services): State<Arc<Services>>,
    _: Administrator,
    InEnvironment(held): InEnvironment,
    window: Window<AuditId>,
) -> Result<Json<Page<AuditEntryView>>, Problem> {
    page(&services, AuditScope::Environment(held.id()), window).await
}

/// Lists the changes in the whole installation, newest first.
///
/// In every environment, in those that are gone, and in none.
#[utoipa::path(get, path = "/admin/v1/audit", tag = "audit log",
    params(PageQuery<AuditId>),
    responses((status = 200, description = "A page", body = Page<AuditEntryView>)),
    extensions(("x-problems" = json!(["validation_failed"]))))]
pub async fn list_all_audit_entries(
    State(services): State<Arc<Services>>,
    _: Administrator,
    window: Window<AuditId>,
) -> Result<Json<Page<AuditEntryView>>, Problem> {
    page(&services, AuditScope::Installation, window).await
}

async fn page(
    services: &Services,
    scope: AuditScope,
    window: Window<AuditId>,
) -> Result<Json<Page<AuditEntryView>>, Problem> {
    let found = services
        .store
        .list_audit_entries(scope, window.after, window.to_fetch())
        .await?;
    let views = found.into_iter().map(AuditEntryView::of);
    Ok(Json(Page::of(views, &window, |view| view.id)))
}

impl AuditEntryView {
    fn of(entry: AuditEntry) -> Self {
        Self {
            id: entry.id,
            at: entry.at,
            environment_id: entry.environment_id,
            actor: entry.key_id.map(|key_id| AuditActor {
                key_id,
                name: entry.key_name,
            }),
            action: entry.action,
            target: entry.target,
            changes: serde_json::from_str(&entry.changes).unwrap_or_default(),
            remote_address: entry.remote_address,
        }
    }
}
