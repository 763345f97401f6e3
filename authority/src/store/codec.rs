//! How a record is written by the stores that write it.

use super::{Record, StoreError};

/// The layout of what follows this byte.
const LAYOUT: u8 = 1;

/// The bytes of a record.
pub(super) fn encode(record: &Record) -> Vec<u8> {
    // Into memory, strings, integers and lists of them can always be written.
    postcard::to_extend(record, vec![LAYOUT]).unwrap_or_default()
}

/// Reads a record.
///
/// # Errors
/// When these are not the bytes of one, or of another version of this program.
pub(super) fn decode(bytes: &[u8]) -> Result<Record, StoreError> {
    match bytes.split_first() {
        Some((&LAYOUT, rest)) => postcard::from_bytes(rest)
            .map_err(|why| StoreError(format!("it holds a record that cannot be read: {why}"))),
        Some((other, _)) => Err(StoreError(format!(
            "it holds a record of layout {other} and this version reads layout {LAYOUT}"
        ))),
        None => Err(StoreError("it holds an empty record".to_owned())),
    }
}
