//! Files that are the same for everybody: never copied for a request, compressed once, and not sent again to whoever has
//! them (`ETag` and `If-None-Match`, RFC 9110, sections 8.8.3 and 13.1.2).

use std::io::Write;
use std::sync::OnceLock;

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// A file with its media type.
pub struct StaticFile {
    media_type: &'static str,
    plain: Bytes,
    gzip: OnceLock<Option<Bytes>>,
    hash: OnceLock<String>,
}

impl StaticFile {
    /// One that was compressed and hashed when the program was built.
    #[must_use]
    pub fn built_in(
        media_type: &'static str,
        plain: &'static [u8],
        gzip: Option<&'static [u8]>,
        hash: &str,
    ) -> Self {
        Self {
            media_type,
            plain: Bytes::from_static(plain),
            gzip: gzip.map(Bytes::from_static).into(),
            hash: hash.to_owned().into(),
        }
    }

    /// One that the program itself writes. It is compressed and hashed when it is first asked for.
    #[must_use]
    pub fn written(media_type: &'static str, text: String) -> Self {
        Self {
            media_type,
            plain: text.into(),
            gzip: OnceLock::new(),
            hash: OnceLock::new(),
        }
    }

    /// The answer to a request with these `headers`. It may be kept, but is asked for again before it is used: the next
    /// release may have another file of this name.
    pub fn answer(&self, headers: &HeaderMap) -> Response {
        let gzip = Some(headers)
            .filter(|headers| prefers_gzip(headers))
            .and_then(|_| self.gzip());
        let tag = match gzip {
            Some(_) => format!("\"{}-gzip\"", self.hash()),
            None => format!("\"{}\"", self.hash()),
        };
        let known = is_known(headers, &tag);
        let mut response = Response::new(match gzip {
            _ if known => Body::empty(),
            Some(gzip) => Body::from(gzip.clone()),
            None => Body::from(self.plain.clone()),
        });
        let answered = response.headers_mut();
        // A hash and two quotes are always a header.
        if let Ok(tag) = HeaderValue::try_from(tag) {
            answered.insert(ETAG, tag);
        }
        answered.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        answered.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        answered.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        if gzip.is_some() {
            answered.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }

    fn gzip(&self) -> Option<&Bytes> {
        let compress = || {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            // Writing into memory does not fail; if it did, the file would go as it is.
            encoder.write_all(&self.plain).ok()?;
            encoder.finish().ok().map(Bytes::from)
        };
        self.gzip.get_or_init(compress).as_ref()
    }

    fn hash(&self) -> &str {
        let hash = || hex::encode(&Sha256::digest(&self.plain)[..16]);
        self.hash.get_or_init(hash)
    }
}

/// Whether the caller has the representation with this tag. The comparison is the weak one.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(IF_NONE_MATCH).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// Whether a gzipped answer is acceptable and no less welcome than a plain one (RFC 9110, section 12.5.3). A caller who
/// refuses both gets the plain one.
fn prefers_gzip(headers: &HeaderMap) -> bool {
    let (mut gzip, mut identity, mut any) = (None, None, None);
    let lines = headers.get_all(ACCEPT_ENCODING).iter();
    for coding in lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
    {
        let (name, weight) = match coding.split_once(';') {
            Some((name, weight)) => (name, weight_of(weight)),
            None => (coding, Some(1.0)),
        };
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => gzip = weight,
            "identity" => identity = weight,
            "*" => any = weight,
            _ => {}
        }
    }
    let gzip = gzip.or(any).unwrap_or(0.0);
    // Not named, it is acceptable, but only as the last.
    gzip > 0.0 && gzip >= identity.unwrap_or(0.0)
}

/// A quality value (RFC 9110, section 12.4.2).
fn weight_of(parameter: &str) -> Option<f32> {
    let (name, value) = parameter.split_once('=')?;
    let weight = value.trim().parse().ok()?;
    (name.trim().eq_ignore_ascii_case("q") && (0.0..=1.0).contains(&weight)).then_some(weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(axum::http::HeaderName, &str)]) -> HeaderMap {
        let lines = lines
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()));
        lines.collect()
    }

    #[test]
    fn what_is_accepted_is_weighed() {
        for (accepted, gzipped) in [
            ("gzip", true),
            ("gzip, deflate, br, zstd", true),
            ("GZip;Q=0.5", true),
            ("x-gzip", true),
            ("*", true),
            ("br;q=1.0, *;q=0.1", true),
            ("identity;q=0, gzip;q=0.001", true),
            ("gzip;q=0.5, identity", false),
            ("gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("*;q=0", false),
            ("identity", false),
            ("br", false),
            ("gzip;q=2", false),
            ("gzip;level=9", false),
            ("", false),
        ] {
            let headers = headers(&[(ACCEPT_ENCODING, accepted)]);
            assert_eq!(prefers_gzip(&headers), gzipped, "{accepted:?}");
        }
        assert!(!prefers_gzip(&HeaderMap::new()));
    }

    #[test]
    fn who_has_it_is_told_so_for_the_form_that_was_asked_for() {
        let file = StaticFile::written("text/plain", "a".repeat(1_000));
        let tag = |headers: &HeaderMap| file.answer(headers).headers()[ETAG].to_str().unwrap().to_owned();
        let accepted = (ACCEPT_ENCODING, "gzip");
        let (plain, gzip) = (
            tag(&HeaderMap::new()),
            tag(&headers(std::slice::from_ref(&accepted))),
        );
        assert_ne!(plain, gzip);
        for (known, status) in [
            (plain.clone(), 304),
            (format!("\"other\", W/{plain}"), 304),
            ("*".to_owned(), 304),
            (gzip.clone(), 200),
            ("\"other\"".to_owned(), 200),
        ] {
            let answer = file.answer(&headers(&[(IF_NONE_MATCH, &known)]));
            assert_eq!(answer.status(), status, "{known}");
            assert_eq!(answer.headers()[ETAG], plain);
            assert_eq!(answer.headers()[VARY], "Accept-Encoding");
            assert_eq!(answer.headers()[CACHE_CONTROL], "no-cache");
        }
        let answer = file.answer(&headers(&[(IF_NONE_MATCH, &gzip), accepted]));
        assert_eq!(answer.status(), 304);
    }

    #[tokio::test]
    async fn no_request_gets_a_copy() {
        let file = StaticFile::written("text/plain", "a".repeat(1_000));
        for headers in [HeaderMap::new(), headers(&[(ACCEPT_ENCODING, "gzip")])] {
            let bytes = async || {
                let body = file.answer(&headers).into_body();
                axum::body::to_bytes(body, usize::MAX).await.unwrap()
            };
            assert_eq!(bytes().await.as_ptr(), bytes().await.as_ptr());
        }
    }
}
