//! One file per group of calls. The routes and the OpenAPI document come from the same list, so
//! that neither can name a call that the other lacks.

mod admin;
mod check;
mod events;
pub(crate) mod genesys;
mod health;
mod jwks;
mod session;

use axum::routing::any;
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

/// All calls: the authority's own face, and the one that the SDK of Genesys Cloud knows.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(session::keep_alive))
        .routes(routes!(session::ask, session::end))
        .routes(routes!(events::events))
        .routes(routes!(check::check))
        .route("/v1/check/{*path}", any(check::check_path))
        .routes(routes!(admin::tokens::register))
        .routes(routes!(admin::sessions::sessions))
        .routes(routes!(admin::sessions::session, admin::sessions::revoke))
        .routes(routes!(admin::sessions::log_off))
        .routes(routes!(admin::logs::ends))
        .routes(routes!(admin::logs::audit))
        .routes(routes!(admin::dead_letters::dead_letters))
        .routes(routes!(admin::dead_letters::retry))
        .routes(routes!(admin::policy::all))
        .routes(routes!(admin::policy::put_organization))
        .routes(routes!(
            admin::policy::get_group,
            admin::policy::put_group,
            admin::policy::delete_group
        ))
        .routes(routes!(
            admin::policy::get_user,
            admin::policy::put_user,
            admin::policy::delete_user
        ))
        .routes(routes!(admin::policy::put_shift))
        .routes(routes!(admin::effective::effective))
        .routes(routes!(genesys::tokens::verify, genesys::tokens::info, genesys::tokens::end))
        .routes(routes!(genesys::tokens::log_off))
        .routes(routes!(genesys::timeout::get, genesys::timeout::put))
        .routes(routes!(genesys::settings::get, genesys::settings::patch))
        .routes(routes!(jwks::jwks))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
}
