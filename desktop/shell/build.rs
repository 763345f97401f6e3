//! Reads tauri.conf.json and makes the permissions of the commands.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let commands = &["token", "sign_in", "relay", "hear", "covered"];
    let manifest = tauri_build::AppManifest::new().commands(commands);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))?;
    Ok(())
}
