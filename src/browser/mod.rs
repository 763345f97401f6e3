//! The browser: turns the page's events into inputs of the machine and carries its effects out.
//! It decides nothing. One outside world a file.

mod clock;
mod page;
pub(crate) mod shell;
pub(crate) mod view;
