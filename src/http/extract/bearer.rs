//! The key of a request, from the one place where keys are taken: `Authorization: Bearer …`.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::domain::secret::Secret;

/// Reads the key, of which nothing is known yet; `None` when there is none, another scheme, more than one header, or anything but one
/// word.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    let is_word = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    (scheme.eq_ignore_ascii_case("bearer") && is_word).then(|| Secret::new(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_as_one_bearer_token_and_in_no_other_way() {
        let table = [
            (&["Bearer otpost_sk_x"][..], Some("otpost_sk_x")),
            (&["bEARER  otpost_sk_x"], Some("otpost_sk_x")),
            (&["Bearer"], None),
            (&["Bearer "], None),
            (&["Bearer a b"], None),
            (&["Basic b3Rwb3N0"], None),
            (&["otpost_sk_x"], None),
            (&["Bearer a", "Bearer b"], None),
            (&[], None),
        ];
        for (values, expected) in table {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, value.parse().unwrap());
            }
            let read = bearer(&headers);
            assert_eq!(read.as_ref().map(Secret::expose), expected, "{values:?}");
        }
    }
}
