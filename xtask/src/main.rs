//! Build steps that need a Rust library.
fn main() {}
