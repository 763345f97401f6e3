//! One file per group of calls. The routes and the OpenAPI document come from the same list, so
//! that neither can name a call that the other lacks.

mod admin;
mod events;
mod health;
mod session;

use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::state::AppState;

/// What the OpenAPI document says besides the calls.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Stillhere authority",
        description = "Holds the truth about each token's idle time, enforces it, and tells every \
                       agent. All durations are integers in milliseconds.",
    ),
    modifiers(&Schemes),
)]
struct Document;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, description) in [
            ("token", "The token whose idle time is measured"),
            ("admin", "The administrator's token"),
        ] {
            let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
            let scheme = scheme.description(Some(description)).build();
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
    }
}

/// All calls of the authority's own face.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(session::keep_alive))
        .routes(routes!(session::ask, session::end))
        .routes(routes!(events::events))
        .routes(routes!(admin::register))
        .routes(routes!(admin::sessions))
        .routes(routes!(admin::revoke))
        .routes(routes!(admin::revoke_user))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
}
