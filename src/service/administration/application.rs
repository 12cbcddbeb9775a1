//! Applications of an environment, and the connections that are switched on for each.

use super::{Actor, Administration, ChangeError, Expected};
use crate::document::Patch;
use crate::domain::environment::{Application, ApplicationFields};
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId};
use crate::service::directory::EnvironmentSnapshot;
use crate::service::directory::change::Change;

impl Administration {
    /// Makes an application. Every connection is off for it.
    pub async fn create_application(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        new: &ApplicationFields,
    ) -> Result<ApplicationId, ChangeError> {
        self.change_environment(actor, id, |_, change| {
            let made = Application::new(&*self.parts.random, change.at(), id, new.clone());
            change.put_application(None, &made)?;
            Ok(made.id)
        })
        .await
    }

    /// Changes an application's own fields.
    pub async fn update_application(
        &self,
        actor: &Actor,
        of: (EnvironmentId, ApplicationId),
        patch: &Patch<ApplicationFields>,
        expected: &Expected,
    ) -> Result<(), ChangeError> {
        self.change_application(actor, of, expected, |_, before, change| {
            let after = Application {
                fields: patch.apply(&before.fields).finish()?,
                ..before.clone()
            };
            Ok(change.put_application(Some(before), &after)?)
        })
        .await
    }

    /// Removes an application with its keys. Its pending verifications are canceled; its messages stay listed.
    pub async fn delete_application(
        &self,
        actor: &Actor,
        of: (EnvironmentId, ApplicationId),
        expected: &Expected,
    ) -> Result<(), ChangeError> {
        self.change_application(actor, of, expected, |environment, before, change| {
            change.delete_application(environment, before);
            Ok(())
        })
        .await?;
        self.clear_removed().await;
        Ok(())
    }

    /// Switches a connection of the environment on or off for one of its applications. Nothing is changed, and nothing
    /// audited, where it was so before.
    pub async fn switch_connection(
        &self,
        actor: &Actor,
        of: (EnvironmentId, ApplicationId),
        connection: ConnectionId,
        on: bool,
    ) -> Result<(), ChangeError> {
        self.change_application(actor, of, &Expected::Any, |environment, before, change| {
            environment.connection(connection).ok_or(ChangeError::NotFound)?;
            let mut after = before.clone();
            if !on {
                after.connections.retain(|held| *held != connection);
            } else if !after.connections.contains(&connection) {
                after.connections.push(connection);
            }
            Ok(change.put_application(Some(before), &after)?)
        })
        .await
    }

    async fn change_application(
        &self,
        actor: &Actor,
        (environment, id): (EnvironmentId, ApplicationId),
        expected: &Expected,
        decide: impl Fn(&EnvironmentSnapshot, &Application, &mut Change<'_>) -> Result<(), ChangeError>
        + Send
        + Sync,
    ) -> Result<(), ChangeError> {
        self.change_environment(actor, environment, |environment, change| {
            let before = environment.application(id).ok_or(ChangeError::NotFound)?;
            expected.check(before.version)?;
            decide(environment, &before.row, change)
        })
        .await
    }
}
