//! API keys on the wire: shown whole in the one answer that made them, and by their ends in lists.

use serde::Serialize;
use utoipa::ToSchema;

use crate::document::Draft;
use crate::domain::environment::KeyRecord;
use crate::domain::id::KeyId;
use crate::domain::time::Timestamp;
use crate::http::etag::{Created, Tagged};
use crate::http::extract::Json;
use crate::http::page::{Page, PageQuery, Window};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::service::administration::{KeyOwner, ListedKey, MadeKey};

/// A key is made and revoked, and never changed between.
pub const VERSION: i64 = 1;

/// An API key.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct KeyView {
    id: KeyId,
    /// Its name for people.
    name: String,
    /// What the key begins with.
    #[schema(example = "otpost_sk_")]
    prefix: String,
    /// What it ends with.
    #[schema(min_length = 4, max_length = 4)]
    last_four: String,
    created_at: Timestamp,
    /// When it was last used, to about a minute; `null` before its first use.
    #[schema(required)]
    last_used_at: Option<Timestamp>,
    /// The key itself, only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    key: Option<String>,
}

impl KeyView {
    fn of(record: &KeyRecord, last_used_at: Option<Timestamp>) -> Self {
        Self {
            id: record.id,
            name: record.name.as_str().to_owned(),
            prefix: record.prefix.clone(),
            last_four: record.last_four.clone(),
            created_at: record.created_at,
            last_used_at,
            key: None,
        }
    }
}

/// A page of the keys of `owner`. What was used through this process is known to the moment.
pub async fn page(
    services: &Services,
    owner: KeyOwner,
    query: Draft<PageQuery<KeyId>>,
) -> Result<Json<Page<KeyView>>, Problem> {
    services.last_used.flush(&services.store, &services.clock).await;
    let window = Window::of(query)?;
    let fetched = window.to_fetch() as usize;
    let listed = services
        .administration
        .list_keys(owner, window.after, fetched)
        .await?;
    let view = |key: ListedKey| KeyView::of(&key.record, key.last_used_at);
    Ok(Json(Page::fetched(listed, &window, |key| key.record.id, view)))
}

/// The answer that shows a key; `list` is where it is listed.
pub fn made(made: &MadeKey, list: &str) -> Created<KeyView> {
    let key = made.key.expose().to_owned();
    Created {
        location: format!("{list}/{}", made.record.id),
        resource: Tagged {
            version: VERSION,
            body: KeyView {
                key: Some(key),
                ..KeyView::of(&made.record, None)
            },
        },
    }
}
