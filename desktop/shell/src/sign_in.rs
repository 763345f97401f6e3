//! Signing in through the system's browser: an authorization code with PKCE (RFC 6749, 4.1; RFC 7636),
//! which comes back by a deep link (RFC 8252, 7.1). No password is ever typed into this program, and no
//! token is part of an address.

use std::{future::Future, pin::Pin};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oauth2::{
    AuthUrl, AuthorizationCode, Client, ClientId, CsrfToken, EndpointNotSet, EndpointSet,
    ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse,
    TokenUrl,
    basic::{
        BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
        BasicTokenType,
    },
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{keychain::SignIn, settings::Settings};

/// Where the browser comes back to.
pub(crate) const LINK: &str = "stillhere://signed-in";
/// Longest answer that is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// What a server says beside the token.
#[derive(Debug, Serialize, Deserialize)]
struct Whose {
    user: Option<String>,
    id_token: Option<String>,
}

impl ExtraTokenFields for Whose {}

type Server = Client<
    BasicErrorResponse,
    StandardTokenResponse<Whose, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// A sign-in that began.
#[derive(Debug)]
pub(crate) struct Begun {
    state: CsrfToken,
    verifier: PkceCodeVerifier,
}

fn server(settings: &Settings) -> Result<Server, String> {
    let redirect = RedirectUrl::new(LINK.to_owned()).map_err(|why| why.to_string())?;
    Ok(Client::new(ClientId::new(settings.client_id.clone()))
        .set_auth_uri(AuthUrl::from_url(settings.authorize.clone()))
        .set_token_uri(TokenUrl::from_url(settings.token.clone()))
        .set_redirect_uri(redirect))
}

/// Begins a sign-in: the address to open in the browser, and what it needs when it comes back.
///
/// # Errors
/// Never with the settings that were checked.
pub(crate) fn begin(settings: &Settings) -> Result<(Url, Begun), String> {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state) = server(settings)?
        .authorize_url(CsrfToken::new_random)
        .add_scopes(settings.scope.iter().cloned().map(Scope::new))
        .set_pkce_challenge(challenge)
        .url();
    Ok((url, Begun { state, verifier }))
}

/// What a deep link brings back.
///
/// # Errors
/// One sentence for the person: what the server said, or that the link answers no sign-in of this app.
fn code(link: &Url, begun: Option<&Begun>) -> Result<String, String> {
    let value = |name: &str| {
        let mut pairs = link.query_pairs();
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let unknown = "That link answers no sign-in that was begun here. Sign in from this app.";
    let begun = begun.ok_or(unknown)?;
    if value("state").as_deref() != Some(begun.state.secret()) {
        return Err(unknown.to_owned());
    }
    if let Some(error) = value("error") {
        let said = value("error_description").unwrap_or(error);
        return Err(format!("The server did not sign you in: {said}"));
    }
    value("code").ok_or_else(|| "The server sent no code back. Sign in again.".to_owned())
}

/// Whether that is a link of a sign-in, whatever it says.
pub(crate) fn is_link(link: &Url) -> bool {
    link.as_str().split(['?', '#']).next() == Some(LINK)
}

/// Takes the sign-in that `link` answers out of `begun`, and exchanges the code for the token. A link that
/// answers none leaves it where it is: anybody can call the app with one.
///
/// # Errors
/// One sentence for the person.
pub(crate) async fn finish(
    client: &reqwest::Client,
    settings: &Settings,
    begun: &std::sync::Mutex<Option<Begun>>,
    link: &Url,
) -> Result<SignIn, String> {
    let (code, begun) = {
        let mut begun = begun.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let code = code(link, begun.as_ref())?;
        let begun = begun.take().ok_or("That sign-in is done already.")?;
        (code, begun)
    };
    let http = Http(client);
    let token = server(settings)?
        .exchange_code(AuthorizationCode::new(code))
        .set_pkce_verifier(begun.verifier)
        .request_async(&http)
        .await
        .map_err(|why| match why {
            RequestTokenError::ServerResponse(said) => {
                format!("The server did not sign you in: {said}")
            }
            RequestTokenError::Request(why) => {
                format!("The server could not be reached ({why}). Sign in again.")
            }
            _ => "The server's answer makes no sense. Sign in again.".to_owned(),
        })?;
    let Whose { user, id_token } = token.extra_fields();
    let user = user.clone().or_else(|| id_token.as_deref().and_then(whose)).unwrap_or_default();
    Ok(SignIn { token: token.access_token().secret().clone(), user })
}

/// The name in an ID token. It came from the token endpoint itself, so its signature need not be looked
/// at (OpenID Connect Core 1.0, 3.1.3.7, 6), and nothing is decided by it.
fn whose(id_token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        preferred_username: Option<String>,
        name: Option<String>,
        email: Option<String>,
        sub: Option<String>,
    }
    let body = URL_SAFE_NO_PAD.decode(id_token.split('.').nth(1)?).ok()?;
    let Claims { preferred_username, name, email, sub } = serde_json::from_slice(&body).ok()?;
    preferred_username.or(name).or(email).or(sub)
}

