//! `/admin/v1/environments/{env}/applications`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{InApplication, InEnvironment, application, environment};
use crate::domain::business::AutofillDomain;
use crate::domain::environment::{Application, ApplicationFields};
use crate::domain::id::ApplicationId;
use crate::domain::time::Timestamp;
use crate::http::auth::Administrator;
use crate::http::etag::{Created, IfMatch, Tagged};
use crate::http::extract::{Json, NoBody, Patch};
use crate::http::page::{Page, PageQuery, Window};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::service::directory::{Versioned, behind};

/// What changes.
pub type ApplicationPatch = Patch<ApplicationFields>;

/// An application.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Application)]
pub struct ApplicationView {
    id: ApplicationId,
    /// Its name for people.
    name: String,
    /// The domain that browsers may fill a code into by themselves.
    autofill_domain: Option<AutofillDomain>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl ApplicationView {
    fn of(application: &Application) -> Self {
        Self {
            id: application.id,
            name: application.fields.name.as_str().to_owned(),
            autofill_domain: application.fields.autofill_domain.clone(),
            created_at: application.created_at,
            updated_at: application.updated_at,
        }
    }
}

/// Lists the applications of an environment, oldest first.
///
/// An application is what calls the service: a website, an app, a backend.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/applications", tag = "applications",
    params(PageQuery<ApplicationId>),
    responses((status = 200, description = "A page", body = Page<ApplicationView>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn list_applications(
    _: Administrator,
    InEnvironment(held): InEnvironment,
    window: Window<ApplicationId>,
) -> Json<Page<ApplicationView>> {
    let behind = behind(&held.applications, window.after);
    let views = behind.map(|(_, application)| ApplicationView::of(&application.row));
    Json(Page::of(views, &window, |view| view.id))
}

/// Makes an application.
///
/// Every connection is off for it, and it has no keys yet.
#[utoipa::path(post, path = "/admin/v1/environments/{env}/applications", tag = "applications",
    request_body = ApplicationFields,
    responses((status = 201, description = "The application", body = ApplicationView,
        headers(("Location" = String, description = "The application"), ("ETag" = String, description = "Its version, for `If-Match`")))),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn create_application(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    InEnvironment(held): InEnvironment,
    Json(new): Json<ApplicationFields>,
) -> Result<Created<ApplicationView>, Problem> {
    let env = held.id();
    let app = services
        .administration
        .create_application(&actor, env, &new)
        .await?;
    Ok(Created {
        location: format!("/admin/v1/environments/{env}/applications/{app}"),
        resource: tagged(&application(&*environment(&services, env)?, app)?),
    })
}

/// Reads an application.
///
/// The `ETag` is the version that a change may be made conditional on.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/applications/{app}", tag = "applications",
    responses((status = 200, description = "The application", body = ApplicationView)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read_application(
    _: Administrator,
    InApplication(_environment, application): InApplication,
) -> Tagged<ApplicationView> {
    tagged(&application)
}

/// Changes an application's own fields.
///
/// A field that is absent stays as it is, and `null` clears the autofill domain.
#[utoipa::path(patch, path = "/admin/v1/environments/{env}/applications/{app}", tag = "applications",
    request_body(content = ApplicationPatch, example = json!({"autofill_domain": "acme.example.com"})),
    responses((status = 200, description = "The application", body = ApplicationView)),
    extensions(("x-problems" = json!(["not_found", "validation_failed", "precondition_failed"]))))]
pub async fn update_application(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    InApplication(held, before): InApplication,
    IfMatch(expected): IfMatch,
    Patch(patch): ApplicationPatch,
) -> Result<Tagged<ApplicationView>, Problem> {
    let (env, app) = (held.id(), before.row.id);
    services
        .administration
        .update_application(&actor, (env, app), &patch, &expected)
        .await?;
    Ok(tagged(&application(&*environment(&services, env)?, app)?))
}

/// Removes an application.
///
/// Its keys open nothing any more, its pending verifications are canceled, and its messages stay listed.
#[utoipa::path(delete, path = "/admin/v1/environments/{env}/applications/{app}", tag = "applications",
    responses((status = 204, description = "It is gone")),
    extensions(("x-problems" = json!(["invalid_request", "not_found", "precondition_failed"]))))]
pub async fn delete_application(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    InApplication(held, application): InApplication,
    IfMatch(expected): IfMatch,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    services
        .administration
        .delete_application(&actor, (held.id(), application.row.id), &expected)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn tagged(application: &Versioned<Arc<Application>>) -> Tagged<ApplicationView> {
    Tagged {
        version: application.version,
        body: ApplicationView::of(&application.row),
    }
}
