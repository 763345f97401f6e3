//! A Tauri app that does nothing but show one page: what the shell is measured beside (bench/desktop.mjs).
#![allow(missing_docs, reason = "a tool of the bench")]

use tauri::{WebviewUrl, WebviewWindowBuilder};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).ok_or("name the page's address")?.parse()?;
    tauri::Builder::default()
        .setup(move |app| {
            // As large as the shell's: what is painted is a part of what is measured.
            let page = WebviewUrl::External(address);
            WebviewWindowBuilder::new(app, "page", page).inner_size(1180.0, 780.0).build()?;
            Ok(())
        })
        .run(tauri::generate_context!())?;
    Ok(())
}
