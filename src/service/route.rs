//! Who carries a message: the tables of the product, as pure functions from settings to the list of senders to ask in turn,
//! with the reason for the timeline.

use serde::Serialize;

use crate::domain::settings::{EmailSettings, SmsSettings};
use crate::domain::verification::Purpose;

/// A sender of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hop {
    /// The environment's own account.
    Own,
    /// The operator's sender.
    Platform,
    /// The operator's sender, in place of the environment's own.
    Fallback,
}

/// Why a route is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The environment has an account of its own.
    OwnSender,
    /// It has one, but not for `mfa`.
    OwnSenderNotForMfa,
    /// It has none.
    NoOwnSender,
    /// What it has does not matter: it is a notification.
    AlwaysPlatform,
}

/// The senders to ask in turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Route {
    /// Who, in order; at least one.
    #[serde(rename = "route")]
    pub hops: Vec<Hop>,
    /// Why.
    pub reason: Reason,
}

impl Route {
    /// The form that is kept with a message.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}

/// What the platform has for a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlatformSender {
    /// Nothing.
    None,
    /// The terminal. Never a fallback, and not counted against the test quota.
    Console,
    /// A real sender.
    Real,
}

/// Nobody can carry the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no sender is configured")]
pub struct NoSender;

/// Who carries a text message.
///
/// # Errors
/// When neither the environment nor the platform has a sender.
pub fn sms(settings: &SmsSettings, purpose: Purpose, platform: PlatformSender) -> Result<Route, NoSender> {
    let own = settings.own_account().is_some();
    if own && (purpose != Purpose::Mfa || settings.use_for_mfa) {
        let mut hops = vec![Hop::Own];
        if settings.fallback && platform == PlatformSender::Real {
            hops.push(Hop::Fallback);
        }
        return Ok(Route {
            hops,
            reason: Reason::OwnSender,
        });
    }
    let reason = if own {
        Reason::OwnSenderNotForMfa
    } else {
        Reason::NoOwnSender
    };
    platform_only(platform, reason)
}

/// Who carries an email with a code.
///
/// # Errors
/// When neither the environment nor the platform has a sender.
pub fn email(settings: &EmailSettings, platform: PlatformSender) -> Result<Route, NoSender> {
    if settings.custom_sender.is_some() {
        return Ok(Route {
            hops: vec![Hop::Own],
            reason: Reason::OwnSender,
        });
    }
    platform_only(platform, Reason::NoOwnSender)
}

/// Who carries an invitation or a warning: the platform, whatever sender the environment has.
///
/// # Errors
/// When the platform has no sender.
pub fn notification(platform: PlatformSender) -> Result<Route, NoSender> {
    platform_only(platform, Reason::AlwaysPlatform)
}

fn platform_only(platform: PlatformSender, reason: Reason) -> Result<Route, NoSender> {
    match platform {
        PlatformSender::None => Err(NoSender),
        PlatformSender::Console | PlatformSender::Real => Ok(Route {
            hops: vec![Hop::Platform],
            reason,
        }),
    }
}

/// Whether a text message over `route` takes a place of the test quota.
#[must_use]
pub fn takes_test_quota(route: &Route, platform: PlatformSender) -> bool {
    platform == PlatformSender::Real && route.hops == [Hop::Platform]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::settings::OwnSmsProvider;

    fn settings(own: bool, fallback: bool, use_for_mfa: bool) -> SmsSettings {
        let account = serde_json::from_value(serde_json::json!({
            "account_sid": format!("AC{}", "0".repeat(32)), "auth_token": "token", "source": "phone_number",
            "phone_number": "+15005550006",
        }));
        SmsSettings {
            provider: own.then_some(OwnSmsProvider::Twilio),
            twilio: Some(account.unwrap()),
            fallback,
            use_for_mfa,
            ..SmsSettings::default()
        }
    }

    #[test]
    fn every_row_of_the_routing_table_holds() {
        use Hop::{Fallback, Own, Platform};
        use PlatformSender::{Console, Real};
        use Purpose::{Mfa, SignIn, Verify};
        type Row = (bool, bool, bool, Purpose, PlatformSender, &'static [Hop], bool);
        let rows: &[Row] = &[
            (true, false, true, SignIn, Real, &[Own], false),
            (true, true, true, SignIn, Real, &[Own, Fallback], false),
            (true, false, true, Mfa, Real, &[Own], false),
            (true, true, true, Mfa, Real, &[Own, Fallback], false),
            (true, true, false, Mfa, Real, &[Platform], true),
            (true, true, false, Verify, Real, &[Own, Fallback], false),
            (false, true, true, SignIn, Real, &[Platform], true),
            (false, false, true, Mfa, Real, &[Platform], true),
            // `console` is never the target of a fallback, and nothing sent by it counts.
            (true, true, true, SignIn, Console, &[Own], false),
            (false, false, true, SignIn, Console, &[Platform], false),
        ];
        for &(own, fallback, for_mfa, purpose, platform, hops, quota) in rows {
            let route = sms(&settings(own, fallback, for_mfa), purpose, platform).unwrap();
            assert_eq!(
                route.hops, hops,
                "{own} {fallback} {for_mfa} {purpose} {platform:?}"
            );
            assert_eq!(
                takes_test_quota(&route, platform),
                quota,
                "{own} {purpose} {platform:?}"
            );
        }
    }

    #[test]
    fn without_any_sender_there_is_no_route() {
        assert_eq!(
            sms(
                &settings(false, true, true),
                Purpose::SignIn,
                PlatformSender::None
            ),
            Err(NoSender)
        );
        assert_eq!(
            sms(&settings(true, true, false), Purpose::Mfa, PlatformSender::None),
            Err(NoSender)
        );
        assert_eq!(
            email(&EmailSettings::default(), PlatformSender::None),
            Err(NoSender)
        );
    }
}
