//! `stillhere-appimage PROGRAM ICON FOLDER`: packs the program as `FOLDER/Stillhere.AppImage`, for systems
//! that have WebKitGTK 4.1 and libayatana-appindicator (docs/desktop.md, "Packages").

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use appimage::AppImage;

/// What the program is called in its image.
const NAME: &str = "stillhere-desktop";
/// Desktop Entry Specification 1.5; `%u` is the deep link.
const ENTRY: &str = "[Desktop Entry]
Version=1.5
Type=Application
Terminal=false
Name=Stillhere
Exec=stillhere-desktop %u
Icon=stillhere-desktop
Categories=Office;
MimeType=x-scheme-handler/stillhere;
";

fn pack(program: &Path, icon: &Path, folder: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    fs::create_dir_all(folder)?;
    let image = AppImage::new(folder, NAME.to_owned())?;
    image.add_file(program, Path::new(NAME))?;
    image.add_icon(icon)?;
    image.add_apprun()?;
    fs::write(image.appdir().join(format!("{NAME}.desktop")), ENTRY)?;
    let out = folder.join("Stillhere.AppImage");
    image.build(&out, None)?;
    Ok(out)
}

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [program, icon, folder] = arguments.as_slice() else {
        eprintln!("usage: stillhere-appimage PROGRAM ICON FOLDER");
        return ExitCode::FAILURE;
    };
    match pack(program, icon, folder) {
        Ok(out) => {
            println!("{}", out.display());
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("the AppImage could not be made (is squashfs-tools installed?): {why}");
            ExitCode::FAILURE
        }
    }
}
