//! The authority's rule of one token, without the server around it: the authority applies it to
//! what its store keeps, the simulator lets contexts meet it.
//!
//! - [`session`] says when a session is alive, held or over. Start reading there.
//! - [`report`] is what a keep-alive tells.
//! - `terms` is what a session is judged by, `standing` what comes of it, `holds` its leases, `activity` what
//!   was seen of it.

mod activity;
pub mod form1;
mod holds;
pub mod report;
pub mod session;
mod standing;
mod terms;
