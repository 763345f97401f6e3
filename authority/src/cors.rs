//! Which pages may call from a browser.

use std::time::Duration;

use axum::http::{HeaderValue, Method, Uri, header, uri::Scheme};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::{routes::genesys::error::CORRELATION_ID, state::Settings};

/// Browsers cap this on their own (Chromium at 2 hours), so ask for a day.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The layer for those settings: the listed origins, and with `dev` every loopback origin.
pub(crate) fn layer(settings: &Settings) -> CorsLayer {
    let (listed, dev) = (settings.allow_origins.clone(), settings.dev);
    let allowed =
        move |origin: &HeaderValue, _: &_| listed.contains(origin) || (dev && is_loopback(origin));
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allowed))
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH])
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .expose_headers([
            header::RETRY_AFTER,
            header::ETAG,
            header::WWW_AUTHENTICATE,
            CORRELATION_ID,
        ])
        .max_age(MAX_AGE)
}

/// Reads an origin as an administrator writes it.
///
/// # Errors
/// One sentence, when no browser would ever send it in this form.
pub fn parse_origin(text: &str) -> Result<HeaderValue, String> {
    let wrong = || {
        format!(
            "`{text}` is not an exact origin: write scheme://host[:port] in lower case, without a \
             path, a default port or a wildcard"
        )
    };
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let (scheme, authority) = uri.scheme_str().zip(uri.authority()).ok_or_else(wrong)?;
    let default_port =
        matches!((scheme, authority.port_u16()), ("http", Some(80)) | ("https", Some(443)));
    let exact = format!("{scheme}://{authority}");
    if exact != text
        || default_port
        || text.chars().any(|c| c.is_ascii_uppercase() || "*@".contains(c))
    {
        return Err(wrong());
    }
    HeaderValue::from_str(text).map_err(|_| wrong())
}

fn is_loopback(origin: &HeaderValue) -> bool {
    let Some(uri) = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok()) else {
        return false;
    };
    let http = uri.scheme() == Some(&Scheme::HTTP) || uri.scheme() == Some(&Scheme::HTTPS);
    let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    http && plain
        && uri.host().is_some_and(|host| {
            matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".localhost")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_origins_and_nothing_that_only_looks_like_one() {
        let yes = [
            "http://localhost:8787",
            "https://localhost",
            "http://crm.localhost:1",
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
        ];
        let no = [
            "null",
            "http://localhost.evil.example",
            "http://evil-localhost",
            "http://127.0.0.1.evil.example",
            "http://localhost@evil.example",
            "ftp://localhost",
            "file://localhost",
        ];
        for origin in yes {
            assert!(is_loopback(&HeaderValue::from_static(origin)), "{origin}");
        }
        for origin in no {
            assert!(!is_loopback(&HeaderValue::from_static(origin)), "{origin}");
        }
    }

    #[test]
    fn an_allowed_origin_is_written_as_browsers_send_it() {
        for origin in ["https://app.example", "http://app.example:8080", "tauri://localhost"] {
            assert!(parse_origin(origin).is_ok(), "{origin}");
        }
        let wrong = [
            "",
            "*",
            "null",
            "app.example",
            "https://app.example/",
            "https://*.example",
            "https://app.example:443",
            "https://App.example",
            "https://me@app.example",
        ];
        for origin in wrong {
            assert!(parse_origin(origin).is_err(), "{origin}");
        }
    }
}
