//! What Cargo.lock says about wasm-bindgen. Its crate and its tool speak a private format that
//! changes with every version, so the two must be the same to the last digit.

/// Passes when the agent's wasm-bindgen and the tool that reads its output are one version.
pub fn check(lock: &str) -> Result<(), String> {
    let krate = versions(lock, "wasm-bindgen");
    let tool = versions(lock, "wasm-bindgen-cli-support");
    match (krate.as_slice(), tool.as_slice()) {
        ([a], [b]) if a == b => Ok(()),
        _ => Err(format!(
            "Cargo.lock must name one version of wasm-bindgen and the same of \
             wasm-bindgen-cli-support, but has {} and {}: run `cargo update -p wasm-bindgen -p \
             wasm-bindgen-cli-support`",
            list(&krate),
            list(&tool)
        )),
    }
}

fn versions<'a>(lock: &'a str, name: &str) -> Vec<&'a str> {
    let wanted = format!("name = \"{name}\"");
    let mut lines = lock.lines();
    let mut found = Vec::new();
    while lines.by_ref().any(|line| line == wanted) {
        let version = lines.next().and_then(|line| line.strip_prefix("version = \""));
        found.extend(version.map(|v| v.trim_end_matches('"')));
    }
    found
}

fn list(versions: &[&str]) -> String {
    if versions.is_empty() { "none".into() } else { versions.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::check;

    fn lock(pairs: &[(&str, &str)]) -> String {
        pairs
            .iter()
            .map(|(name, v)| format!("[[package]]\nname = \"{name}\"\nversion = \"{v}\"\n\n"))
            .collect()
    }

    #[test]
    fn one_version_of_both_passes() {
        let text = lock(&[
            ("wasm-bindgen", "0.2.130"),
            ("wasm-bindgen-cli-support", "0.2.130"),
            ("wasm-bindgen-shared", "0.2.99"),
        ]);
        assert_eq!(check(&text), Ok(()));
    }

    #[test]
    fn a_tool_of_another_version_is_named() {
        let text = lock(&[("wasm-bindgen", "0.2.130"), ("wasm-bindgen-cli-support", "0.2.131")]);
        let why = check(&text).unwrap_err();
        assert!(why.contains("has 0.2.130 and 0.2.131"), "{why}");
    }

    #[test]
    fn two_versions_of_the_crate_are_refused() {
        let text = lock(&[
            ("wasm-bindgen", "0.2.129"),
            ("wasm-bindgen", "0.2.130"),
            ("wasm-bindgen-cli-support", "0.2.130"),
        ]);
        assert!(check(&text).unwrap_err().contains("has 0.2.129, 0.2.130 and 0.2.130"));
    }
}