struct Http<'a>(&'a reqwest::Client);

impl<'c> oauth2::AsyncHttpClient<'c> for Http<'_> {
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, reqwest::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let mut response = self.0.execute(request.try_into()?).await?;
            let mut answer = http::Response::new(Vec::new());
            *answer.status_mut() = response.status();
            *answer.headers_mut() = std::mem::take(response.headers_mut());
            while let Some(part) = response.chunk().await? {
                if answer.body().len() + part.len() > LONGEST {
                    // No token endpoint says as much: what is cut off is no JSON.
                    break;
                }
                answer.body_mut().extend_from_slice(&part);
            }
            Ok(answer)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(query: &str) -> Url {
        Url::parse(&format!("{LINK}?{query}")).unwrap()
    }

    fn begun() -> Begun {
        let verifier = PkceCodeVerifier::new("v".repeat(43));
        Begun { state: CsrfToken::new("our state".into()), verifier }
    }

    #[test]
    fn a_code_is_taken_from_the_link_that_answers_our_question() {
        let begun = begun();
        let ours = link("code=abc&state=our+state");
        assert_eq!(code(&ours, Some(&begun)).as_deref(), Ok("abc"));
        for foreign in ["code=abc", "code=abc&state=other", "state=&code=abc"] {
            let why = code(&link(foreign), Some(&begun)).unwrap_err();
            assert!(why.contains("answers no sign-in"), "{why}");
        }
        assert!(code(&ours, None).unwrap_err().contains("answers no sign-in"));
    }

    #[test]
    fn what_the_server_says_instead_of_a_code_is_said() {
        let begun = begun();
        let refused = link("error=access_denied&error_description=Not+today&state=our+state");
        let why = code(&refused, Some(&begun)).unwrap_err();
        assert_eq!(why, "The server did not sign you in: Not today");
        assert!(code(&link("state=our+state"), Some(&begun)).unwrap_err().contains("no code"));
    }

    #[test]
    fn links_of_other_kinds_are_not_ours() {
        assert!(is_link(&link("code=1")));
        for other in ["stillhere://signed-in-too?code=1", "stillhere://open", "https://signed-in/"]
        {
            assert!(!is_link(&Url::parse(other).unwrap()), "{other}");
        }
    }

    #[test]
    fn a_name_is_read_from_an_id_token() {
        let with = |claims: &str| format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims));
        assert_eq!(whose(&with(r#"{"sub":"7","name":"Ada"}"#)).as_deref(), Some("Ada"));
        assert_eq!(whose(&with(r#"{"sub":"7"}"#)).as_deref(), Some("7"));
        assert_eq!(whose(&with("[]")), None);
        assert_eq!(whose("no token"), None);
    }
}
