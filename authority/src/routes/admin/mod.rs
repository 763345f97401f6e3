//! The administrator's calls.

pub(super) mod dead_letters;
pub(super) mod effective;
pub(super) mod export;
pub(super) mod logs;
pub(super) mod policy;
pub(super) mod sessions;
pub(super) mod tokens;

use axum::http::StatusCode;

use crate::problem::Problem;

/// Characters in the name of a user, a sign-in or a group.
const MAX_NAME: usize = 256;

/// Checks a name and says which it is if it is wrong.
pub(super) fn name(field: &str, value: &str) -> Result<(), String> {
    // Names travel in headers, too.
    let plain = !value.chars().any(char::is_control);
    if plain && (1..=MAX_NAME).contains(&value.chars().count()) {
        Ok(())
    } else {
        Err(format!("{field} must have 1 to {MAX_NAME} characters, none of them a control one."))
    }
}

fn unprocessable(why: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why)
}
