//! The browser: turns the page's events into inputs of the machine and carries its effects out.
//! It decides nothing. One outside world a file.

mod callback;
mod channel;
mod clock;
pub(crate) mod events;
pub(crate) mod http;
mod lock;
pub(crate) mod shell;
pub(crate) mod view;
