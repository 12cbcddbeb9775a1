//! The address that the requests of a Twilio account go to.

use url::Url;

use crate::domain::settings::TwilioAccount;
use crate::domain::twilio::NetworkLabel;
use crate::provider::{Class, SendError};

/// Twilio's own address, which routes to the region `us1`.
const GLOBAL_HOST: &str = "api.twilio.com";

/// The edge nearest to each region (Twilio's table of edge locations): a host with a region needs both.
const DEFAULT_EDGES: &[(&str, &str)] = &[
    ("us1", "ashburn"),
    ("us2", "umatilla"),
    ("ie1", "dublin"),
    ("au1", "sydney"),
    ("jp1", "tokyo"),
    ("jp2", "osaka"),
    ("sg1", "singapore"),
    ("de1", "frankfurt"),
    ("br1", "sao-paulo"),
];

/// The address that `account` creates messages at. `base_url` wins over edge and region, unless it is only Twilio's own.
pub(super) fn messages_url(account: &TwilioAccount, base_url: Option<&Url>) -> Result<Url, SendError> {
    let foreign = base_url.filter(|url| url.host_str() != Some(GLOBAL_HOST));
    let mut url = match foreign {
        Some(url) => url.clone(),
        None => regional(account.edge.as_ref(), account.region.as_ref())?,
    };
    url.set_query(None);
    url.set_fragment(None);
    url.path_segments_mut()
        .map_err(|()| misconfigured("Twilio's base URL is not an HTTP address"))?
        .pop_if_empty()
        .extend([
            "2010-04-01",
            "Accounts",
            account.account_sid.as_str(),
            "Messages.json",
        ]);
    Ok(url)
}

fn regional(edge: Option<&NetworkLabel>, region: Option<&NetworkLabel>) -> Result<Url, SendError> {
    // Credentials go to this host: both are labels, so that nothing but one of twilio.com may come of them.
    let host = match (edge.map(NetworkLabel::as_str), region.map(NetworkLabel::as_str)) {
        (None, None) => GLOBAL_HOST.to_owned(),
        (Some(edge), region) => format!("api.{edge}.{}.twilio.com", region.unwrap_or("us1")),
        (None, Some(region)) => {
            let edge = DEFAULT_EDGES.iter().find(|row| row.0 == region);
            let (_, edge) =
                edge.ok_or_else(|| misconfigured("this Twilio region needs an edge beside it"))?;
            format!("api.{edge}.{region}.twilio.com")
        }
    };
    Url::parse(&format!("https://{host}")).map_err(|_| misconfigured("edge and region make no host name"))
}

fn misconfigured(detail: &str) -> SendError {
    SendError::refused(Class::SenderMisconfigured, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ACCOUNT_SID: &str = "AC00000000000000000000000000000001";

    fn account(edge: Option<&str>, region: Option<&str>) -> TwilioAccount {
        let account = json!({
            "account_sid": ACCOUNT_SID, "auth_token": "token", "source": "phone_number", "phone_number": "+15005550006",
            "edge": edge, "region": region,
        });
        serde_json::from_value(account).unwrap()
    }

    fn host(edge: Option<&str>, region: Option<&str>, base_url: Option<&str>) -> Option<String> {
        let base_url = base_url.map(|url| Url::parse(url).unwrap());
        let url = messages_url(&account(edge, region), base_url.as_ref()).ok()?;
        let path = format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json");
        Some(url.as_str().strip_suffix(&path)?.to_owned())
    }

    #[test]
    fn requests_go_to_the_region_of_the_account_unless_the_operator_names_another_host() {
        for (edge, region, base_url, expected) in [
            (None, None, None, Some("https://api.twilio.com")),
            (
                Some("dublin"),
                Some("ie1"),
                None,
                Some("https://api.dublin.ie1.twilio.com"),
            ),
            (None, Some("ie1"), None, Some("https://api.dublin.ie1.twilio.com")),
            (None, Some("au1"), None, Some("https://api.sydney.au1.twilio.com")),
            (None, Some("jp1"), None, Some("https://api.tokyo.jp1.twilio.com")),
            (
                Some("roaming"),
                None,
                None,
                Some("https://api.roaming.us1.twilio.com"),
            ),
            (None, Some("xx9"), None, None),
            (
                Some("dublin"),
                Some("ie1"),
                Some("http://127.0.0.1:9"),
                Some("http://127.0.0.1:9"),
            ),
            (
                None,
                None,
                Some("https://proxy.test/twilio/?x#y"),
                Some("https://proxy.test/twilio"),
            ),
            (
                None,
                Some("ie1"),
                Some("https://api.twilio.com"),
                Some("https://api.dublin.ie1.twilio.com"),
            ),
        ] {
            let found = host(edge, region, base_url);
            assert_eq!(found.as_deref(), expected, "{edge:?} {region:?} {base_url:?}");
        }
    }
}
