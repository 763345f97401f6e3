//! Build steps that need a Rust library: `cargo run -p xtask -- bindgen --input FILE --out DIR`.

mod lock;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: xtask bindgen --input FILE.wasm --out DIR";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<(), String> {
    let [command, rest @ ..] = args else { return Err(USAGE.into()) };
    if command != "bindgen" {
        return Err(USAGE.into());
    }
    let input = flag(rest, "--input").ok_or(USAGE)?;
    let out = flag(rest, "--out").ok_or(USAGE)?;
    let lock_path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    let lock = std::fs::read_to_string(&lock_path)
        .map_err(|e| format!("cannot read {}: {e}", lock_path.display()))?;
    lock::check(&lock)?;
    bindgen(&input, &out)
}

fn flag(args: &[String], name: &str) -> Option<PathBuf> {
    let at = args.iter().position(|arg| arg == name)?;
    args.get(at + 1).map(PathBuf::from)
}

/// The types are written by hand, and the loader in js/ names the wasm file itself, so neither
/// comes out of here.
fn bindgen(input: &Path, out: &Path) -> Result<(), String> {
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen
        .web(true)
        .map_err(|e| format!("{e:#}"))?
        .input_path(input)
        .out_name("stillhere")
        .typescript(false)
        .omit_default_module_path(true)
        // The build goes by names, and drops them at its end.
        .remove_name_section(false)
        .remove_producers_section(true)
        .generate(out)
        .map_err(|e| format!("{e:#}"))
}
