//! Lists as JSON or, for spreadsheets, as CSV (RFC 4180).

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::problem::Problem;

/// A line of a table.
pub(crate) trait Row {
    /// The names of the columns.
    const HEADER: &'static [&'static str];

    /// The cells, as many as there are columns.
    fn cells(&self) -> Vec<String>;
}

/// The body as JSON, or its rows as CSV where the caller asks for that.
///
/// # Errors
/// When the table cannot be written.
pub(crate) fn answer<R: Row>(
    headers: &HeaderMap,
    rows: impl Iterator<Item = R>,
    body: &impl Serialize,
) -> Result<Response, Problem> {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if !accept.is_some_and(|accept| accept.contains("text/csv")) {
        return Ok(Json(body).into_response());
    }
    let failed = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The table was not written.");
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(R::HEADER).map_err(failed)?;
    for row in rows {
        table.write_record(row.cells().iter().map(|cell| harmless(cell))).map_err(failed)?;
    }
    let table = table.into_inner().unwrap_or_default();
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present")], table).into_response())
}

/// A spreadsheet takes what begins like this for a formula and runs it; an apostrophe makes it text.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(harmless("=1+1"), "'=1+1");
        assert_eq!(harmless("@sum"), "'@sum");
        assert_eq!(harmless("ann"), "ann");
    }
}
