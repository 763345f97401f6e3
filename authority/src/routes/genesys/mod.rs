//! The face that the SDK of Genesys Cloud knows: its calls about tokens, its idle timeout and its
//! list of API calls that are no activity, on top of the same sessions and policies as `/v1`.
//!
//! Two things differ from there. A `GET /api/v2/tokens/me` is activity by itself, as it is in that
//! product. The other calls are what every API call is here: activity only where the policy's API
//! rules say so.

pub(crate) mod error;
pub(super) mod settings;
pub(super) mod timeout;
pub(super) mod tokens;

use axum::{extract::FromRequestParts, http::request::Parts};

use self::error::Refused;
use crate::{
    admins::{Admin, Scope as May},
    bearer::Bearer,
    policy::{Layer, Scope},
    state::AppState,
    store::Written,
};

/// What the policies of an organization need there.
const ORGANIZATION_ADMIN: &str = "directory:organization:admin";

/// Whether a request of that path is answered in the form of this face.
pub(crate) fn answers(path: &str) -> bool {
    path.strip_prefix("/api/v2").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whoever sends the token that the request carries.
#[derive(Debug)]
pub(super) struct Caller {
    bearer: Bearer,
    admin: Option<Admin>,
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refused> {
        let bearer = Bearer::from_request_parts(parts, state).await?;
        Ok(Self { bearer, admin: Admin::find(&parts.headers, state)? })
    }
}

impl Caller {
    /// The administrator who is allowed to do that. `permission` is its name in Genesys Cloud.
    ///
    /// # Errors
    /// A user's live token is told of the permission that it lacks, any other that it is none.
    async fn admin(
        self,
        state: &AppState,
        may: May,
        permission: &'static str,
    ) -> Result<Admin, Refused> {
        match self.admin {
            Some(admin) if admin.may(may).is_ok() => return Ok(admin),
            Some(_) => {}
            None => {
                state.with(&self.bearer, || state.look(&self.bearer.key)).await?;
            }
        }
        Err(Refused::missing(permission, may))
    }
}

/// Writes policies one after the other, as long as nobody else writes any.
async fn write(
    state: &AppState,
    admin: &Admin,
    changes: Vec<(Scope, Option<Layer>)>,
    mut version: u64,
) -> Result<(), Refused> {
    for (scope, layer) in changes {
        version = match state.write_policy(&admin.name, scope, layer, Some(version)).await? {
            Written::Version(version) => version,
            Written::Conflict(_) => return Err(Refused::conflict()),
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_below_its_prefix_is_answered_in_its_form() {
        for path in ["/api/v2", "/api/v2/", "/api/v2/tokens/me", "/api/v2/nowhere"] {
            assert!(answers(path), "{path}");
        }
        for path in ["/", "/v1/session", "/api/v20", "/api/v1/tokens/me", "/www/api/v2"] {
            assert!(!answers(path), "{path}");
        }
    }
}
