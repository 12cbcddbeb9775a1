//! The first start on an empty database: one environment with one application, both connections switched on, and the two
//! keys. Of several processes that start together exactly one makes them.

use std::sync::Arc;

use super::actor::Actor;
use super::declaration::{self, Plan};
use super::directory::change::Change;
use super::directory::{self, Contents, EnvironmentSnapshot};
use crate::domain::api_key::{ApiKey, KeyKind};
use crate::domain::business::{BusinessName, BusinessUrl};
use crate::domain::environment::{Application, Connection, Environment, KeyRecord};
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId, KeyId};
use crate::domain::keyring::KeyRing;
use crate::domain::locale::LanguageTag;
use crate::domain::phone::Country;
use crate::domain::random::Random;
use crate::domain::time::Timestamp;
use crate::store::directory::Commit;
use crate::store::{SharedStore, StoreError};

/// What the operator has to say about it.
pub struct Wishes {
    /// The application's key; drawn where none is given.
    pub application_key: Option<ApiKey>,
    /// The administrator's key; drawn where none is given.
    pub admin_key: Option<ApiKey>,
    /// The business, as emails name it.
    pub business_name: BusinessName,
    /// The business's address.
    pub business_url: BusinessUrl,
    /// The country of national numbers.
    pub default_country: Option<Country>,
    /// The language of messages whose request names none.
    pub default_locale: LanguageTag,
}

/// What was made, to be shown once.
pub struct Welcome {
    /// The application's key, unless it was given.
    pub application_key: Option<ApiKey>,
    /// The administrator's key, unless it was given.
    pub admin_key: Option<ApiKey>,
    /// The connection for phone numbers.
    pub phone_connection: ConnectionId,
    /// The connection for email addresses.
    pub email_connection: ConnectionId,
}

/// What the first start writes and shows, before it is written.
pub struct Founding {
    /// The first environment, with its application and the application's key, and what a file adds.
    environments: Vec<EnvironmentSnapshot>,
    admin_key: KeyRecord,
    welcome: Welcome,
}

impl Founding {
    /// The environments that are made.
    #[must_use]
    pub fn environments(&self) -> &[EnvironmentSnapshot] {
        &self.environments
    }

    /// Makes what a file makes of them instead.
    pub fn refine(&mut self, plan: &Plan) {
        for planned in &plan.environments {
            self.environments.retain(|held| held.id() != planned.id());
            self.environments.push(planned.clone());
        }
    }

    /// Makes the first environment; `None` where there is one already.
    pub async fn carry_out(
        self,
        store: &SharedStore,
        keys: &KeyRing,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Option<Welcome>, StoreError> {
        let held = directory::read(store, keys).await?;
        if !held.is_empty() {
            return Ok(None);
        }
        let actor = Actor::default();
        let mut change = Change::by(&actor, keys, random, now);
        for environment in &self.environments {
            declaration::create(&mut change, environment)?;
        }
        change.create_key(None, &self.admin_key)?;
        // Whoever was quicker has made an environment with the same code, or an administrator's key.
        let commit = change.commit(store, held.revision()).await?;
        Ok((commit == Commit::Committed).then_some(self.welcome))
    }
}

/// Draws up the first environment.
pub fn draw_up(random: &dyn Random, now: Timestamp, wishes: Wishes) -> Founding {
    let environment_id = EnvironmentId::time_ordered(random, now);
    let [phone, email] = Connection::of_new_environment(random, environment_id);
    let application = Application {
        id: ApplicationId::time_ordered(random, now),
        environment_id,
        name: "default".to_owned(),
        autofill_domain: None,
        connections: vec![phone.id, email.id],
        created_at: now,
        updated_at: now,
    };
    let given = (wishes.application_key.is_some(), wishes.admin_key.is_some());
    let application_key = wishes
        .application_key
        .unwrap_or_else(|| ApiKey::generate(random, KeyKind::Application));
    let admin_key = wishes
        .admin_key
        .unwrap_or_else(|| ApiKey::generate(random, KeyKind::Administrator));
    let (phone_connection, email_connection) = (phone.id, email.id);
    let mut contents = Contents::of_new(vec![phone, email]);
    let key = record(random, now, &application_key, Some(application.id));
    contents.keys.insert_mut(key.id, Arc::new(key));
    contents.put_application(0, application);
    let environment = Environment {
        id: environment_id,
        code: "default".to_owned(),
        name: "Default".to_owned(),
        business_name: wishes.business_name,
        business_url: wishes.business_url,
        default_country: wishes.default_country,
        default_locale: wishes.default_locale,
        created_at: now,
        updated_at: now,
    };
    Founding {
        environments: vec![EnvironmentSnapshot::new(environment, contents)],
        admin_key: record(random, now, &admin_key, None),
        welcome: Welcome {
            application_key: (!given.0).then_some(application_key),
            admin_key: (!given.1).then_some(admin_key),
            phone_connection,
            email_connection,
        },
    }
}

fn record(
    random: &dyn Random,
    now: Timestamp,
    key: &ApiKey,
    application_id: Option<ApplicationId>,
) -> KeyRecord {
    let id = KeyId::time_ordered(random, now);
    KeyRecord::of(key, id, "first key".to_owned(), application_id, now)
}
