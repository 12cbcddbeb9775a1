//! Applications of an environment, and the connections that are switched on for each.

use super::{Actor, Administration, ApplicationPatch, ChangeError, Expected, NewApplication, environment};
use crate::domain::environment::Application;
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId};

impl Administration {
    /// Makes an application. Every connection is off for it.
    pub async fn create_application(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        new: &NewApplication,
    ) -> Result<ApplicationId, ChangeError> {
        self.change(actor, |held, change| {
            environment(held, id)?;
            let made = ApplicationId::time_ordered(&*self.random, change.at());
            let application = new.read(id, made, change.at()).map_err(ChangeError::Invalid)?;
            change.put_application(None, &application)?;
            Ok(made)
        })
        .await
    }

    /// Changes an application's own fields.
    pub async fn update_application(
        &self,
        actor: &Actor,
        (environment_id, id): (EnvironmentId, ApplicationId),
        patch: &ApplicationPatch,
        expected: Expected,
    ) -> Result<(), ChangeError> {
        self.change(actor, |held, change| {
            let environment = environment(held, environment_id)?;
            let before = environment.application(id).ok_or(ChangeError::NotFound)?;
            expected.check(before.version)?;
            let after = patch.clone().apply(Application::clone(&before.row));
            let after = after.map_err(ChangeError::Invalid)?;
            Ok(change.put_application(Some(&before.row), &after)?)
        })
        .await
    }

    /// Removes an application with its keys. Its pending verifications are canceled; its messages stay listed.
    pub async fn delete_application(
        &self,
        actor: &Actor,
        (environment_id, id): (EnvironmentId, ApplicationId),
        expected: Expected,
    ) -> Result<(), ChangeError> {
        self.change(actor, |held, change| {
            let environment = environment(held, environment_id)?;
            let before = environment.application(id).ok_or(ChangeError::NotFound)?;
            expected.check(before.version)?;
            change.delete_application(environment, &before.row);
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
        (environment_id, id): (EnvironmentId, ApplicationId),
        connection: ConnectionId,
        on: bool,
    ) -> Result<(), ChangeError> {
        self.change(actor, |held, change| {
            let environment = environment(held, environment_id)?;
            let before = environment.application(id).ok_or(ChangeError::NotFound)?;
            environment.connection(connection).ok_or(ChangeError::NotFound)?;
            let mut after = Application::clone(&before.row);
            if !on {
                after.connections.retain(|held| *held != connection);
            } else if !after.connections.contains(&connection) {
                after.connections.push(connection);
            }
            Ok(change.put_application(Some(&before.row), &after)?)
        })
        .await
    }
}
